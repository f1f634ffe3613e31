"""Which units are kept when mask learning ends: by the official rule, or so that an asked size is met.

Knows masks and sizes; no model.
"""

import torch
from torch import Tensor

from backend.core.params import Params
from backend.core.vision.masks import kept_probability, probabilities, softened
from backend.core.vision.parts import Kept, Shapes, units
from backend.errors import UserError

FEWEST_CHANNELS = 8  # a LayerNorm over fewer says little but their order
HALVINGS = 40  # of the interval below: to less than a millionth of loga's range
WIDEST = 64.0
KINDS = ("hidden", "heads", "neurons")  # from the coarsest to the finest


def by_expectation(loga: Params) -> Params:
    """Masks by TinyCLIP's rule: of each unit as many are dropped as the probabilities expect, the least likely first.

    What is kept keeps its soft mask. The size that results is what mask learning left, not what was asked for.
    """
    counts = {unit: _count(value.sum().item(), unit, len(value)) for unit, value in probabilities(loga).items()}
    return _with_counts(loga, counts)


def to_size(loga: Params, shapes: Shapes, blocks: int) -> Params:
    """Masks by the official rule after all loga were moved by one number, such that at most `blocks` weights remain;
    then dropped units come back while they fit.

    What is missing at the end is less than the weights of one neuron, where a neuron is left to come back.
    Raises UserError where the asked size is not above 0. Where the fewest channels are too large already, no head and
    no neuron remain.
    """
    if blocks < 1:
        raise UserError(f"{blocks} weights are to remain.", "at least 1", "Ask for a larger student.")
    low, high = -WIDEST, WIDEST
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _size(_counts(loga, middle), shapes) <= blocks:
            low = middle
        else:
            high = middle
    return _filled(_with_counts(loga, _counts(loga, low)), loga, shapes, blocks)


def kept_of(masks: Params) -> Kept:
    """The numbers of the units whose mask is not 0."""
    return {unit: torch.where(mask != 0)[0].tolist() for unit, mask in masks.items()}


def leading(kept: Kept) -> Kept:
    """As many of each unit, but the first ones: what slicing to the same size would keep."""
    return {unit: list(range(len(numbers))) for unit, numbers in kept.items()}


def masks_of(kept: Kept, shapes: Shapes) -> Params:
    """Masks of 0 and 1; a unit that is not named is whole."""
    found = {}
    for unit, count in units(shapes).items():
        found[unit] = torch.zeros(count)
        found[unit][kept.get(unit, range(count))] = 1.0
    return found


def within(outer: Kept, inner: Kept) -> Kept:
    """What is kept of the first model where `inner` was kept of the model that `outer` had left of it."""
    return {unit: [outer[unit][number] for number in numbers] for unit, numbers in inner.items()}


def _counts(loga: Params, shift: float) -> dict[str, int]:
    moved = {unit: kept_probability(value.double() + shift).sum().item() for unit, value in loga.items()}
    return {unit: _count(expected, unit, len(loga[unit])) for unit, expected in moved.items()}


def _count(expected: float, unit: str, there: int) -> int:
    return max(round(expected), min(FEWEST_CHANNELS, there)) if unit.endswith(".hidden") else round(expected)


def _size(counts: dict[str, int], shapes: Shapes) -> int:
    """Weights of attention and MLPs where so many of each unit remain."""
    total = 0
    for name, shape in shapes.items():
        heads, neurons = (sum(counts[f"{name}.{n}.{kind}"] for n in range(shape.depth)) for kind in KINDS[1:])
        total += counts[f"{name}.hidden"] * (4 * shape.head_width * heads + 2 * neurons)
    return total


def _with_counts(loga: Params, counts: dict[str, int]) -> Params:
    """Soft masks, with 0 for all but the `counts` likeliest of each unit; among equals the first stay."""
    masks = softened(loga)
    for unit, value in loga.items():
        masks[unit] = masks[unit].detach().clone()
        masks[unit][_likeliest_first(value)[counts[unit] :]] = 0.0
    return masks


def _likeliest_first(loga: Tensor) -> Tensor:
    return torch.argsort(loga.detach(), descending=True, stable=True)


def _filled(masks: Params, loga: Params, shapes: Shapes, blocks: int) -> Params:
    """The masks with as many dropped units brought back as fit: channels, then heads, then neurons, likeliest first."""
    soft, kept = softened(loga), {unit: int((mask != 0).sum()) for unit, mask in masks.items()}
    dropped = [
        (KINDS.index(unit.rsplit(".", 1)[1]), -loga[unit][number].item(), unit, number)
        for unit, mask in masks.items()
        for number in torch.where(mask == 0)[0].tolist()
    ]
    for _, _, unit, number in sorted(dropped):
        more = kept | {unit: kept[unit] + 1}
        if _size(more, shapes) <= blocks:
            kept, masks[unit][number] = more, soft[unit][number].detach()
    return masks
