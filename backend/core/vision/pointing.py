"""Pointing: whether the patch that a word chose shows what the word is about, beside what chance would give.

Knows masks of pixels and weights of patches; no model, and not where the masks come from.
"""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

LEAST = 0.25  # share of a patch's pixels that the thing covers, from which on the patch shows it


@dataclass(frozen=True)
class Pointing:
    """One row a word that is about something seen: `word` is its number among those asked, `hit` whether its patch
    shows the thing, `chance` the share of patches that do."""

    word: list[int]
    hit: list[bool]
    chance: list[float]

    @property
    def accuracy(self) -> float | None:
        """The share of words that hit, None of no words."""
        return sum(self.hit) / len(self.hit) if self.hit else None

    @property
    def by_chance(self) -> float | None:
        """What a patch drawn at random would reach, None of no words."""
        return sum(self.chance) / len(self.chance) if self.chance else None


def right_patches(masks: Bool[Tensor, "words side side"], grid: int, least: float = LEAST) -> Bool[Tensor, "words p"]:
    """Which patches of a `grid` by `grid` division show the thing, row after row of the picture.

    Those of which it covers `least` or more, and in any case the one of which it covers most. None where it is not
    seen. Raises ValueError where the side is no multiple of the grid.
    """
    words, side, _ = masks.shape
    if side % grid:
        raise ValueError(f"{side} pixels do not divide into {grid} patches.")
    cover = masks.float().reshape(words, grid, side // grid, grid, side // grid).mean((2, 4)).flatten(1)
    most = cover.amax(-1, keepdim=True)
    return (cover >= least) | ((cover == most) & (most > 0))


def pointing(weights: Float[Tensor, "words p"], right: Bool[Tensor, "words p"]) -> Pointing:
    """Whether each word's patch of the largest weight, a cosine or a part of a matching, is among the right ones.

    Words about things that are not seen are left out.
    """
    seen = right.any(-1).nonzero().flatten()
    hit = right[seen].gather(1, weights[seen].argmax(-1, keepdim=True)).squeeze(1)
    return Pointing(seen.tolist(), hit.tolist(), right[seen].float().mean(-1).tolist())
