"""How like two pictures are that were drawn from the same noise: peak signal-to-noise ratio and a judge's distance.

Both compare picture by picture and say nothing of how good either is. Knows pixels from 0 to 1 and a judge's features.
"""

import math

from jaxtyping import Float
from torch import Tensor

from backend.core.diffusion.judge import Judge

SAME = 100.0  # decibels of two equal pictures, and the most that is told


def psnr(one: Float[Tensor, "n c h w"], other: Float[Tensor, "n c h w"]) -> Float[Tensor, " n"]:
    """Of each pair, in decibels: `-10 log10` of the mean squared error of pixels from 0 to 1, at most `SAME`."""
    error = (one.double() - other.double()).square().flatten(1).mean(1)
    return (-10 * error.clamp(min=10 ** (-SAME / 10)).log10()).float()


def mean_error(values: Float[Tensor, " n"]) -> tuple[float, float]:
    """The mean and its standard error; NaN of a single value."""
    many = len(values)
    error = values.double().std().item() / math.sqrt(many) if many > 1 else math.nan
    return values.double().mean().item(), error


def paired_difference(one: Float[Tensor, " n"], other: Float[Tensor, " n"]) -> tuple[float, float]:
    """How much more `one` has than `other` on average, pair by pair, and the standard error of that.

    Two settings that are measured on the same pictures differ by far less chance than either has alone.
    """
    return mean_error(one.double() - other.double())


def feature_distance(one: Float[Tensor, "n features"], other: Float[Tensor, "n features"]) -> Float[Tensor, " n"]:
    """`judge_distance` of pictures whose features are known."""
    return (one - other).norm(dim=1)


def judge_distance(
    judge: Judge, one: Float[Tensor, "n 3 side side"], other: Float[Tensor, "n 3 side side"]
) -> Float[Tensor, " n"]:
    """How far a pair lies apart in the judge's features: 0 where they are equal, 1 as far as two unrelated pictures."""
    return feature_distance(judge.seen(one)[1], judge.seen(other)[1])
