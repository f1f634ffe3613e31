"""Adapter folders: what peft saved, put on a model again. Knows peft; not how an adapter came about."""

from pathlib import Path

import peft
import torch

from backend.errors import UserError


def with_adapter(model: torch.nn.Module, folder: str | Path) -> peft.PeftModel:
    """The model with a peft adapter on it; `unload()` of the result takes it off. UserError where it cannot be."""
    if not (Path(folder) / "adapter_config.json").is_file():
        found = f"{folder} has no adapter_config.json."
        raise UserError(found, "a folder saved by peft", "Check the path of the adapter.")
    try:
        adapted = peft.PeftModel.from_pretrained(model, folder).eval()
    except Exception as error:  # a damaged or foreign adapter raises almost anything
        reason = " ".join(str(error).split())[:200]
        found = f"The adapter {folder} could not be put on the model: {type(error).__name__}: {reason}"
        raise UserError(found, "an adapter made for this model", "Give the model it was trained on.") from error
    if adapted.active_peft_config.is_prompt_learning:  # virtual tokens move every place that is scored
        raise UserError(f"The adapter {folder} is a learned prompt.", "LoRA or a relative", "Give a LoRA adapter.")
    return adapted
