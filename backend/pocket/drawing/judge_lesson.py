"""What a judge of simple pictures learns from: fresh renders of both sizes, part of them noisy, part of them blurred.

A judge that has seen clean pictures alone names the slots of a blurred one by luck. Knows the simplest scenes and
pictures. Does not step (judge_training.py does).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from backend.core.diffusion.latents import from_bytes
from backend.core.seeding import generator
from backend.pocket.drawing.pool import picture
from backend.pocket.lessons import share_at
from backend.pocket.pictures.simple import draw_simple

SIDES = (32, 16)  # half of the pictures each
SEEDS = {"judge": 3_000_000, "judge_second": 4_000_000}  # of their scenes and weights
FRESH = 5_000_000  # of the scenes that a judge's own ceiling is measured on
MOST_NOISE, LEAST_BLUR, MOST_BLUR = 0.15, 0.3, 1.0  # standard deviations, of pixels from 0 to 1 and in pixels
REACH = 3  # pixels of a blur to each side


@dataclass(frozen=True)
class JudgeLesson:
    """`lr` is Muon's step size for kernels and the matrix below the features, `others` AdamW's for all else; both rise
    for `warm` steps and then fall to nothing."""

    seed: int = SEEDS["judge"]
    steps: int = 4000
    batch: int = 64
    lr: float = 0.02
    others: float = 3e-3
    warm: int = 100
    decay: float = 0.02

    def as_dict(self) -> dict:
        """What JSON can hold of it."""
        return asdict(self)

    def share_at(self, step: int) -> float:
        """What part of the step sizes this step has, counted from 0."""
        return share_at(step, self.steps, self.warm)


def renders(seed: int, numbers: Sequence[int], side: int) -> Float[Tensor, "n 3 side side"]:
    """Clean pictures, about 0.2 ms each."""
    return from_bytes(torch.from_numpy(np.stack([picture(seed, number, side) for number in numbers])))


def slots_of(seed: int, numbers: Sequence[int]) -> Int[Tensor, "n slots"]:
    """What the pictures of these numbers show."""
    return torch.tensor([draw_simple(seed, number).slots() for number in numbers])


def batch_of(lesson: JudgeLesson, step: int) -> list[tuple[Float[Tensor, "n 3 side side"], Int[Tensor, "n slots"]]]:
    """The pictures of a step, one part for each size, with their slots. Lesson and step alone decide them."""
    rng, each, parts = generator("judge", lesson.seed, step), lesson.batch // len(SIDES), []
    for number, side in enumerate(SIDES):
        start = (step * len(SIDES) + number) * each
        numbers = range(start, start + each)
        parts.append((worsened(renders(lesson.seed, numbers, side), rng), slots_of(lesson.seed, numbers)))
    return parts


def worsened(pixels: Float[Tensor, "n 3 side side"], rng: torch.Generator) -> Float[Tensor, "n 3 side side"]:
    """Half of the pictures blurred, and half of them noisy, each by an amount of its own."""
    amounts, coins = (torch.rand(2, len(pixels), generator=rng) for _ in range(2))
    blur = torch.where(coins[0] < 0.5, LEAST_BLUR + (MOST_BLUR - LEAST_BLUR) * amounts[0], 0.0)
    noise = torch.where(coins[1] < 0.5, MOST_NOISE * amounts[1], 0.0)
    return noisy(blurred(pixels, blur), noise, rng)


def noisy(
    pixels: Float[Tensor, "n 3 side side"], sigma: Float[Tensor, " n"], rng: torch.Generator
) -> Float[Tensor, "n 3 side side"]:
    """Gaussian noise of each picture's own standard deviation; what leaves 0 to 1 is cut off."""
    return (pixels + sigma.view(-1, 1, 1, 1) * torch.randn(pixels.shape, generator=rng)).clamp(0, 1)


def blurred(pixels: Float[Tensor, "n 3 side side"], sigma: Float[Tensor, " n"]) -> Float[Tensor, "n 3 side side"]:
    """A Gaussian blur of each picture's own width in pixels; 0 leaves a picture as it is."""
    many, _, side, _ = pixels.shape
    away = torch.arange(-REACH, REACH + 1.0)
    kernel = torch.exp(-(away**2) / (2 * sigma.clamp(min=1e-3).view(-1, 1) ** 2))
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(3, 0)  # the same for each colour
    x = F.pad(pixels, (REACH,) * 4, mode="replicate").reshape(1, many * 3, side + 2 * REACH, side + 2 * REACH)
    x = F.conv2d(x, kernel.view(-1, 1, 1, 2 * REACH + 1), groups=many * 3)
    return F.conv2d(x, kernel.view(-1, 1, 2 * REACH + 1, 1), groups=many * 3).reshape(pixels.shape)
