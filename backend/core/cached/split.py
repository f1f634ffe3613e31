"""A model parted between two layers: the lower part reads ids, the upper part reads what the lower one gives.

Both parts are the model's own modules, seen through copies of the few that lie above them: no weight is copied, and in
the upper part every parameter keeps its name. Knows what the families call their parts; no text and no training.
"""

import copy

import torch
from torch import Tensor

from backend.core.models.hub import refusal

FAMILIES = ("opt", "llama", "qwen2")  # llama and opt are compared with the whole model in the tests
BEFORE, AFTER = "embed_positions", ("norm", "final_layer_norm")  # what these do beside their layers


class Passed(torch.nn.Module):
    """In a layer's place: gives back what it is given."""

    def forward(self, hidden: Tensor, *_: object, **__: object) -> Tensor:
        return hidden


class NoPositions(torch.nn.Module):
    """In the place of learned positions, which the lower part has added already."""

    def forward(self, *_: object, **__: object) -> Tensor:
        return torch.zeros(())


def split(model: torch.nn.Module, first: int) -> tuple[torch.nn.Module, torch.nn.Module]:
    """The part below layer `first`, and the part from it on, which takes the other's last hidden state as embeddings.

    `model` may be wrapped by peft, with adapters from layer `first` on alone. UserError for a family that is not known
    to read hidden states so.
    """
    family = model.config.model_type
    if family not in FAMILIES:
        found = f"The family {family} cannot be parted between two layers."
        raise refusal(family, found, f"one of {', '.join(FAMILIES)}", "Put adapters on all layers.")
    path, layers = next(
        (name, part)
        for name, part in model.named_modules()
        if name.endswith("layers") and isinstance(part, torch.nn.ModuleList)
    )
    above = model.get_submodule(path.removesuffix(".layers"))
    lower = {path: layers[:first], **_named(path, above, AFTER, Passed())}
    lower |= _named(path, above, ("project_out",), Passed())
    upper = {path: torch.nn.ModuleList([*(Passed() for _ in range(first)), *layers[first:]])}
    upper |= _named(path, above, (BEFORE,), NoPositions()) | _named(path, above, ("project_in",), Passed())
    return _changed(model, lower).eval(), _changed(model, upper).eval()


def _named(path: str, above: torch.nn.Module, names: tuple[str, ...], part: torch.nn.Module) -> dict:
    """`part` for each of these neighbours of the layers that the model has."""
    return {f"{path.removesuffix('layers')}{name}": part for name in names if getattr(above, name, None) is not None}


def _changed(module: torch.nn.Module, parts: dict[str, torch.nn.Module]) -> torch.nn.Module:
    """A copy of `module` with other parts at these dotted names; it shares all else with the original."""
    found = copy.copy(module)
    found._modules = dict(module._modules)
    inner: dict[str, dict[str, torch.nn.Module]] = {}
    for name, part in parts.items():
        head, _, rest = name.partition(".")
        if rest:
            inner.setdefault(head, {})[rest] = part
        else:
            found._modules[head] = part
    for head, changes in inner.items():
        found._modules[head] = _changed(module._modules[head], changes)
    return found
