"""What pictures come to: sameness with the full model's, what the judge reads, and the distance to fresh renders.

Knows pixels, a judge and what was asked for; not how pictures were drawn.
"""

import base64
import io
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from backend.core.diffusion.frechet import enough, floor, frechet
from backend.core.diffusion.latents import to_bytes
from backend.core.diffusion.likeness import feature_distance, psnr
from backend.pocket.drawing.reading import in_words
from backend.studies.a_sdm.data import Asked, World

DIGITS = 5
MOST_SIDE = 160  # pixels of a picture that is kept


@dataclass(frozen=True)
class Figures:
    """Of every picture: PSNR to the full model's in dB, whether all slots are right, the share of slots that are, and
    the judge's distance to the full model's picture; None where nobody judges. `frechet` is of all together."""

    psnr: list[float]
    right: list[float] | None
    slots: list[float] | None
    distance: list[float] | None
    frechet: float | None

    def as_dict(self) -> dict:
        return asdict(self)


class Measurer:
    """Measures pictures against the full model's of the same prompts and noise."""

    def __init__(self, world: World, full: Float[Tensor, "n 3 side side"]):
        self.world, self.full = world, full
        self.judge = world.judges[0] if world.judges else None

    @cached_property
    def full_features(self) -> Float[Tensor, "n features"]:
        return self.judge.seen(self.full)[1]

    @cached_property
    def fresh_features(self) -> Float[Tensor, "n features"]:
        """Of as many fresh renders as there are prompts."""
        return self.judge.seen(self.world.fresh(len(self.full))[0])[1]

    def figures(self, pixels: Float[Tensor, "n 3 side side"], asked: Asked, at: int = 0) -> Figures:
        """What the pictures of `asked` come to, which are the full model's from `at` on."""
        full = self.full[at : at + len(pixels)]
        same = _rounded(psnr(pixels, full))
        if self.judge is None:
            return Figures(same, None, None, None, None)
        read, features = self.judge.seen(pixels)
        apart = _rounded(feature_distance(features, self.full_features[at : at + len(pixels)]))
        far = None
        if len(pixels) == len(self.full) and self.can_tell_distance:
            far = round(frechet(features, self.fresh_features), DIGITS)
        if asked.slots is None:
            return Figures(same, None, None, apart, far)
        hits = (read == asked.slots).float()
        return Figures(same, _rounded(hits.prod(1)), _rounded(hits.mean(1)), apart, far)

    @property
    def can_tell_distance(self) -> bool:
        """Whether there are enough pictures for a Fréchet distance."""
        return self.judge is not None and enough(len(self.full), self.judge.sizes.features)

    def floor(self, sets: int = 3) -> float | None:
        """The distance of fresh renders to other fresh renders, as many as there are prompts."""
        if not self.can_tell_distance:
            return None
        many = len(self.full)
        others = [self.judge.seen(self.world.fresh(many, many * (1 + number))[0])[1] for number in range(sets)]
        return round(floor(self.fresh_features, others)[0], DIGITS)

    def read(self, pixels: Float[Tensor, "n 3 side side"], asked: Asked) -> list[tuple[str | None, bool | None]]:
        """What the judge reads in each picture, and whether that is what was asked for."""
        if self.judge is None:
            return [(None, None)] * len(pixels)
        found = self.judge.read(pixels)
        right = [None] * len(pixels) if asked.slots is None else (found == asked.slots).all(1).tolist()
        return [(in_words(slots), one) for slots, one in zip(found.tolist(), right, strict=True)]


def png_of(pixels: Float[Tensor, "3 side side"]) -> str:
    """A picture as a PNG in base64; large ones are made smaller, as screens show them small."""
    out = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(to_bytes(pixels[None])[0].numpy()))
    picture.thumbnail((MOST_SIDE, MOST_SIDE))
    picture.save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


def _rounded(values: Tensor) -> list[float]:
    return [round(value, DIGITS) for value in values.tolist()]


def mean_se(values: list[float]) -> tuple[float, float]:
    """The mean and its standard error; 0 of a single value, which the number of values beside it tells."""
    told = torch.tensor(values, dtype=torch.float64)
    error = (told.std() / len(values) ** 0.5).item() if len(values) > 1 else 0.0
    return round(told.mean().item(), DIGITS), round(error, DIGITS)
