"""Hard-concrete masks: a random number between 0 and 1 for each unit of a CLIP model, which training can push to 0.

One parameter `loga` a unit says how likely it is kept (Louizos et al., ICLR 2018, as in TinyCLIP's l0module.py, which
has it from CoFi). All masks are dictionaries of vectors by the unit's name. Knows numbers; what a unit does in the
model, masked.py knows, and which are kept at last, choice.py.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.params import Params
from backend.core.vision.parts import Shapes, units

BETA, LOW, HIGH, EPSILON = 2 / 3, -0.1, 1.1, 1e-6
LIMIT = math.log(100)  # loga stays within +-4.6
SOFTNESS = 0.8  # of Wang et al., 2020: how far a mask without noise is pulled to the middle


def fresh(shapes: Shapes) -> Params:
    """The parameters before training: every unit is almost certainly kept."""
    return {unit: torch.full((count,), LIMIT) for unit, count in units(shapes).items()}


def clamp_(loga: Params) -> None:
    """Bring the parameters back within their limits, in place; due after every update."""
    with torch.no_grad():
        for value in loga.values():
            value.clamp_(-LIMIT, LIMIT)


def sampled(loga: Params, rng: torch.Generator) -> Params:
    """Masks as training sees them: z = clamp(sigmoid((log u - log(1-u) + loga) / beta) * 1.2 - 0.1, 0, 1).

    The noise u is drawn on the CPU, one unit after another by the alphabet: a dictionary that comes from a file has
    another order.
    """
    found = {}
    for unit, value in sorted(loga.items()):
        u = torch.rand(value.shape, generator=rng).clamp(EPSILON, 1 - EPSILON).to(value.device)
        z = torch.sigmoid((torch.log(u) - torch.log1p(-u) + value) / BETA)
        found[unit] = (z * (HIGH - LOW) + LOW).clamp(0, 1)
    return found


def kept_probability(loga: Float[Tensor, " units"]) -> Float[Tensor, " units"]:
    """How likely the mask of each unit is not 0: 1 - sigmoid(beta * log(0.1 / 1.1) - loga)."""
    zero = math.log(-LOW / HIGH)
    return 1 - torch.sigmoid(BETA * zero - loga).clamp(EPSILON, 1 - EPSILON)


def probabilities(loga: Params) -> Params:
    """How likely each unit is kept."""
    return {unit: kept_probability(value) for unit, value in loga.items()}


def softened(loga: Params) -> Params:
    """Masks without noise: sigmoid(0.8 loga / beta)."""
    return {unit: torch.sigmoid(value * SOFTNESS / BETA) for unit, value in loga.items()}


def expected_blocks(kept: Params, shapes: Shapes) -> Float[Tensor, ""]:
    """Weights of attention and MLPs that remain where each unit remains with the probability `kept` (or 0 and 1).

    A weight is there where both of its units are, so a tower's size is its channels times all that read or write them.
    """
    total = torch.zeros(())
    for name, shape in shapes.items():
        layers = range(shape.depth)
        heads = torch.stack([kept[f"{name}.{layer}.heads"].sum() for layer in layers]).sum()
        neurons = torch.stack([kept[f"{name}.{layer}.neurons"].sum() for layer in layers]).sum()
        within = kept[f"{name}.hidden"].sum() * (4 * shape.head_width * heads + 2 * neurons)
        total = total.to(within.device) + within
    return total
