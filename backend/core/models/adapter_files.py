"""Adapter folders: what peft saved, put on a model again, whole or not at all. Knows peft; not how one came about.

peft leaves out whatever does not fit by name, with a warning at most, and the model then answers as if it had never
been tuned. So what arrived is compared with what is in the file.
"""

import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import peft
import torch
from torch import Tensor

from backend.errors import UserError

ADVICE = "Give the model it was trained on, or save the adapter again."


def with_adapter(model: torch.nn.Module, folder: str | Path) -> peft.PeftModel:
    """The model with a peft adapter on it; `unload()` of the result takes it off.

    Raises UserError where it cannot be, and where weights of it are missing, unknown or no numbers. The model may then
    wear a part of it.
    """
    if not (Path(folder) / "adapter_config.json").is_file():
        found = f"{folder} has no adapter_config.json."
        raise UserError(found, "a folder saved by peft", "Check the path of the adapter.")
    try:
        weights = peft.load_peft_weights(str(folder), device="cpu")
        _check_numbers(weights, folder)
        _check_vocabulary(model, weights, folder)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Found missing adapter keys")  # said better below
            adapted = peft.PeftModel.from_pretrained(model, folder).eval()
    except UserError:
        raise
    except Exception as error:  # a damaged or foreign adapter raises almost anything
        reason = " ".join(str(error).split())[:200]
        found = f"The adapter {folder} could not be put on the model: {type(error).__name__}: {reason}"
        raise UserError(found, "an adapter made for this model", "Give the model it was trained on.") from error
    if adapted.active_peft_config.is_prompt_learning:  # virtual tokens move every place that is scored
        raise UserError(f"The adapter {folder} is a learned prompt.", "LoRA or a relative", "Give a LoRA adapter.")
    _check_arrived(adapted, weights, folder)
    return adapted


def _check_vocabulary(model: torch.nn.Module, weights: Mapping[str, Tensor], folder: str | Path) -> None:
    """Refuse an adapter whose token table or head has another number of tokens than the model's."""
    rows = {id(part): part.weight.shape[0] for part in (_part(model, "input"), _part(model, "output")) if part}
    modules = dict(model.named_modules())
    for name, weight in weights.items():
        path, rest = _split(name.removeprefix("base_model.model."), modules)
        tokens = _tokens(rest, weight)
        if tokens is not None:
            _check_tokens(tokens, rows.get(id(modules[path]), tokens), folder)
    trained = json.loads((Path(folder) / "adapter_config.json").read_text("utf-8")).get("trainable_token_indices")
    for chosen in trained.values() if isinstance(trained, dict) else [trained or []]:
        have = min(rows.values())
        _check_tokens(max([have, *(index + 1 for index in chosen)]), have, folder)


def _check_tokens(tokens: int, have: int, folder: str | Path) -> None:
    if tokens != have:
        how = "more" if tokens > have else "fewer"
        found = (
            f"The adapter {folder} is for {tokens:,} tokens, {abs(tokens - have):,} {how} than the model's {have:,}."
        )
        step = "Give the model whose vocabulary was changed for it, saved with its tokenizer."
        raise UserError(found, "an adapter for the model's own vocabulary", step)


def _part(model: torch.nn.Module, side: str) -> torch.nn.Module | None:
    """The token table (input) or the head (output), where the model has one."""
    found = getattr(model, f"get_{side}_embeddings", lambda: None)()
    return found if hasattr(found, "weight") else None


def _split(name: str, modules: Mapping[str, torch.nn.Module]) -> tuple[str, str]:
    """The longest beginning of the name that is a module of the model, and the rest."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        if ".".join(parts[:end]) in modules:
            return ".".join(parts[:end]), ".".join(parts[end:])
    return "", name


def _tokens(rest: str, weight: Tensor) -> int | None:
    """How many tokens a weight of a table or head is for; None where its shape does not tell."""
    if rest == "lora_embedding_A":
        return weight.shape[1]
    return weight.shape[0] if rest in ("weight", "base_layer.weight", "lora_B.weight") else None


def _check_arrived(adapted: peft.PeftModel, weights: Mapping[str, Tensor], folder: str | Path) -> None:
    """Refuse an adapter of which not every weight found its place, or that leaves a place as it began."""
    needed, known = (
        {_plain(name) for name in peft.get_peft_model_state_dict(adapted, save_embedding_layers=tables)}
        for tables in (False, True)
    )
    given = {_plain(name): name for name in weights}
    strange, lacking = sorted(given.keys() - known), sorted(needed - given.keys())
    if not strange and not lacking:
        return
    said = []
    if strange:
        fit = "none" if len(strange) == len(given) else f"{len(given) - len(strange):,}"
        said.append(f"of its {len(given):,} weights {fit} fit, and {given[strange[0]]} is unknown to the model")
    if lacking:
        said.append(f"{len(lacking):,} of the {len(needed):,} that the model needs are missing, such as {lacking[0]}")
    found = f"The adapter {folder} did not arrive: {'; '.join(said)}."
    raise UserError(found, "every weight of the adapter in its place", ADVICE)


def _plain(name: str) -> str:
    """A weight's name without what versions of peft spell differently."""
    return re.sub(r"\.weight$", "", name)


def _check_numbers(weights: Mapping[str, Tensor], folder: str | Path) -> None:
    """Refuse NaN and infinity, which every score would become."""
    broken = [name for name, weight in weights.items() if not weight.isfinite().all()]
    if broken:
        found = f"{len(broken):,} of the {len(weights):,} weights of the adapter {folder} hold NaN or infinity: "
        found += ", ".join(broken[:3]) + (", ..." if len(broken) > 3 else ".")
        raise UserError(found, "finite numbers", "Train it again with a smaller step size: these weights are lost.")
