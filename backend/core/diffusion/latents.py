"""Pictures as latents and back, without loss: every square of `patch` pixels becomes one place with more channels.

Knows pixels. Does not know nets: where a pipeline has an autoencoder of its own, that one is asked instead.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor


def to_latents(pixels: Float[Tensor, "n 3 side side"], patch: int) -> Float[Tensor, "n channels place place"]:
    """Pixels from 0 to 1 as latents from -1 to 1, with 3 `patch`² channels."""
    return F.pixel_unshuffle(pixels * 2 - 1, patch)


def to_pixels(latents: Float[Tensor, "n channels place place"], patch: int) -> Float[Tensor, "n 3 side side"]:
    """Latents as pixels from 0 to 1; what lies outside is cut off."""
    return ((F.pixel_shuffle(latents, patch) + 1) / 2).clamp(0, 1)


def from_bytes(pixels: UInt8[Tensor, "n side side 3"]) -> Float[Tensor, "n 3 side side"]:
    """Bytes as pixels from 0 to 1, contiguous: in the order of bytes some of torch's gradients end in a crash."""
    return pixels.permute(0, 3, 1, 2).contiguous().float() / 255


def to_bytes(pixels: Float[Tensor, "n 3 side side"]) -> UInt8[Tensor, "n side side 3"]:
    """Pixels from 0 to 1 as bytes."""
    return (pixels.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
