"""The model that remains of a masked one: units whose mask is 0 are gone, the others' masks are in the weights.

It computes what the masked model computes. Knows CLIPModel's tensors by parts.py; not how masks were found.
"""

import copy

from torch import Tensor
from transformers import CLIPModel

from backend.core.params import Params
from backend.core.vision.choice import kept_of, masks_of
from backend.core.vision.parts import Kept, axes_of, positions, shapes_of, taken, tensors_of
from backend.core.vision.ragged import put

_SCALED = ("embedding", "out_proj", "fc2")  # whatever writes into the residual stream


def cut(model: CLIPModel, masks: Params) -> CLIPModel:
    """A smaller copy of the model, equal to the model under these masks up to rounding; units without a mask are whole.

    A channel's mask goes into the embeddings and into what attention and MLP write to it, a head's into the columns of
    the output projection that read it, a neuron's into the column of the second MLP matrix. The official code also
    multiplies the image tower's last projection by the channels' masks, which the masked model does not.
    """
    shapes = shapes_of(model)
    where = positions(kept_of(masks), shapes)
    wide = {unit: _along(mask, unit, shapes) for unit, mask in masks.items()}
    tensors = {}
    for name, p in tensors_of(model).items():
        axes = axes_of(name)
        value = _scaled(p.detach(), axes, wide) if any(part in name for part in _SCALED) else p.detach()
        tensors[name] = taken(value, axes, where)
    return put(copy.deepcopy(model), tensors)


def cut_to(model: CLIPModel, kept: Kept) -> CLIPModel:
    """A copy of the model with only these units, their weights unchanged."""
    return cut(model, masks_of(kept, shapes_of(model)))


def _along(mask: Tensor, unit: str, shapes: dict) -> Tensor:
    """The mask at every place of a tensor's axis."""
    width = shapes[unit.split(".")[0]].head_width if unit.endswith(".heads") else 1
    return mask.detach().repeat_interleave(width)


def _scaled(value: Tensor, axes: tuple[str, ...], wide: Params) -> Tensor:
    for axis, unit in enumerate(axes):
        if unit in wide:
            value = value * wide[unit].to(value).view(*(-1 if axis == at else 1 for at in range(value.ndim)))
    return value
