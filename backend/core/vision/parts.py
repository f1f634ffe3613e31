"""What a CLIP model is made of: hidden channels, heads, neurons and layers of its two towers, and how large each is.

A *unit* is what can be kept or dropped: `image.hidden` are the channels of the image tower's residual stream,
`text.2.heads` the heads and `text.2.neurons` the MLP neurons of the text tower's third layer. Sizes are read from the
weights, so layers may differ from each other. Knows names and shapes of transformers' CLIPModel; changes nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import CLIPModel

from backend.core.params import Params

TOWERS = ("image", "text")
Kept = dict[str, list[int]]  # a unit's name -> the numbers that are kept, rising

_NAME = re.compile(r"(vision|text|visual)_(?:model|projection)\.(?:encoder\.layers\.(\d+)\.)?(.+)")
_QUERIES = ("q_proj", "k_proj", "v_proj")
# the end of a tensor's name -> the units that its axes run along; "" for an axis that is never cut
_AXES: dict[str, tuple[str, ...]] = {
    "class_embedding": ("hidden",),
    "patch_embedding.weight": ("hidden", "", "", ""),
    "position_embedding.weight": ("", "hidden"),
    "token_embedding.weight": ("", "hidden"),
    "self_attn.out_proj.weight": ("hidden", "heads"),
    "self_attn.out_proj.bias": ("hidden",),
    "mlp.fc1.weight": ("neurons", "hidden"),
    "mlp.fc1.bias": ("neurons",),
    "mlp.fc2.weight": ("hidden", "neurons"),
    "mlp.fc2.bias": ("hidden",),
    "weight": ("", "hidden"),  # of the projection into the joint space
}
_AXES |= {f"self_attn.{one}.weight": ("heads", "hidden") for one in _QUERIES}
_AXES |= {f"self_attn.{one}.bias": ("heads",) for one in _QUERIES}
_NORMS = ("layer_norm1", "layer_norm2", "pre_layrnorm", "post_layernorm", "final_layer_norm")
_AXES |= {f"{norm}.{leaf}": ("hidden",) for norm in _NORMS for leaf in ("weight", "bias")}


@dataclass(frozen=True)
class Shape:
    """One tower: channels of its residual stream, width of a head, and for every layer its heads and MLP neurons."""

    hidden: int
    head_width: int
    heads: tuple[int, ...]
    neurons: tuple[int, ...]

    @property
    def depth(self) -> int:
        return len(self.heads)

    @property
    def blocks(self) -> int:
        """Weights of attention and MLPs, biases and LayerNorms left out, as TinyCLIP's size budget counts them."""
        return self.hidden * (4 * self.head_width * sum(self.heads) + 2 * sum(self.neurons))

    @property
    def uniform(self) -> bool:
        """Whether a CLIPConfig can say it: layers alike, with heads that fill the residual stream."""
        alike = len(set(self.heads)) == len(set(self.neurons)) == 1
        return alike and self.heads[0] * self.head_width == self.hidden and self.neurons[0] > 0


Shapes = Mapping[str, Shape]  # by tower


def tower(model: CLIPModel, name: str) -> nn.Module:
    """The tower `image` or `text`."""
    return model.vision_model if name == "image" else model.text_model


def shapes_of(model: CLIPModel) -> dict[str, Shape]:
    """Both towers' shapes, `image` and `text`."""
    return {name: _shape(tower(model, name)) for name in TOWERS}


def _shape(one: nn.Module) -> Shape:
    layers = one.encoder.layers
    width = layers[0].self_attn.head_dim
    heads = tuple(layer.self_attn.q_proj.weight.shape[0] // width for layer in layers)
    return Shape(
        one.embeddings.position_embedding.weight.shape[1],
        width,
        heads,
        tuple(layer.mlp.fc1.weight.shape[0] for layer in layers),
    )


def blocks_of(shapes: Shapes) -> int:
    """Weights of attention and MLPs of both towers."""
    return sum(shape.blocks for shape in shapes.values())


def units(shapes: Shapes) -> dict[str, int]:
    """How many there are of each unit, both towers, from the first layer up."""
    found = {}
    for name, shape in shapes.items():
        found[f"{name}.hidden"] = shape.hidden
        for layer in range(shape.depth):
            found[f"{name}.{layer}.heads"] = shape.heads[layer]
            found[f"{name}.{layer}.neurons"] = shape.neurons[layer]
    return found


def axes_of(name: str) -> tuple[str, ...]:
    """The units that a tensor's axes run along, "" for an axis that is never cut; () for the logit scale.

    Raises KeyError for a name that CLIPModel does not have.
    """
    if name == "logit_scale":
        return ()
    found = _NAME.fullmatch(name)
    if found is None:
        raise KeyError(name)
    prefix, layer, rest = found.groups()
    ending = rest.removeprefix("embeddings.")
    one = "text" if prefix == "text" else "image"
    return tuple(_unit(one, layer, axis) for axis in _AXES[ending])


def _unit(one: str, layer: str | None, axis: str) -> str:
    if axis in ("", "hidden"):
        return axis and f"{one}.hidden"
    return f"{one}.{layer}.{axis}"


def positions(kept: Kept, shapes: Shapes) -> dict[str, Tensor]:
    """Where the kept units stand along a tensor's axis: of a head its whole width."""
    found = {}
    for unit, numbers in kept.items():
        where = torch.tensor(numbers, dtype=torch.long)
        if unit.endswith(".heads"):
            width = shapes[unit.split(".")[0]].head_width
            where = (where[:, None] * width + torch.arange(width)).flatten()
        found[unit] = where
    return found


def taken(tensor: Tensor, axes: tuple[str, ...], where: Mapping[str, Tensor]) -> Tensor:
    """A copy of the tensor with only the positions `where` of each unit; units that are not named stay whole."""
    for axis, unit in enumerate(axes):
        if unit in where:
            tensor = tensor.index_select(axis, where[unit].to(tensor.device))
    return tensor.detach().clone()


def counted(model: CLIPModel) -> dict[str, int]:
    """All parameters by part, such as `image.attention`, `text.embeddings` and `scale`; together they are the model.

    A toy's word table can be half of it, which no size budget of blocks sees.
    """
    found: dict[str, int] = {}
    for name, p in model.named_parameters():
        part = _part(name)
        found[part] = found.get(part, 0) + p.numel()
    return found


def _part(name: str) -> str:
    if name == "logit_scale":
        return "scale"
    one = "text" if name.startswith("text") else "image"
    marks = {"self_attn": "attention", ".mlp.": "mlp", "embeddings.": "embeddings", "projection": "projection"}
    return f"{one}.{next((part for mark, part in marks.items() if mark in name), 'norms')}"


def tensors_of(model: CLIPModel) -> Params:
    """The model's parameters by name, not copied."""
    return dict(model.named_parameters())
