"""A pool of pictures and captions for training: every picture in a few views, with a few captions, in batches.

The pool is fixed, so what a teacher says of it can be computed once. Batches depend on their seed and step alone.
Knows arrays and tokenizers; not where pictures and captions come from, nor models.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from backend.core.seeding import generator
from backend.core.vision.captions import numbered
from backend.core.vision.images import OPENAI, Normal, normalised
from backend.core.vision.pairs import Pairs

SHIFT = 16  # a view is moved by up to one in so many of a picture's side, each way: 2 pixels of 32


@dataclass(frozen=True)
class PoolBatch:
    """Pairs of a pool, and which they are: `rows` of the pool, `views` of these pictures, `captions` of its texts."""

    pairs: Pairs
    rows: Int[Tensor, " n"]
    views: Int[Tensor, " n"]
    captions: Int[Tensor, " n"]


@dataclass(frozen=True)
class PairPool:
    """`said[i]` are the numbers of picture i's captions among `texts`, which are all different and numbered as `ids`.

    `shifts[i, v]` says by how many pixels view v of picture i is moved down and right; view 0 is the picture itself.
    Memory: 3 bytes a pixel, however many views there are.
    """

    pixels: UInt8[np.ndarray, "pictures side side 3"]
    texts: tuple[str, ...]
    said: Int[np.ndarray, "pictures told"]
    ids: Int[Tensor, "texts words"]
    mask: Int[Tensor, "texts words"]
    shifts: Int[np.ndarray, "pictures views 2"]
    normal: Normal = OPENAI

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def views(self) -> int:
        """Views of each picture."""
        return self.shifts.shape[1]

    def batch(self, seed: int, step: int, size: int) -> PoolBatch:
        """Pairs of update `step`, counted from 0, in a random view and with a random caption each.

        One pass over the pool after another, each in an order of its own; a rest that fills no batch is left out.
        """
        size = min(size, len(self))
        epoch, place = divmod(step, len(self) // size)
        rows = _order(len(self), seed, epoch)[place * size : (place + 1) * size]
        rng = generator("pairs", seed, step)
        views = torch.randint(self.views, (size,), generator=rng)
        told = torch.randint(self.said.shape[1], (size,), generator=rng)
        return self.pick(rows, views, torch.from_numpy(self.said[rows.numpy(), told.numpy()]))

    def pick(self, rows: Int[Tensor, " n"], views: Int[Tensor, " n"], captions: Int[Tensor, " n"]) -> PoolBatch:
        """These pictures in these views with these texts; padding ends with the longest of them."""
        words = int(self.mask[captions].sum(1).max())
        seen = self.seen(rows.numpy(), views.numpy())
        pairs = Pairs(normalised(seen, self.normal), self.ids[captions, :words], self.mask[captions, :words])
        return PoolBatch(pairs, rows, views, captions)

    def seen(self, rows: Int[np.ndarray, " n"], views: Int[np.ndarray, " n"]) -> UInt8[np.ndarray, "n side side 3"]:
        """The pixels of these views. Where a picture is moved away from its edge, the edge is repeated."""
        side = self.pixels.shape[1]
        places = np.arange(side)[None] - self.shifts[rows, views].T[..., None]  # 2 n side
        down, across = places.clip(0, side - 1)
        return self.pixels[rows[:, None, None], down[:, :, None], across[:, None, :]]

    def every_view(self, chunk: int = 256) -> Iterator[Int[np.ndarray, "n 2"]]:
        """The numbers of all pictures with all their views, as (row, view), row after row, `chunk` at a time."""
        for start in range(0, len(self) * self.views, chunk):
            numbers = np.arange(start, min(start + chunk, len(self) * self.views))
            yield np.stack([numbers // self.views, numbers % self.views], axis=1)


def pool_of(
    pixels: UInt8[np.ndarray, "pictures side side 3"],
    captions: Sequence[Sequence[str]],
    tokenizer: PreTrainedTokenizerBase,
    context: int,
    views: int = 1,
    seed: int = 0,
    normal: Normal = OPENAI,
) -> PairPool:
    """A pool of these pictures, each with equally many captions, and `views` of each drawn by the seed.

    Raises UserError where a caption is empty or longer than the context.
    """
    texts = tuple(dict.fromkeys(text for told in captions for text in told))
    number = {text: place for place, text in enumerate(texts)}
    said = np.array([[number[text] for text in told] for told in captions])
    most = pixels.shape[1] // SHIFT
    drawn = torch.randint(-most, most + 1, (len(pixels), views, 2), generator=generator("views", seed)).numpy()
    drawn[:, 0] = 0
    return PairPool(pixels, texts, said, *numbered(tokenizer, texts, context), drawn, normal)


def exchanged(count: int, told: int, share: float, seed: int) -> Int[np.ndarray, "pictures told"]:
    """Whose caption each of `told` captions of each of `count` pictures is: for a share of them another picture's.

    In every column as many as the share says, rounded, are handed on in a random circle; so each caption is there as
    often as before, and none of those that are handed on stays with its picture. A circle of one is none.
    """
    found = np.tile(np.arange(count)[:, None], (1, told))
    for column in range(told):
        rng = generator("exchanged", seed, column)
        chosen = torch.randperm(count, generator=rng)[: round(share * count)].numpy()
        found[chosen, column] = np.roll(chosen, 1)
    return found


@lru_cache(maxsize=4)
def _order(count: int, seed: int, epoch: int) -> Int[Tensor, " count"]:
    return torch.randperm(count, generator=generator("order", seed, epoch))
