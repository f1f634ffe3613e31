"""A shortened text tower: a CLIPModel with fewer text layers, and what they weigh.

LightCLIP (Nie et al., arXiv 2312.00674) shortens the text encoder, because a CLIP model's accuracy does not grow with
its parameters; it trains the short one from the start. Taking over layers is ours. Knows models; no training and no
scoring.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import nn
from transformers import CLIPModel

from backend.core.vision.models import Sizes
from backend.errors import UserError


@dataclass(frozen=True)
class Weight:
    """Parameters of a text tower. `blocks` are those of its layers, `tower` all with tables and the projection, and
    `model` those of both towers."""

    blocks: int
    tower: int
    model: int


def with_text_depth(sizes: Sizes, depth: int) -> Sizes:
    """The sizes of a model with `depth` text layers, to be trained from the start.

    Raises UserError for a depth that is none.
    """
    if depth < 1:
        raise UserError(f"A text tower cannot have {depth} layers.", "at least one", "Ask for more layers.")
    return replace(sizes, text=replace(sizes.text, depth=depth))


def shortened(model: CLIPModel, kept: Sequence[int]) -> CLIPModel:
    """A copy with these text layers, counted from 0, in this order; all else as it was.

    Raises UserError where there is no such layer, or none is asked for.
    """
    layers = model.text_model.encoder.layers
    if not kept or not all(0 <= number < len(layers) for number in kept):
        raise UserError(
            f"The text layers asked for are {', '.join(map(str, kept)) or 'none'}.",
            f"at least one, from 0 to {len(layers) - 1}",
            "Choose among the layers that the model has.",
        )
    short = copy.deepcopy(model)
    text = short.text_model
    text.encoder.layers = nn.ModuleList([copy.deepcopy(text.encoder.layers[number]) for number in kept])
    for config in (short.config.text_config, text.config, text.encoder.config):
        config.num_hidden_layers = len(kept)
    return short


def text_weight(model: CLIPModel) -> Weight:
    """How many parameters the text tower has."""
    text = model.text_model
    blocks, tower = _count(text.encoder.layers), _count(text) + _count(model.text_projection)
    return Weight(blocks, tower, _count(model))


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
