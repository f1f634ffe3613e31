"""A batch of pictures with their captions, as the tensors that a CLIP model reads.

Knows nothing of where pictures and captions come from, nor of models.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Pairs:
    """`pixels[i]` is described by `ids[i]`.

    `pixels` are normalised colours; `ids` are right-padded word numbers; `mask` is 1 on words, the first and the last
    sign included, and 0 on padding.
    """

    pixels: Float[Tensor, "n 3 h w"]
    ids: Int[Tensor, "n words"]
    mask: Int[Tensor, "n words"]

    def __len__(self) -> int:
        return len(self.pixels)

    def rows(self, index: list[int] | Int[Tensor, " k"]) -> "Pairs":
        """The pairs of these numbers, in this order."""
        where = torch.as_tensor(index, device=self.pixels.device)
        return Pairs(self.pixels[where], self.ids[where], self.mask[where])

    def to(self, device: torch.device | str) -> "Pairs":
        """The pairs on a device."""
        return Pairs(self.pixels.to(device), self.ids.to(device), self.mask.to(device))
