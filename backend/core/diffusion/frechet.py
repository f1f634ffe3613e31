"""How far two sets of pictures lie apart: the Fréchet distance of two normal distributions, in features of any judge.

Compares with no published number: those are of another net's features. The distance is biased upwards where
there are few pictures, so it is shown beside its floor, which real pictures have to other real ones at the same number.
Knows features alone.
"""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

import torch
from jaxtyping import Float
from torch import Tensor

from backend.errors import UserError

PER_FEATURE = 5  # pictures that are needed for each feature; below, the covariance is hardly known


def frechet(one: Float[Tensor, "n features"], other: Float[Tensor, "m features"]) -> float:
    """`|μ1 − μ2|² + tr(C1 + C2 − 2 (C1 C2)^½)`, in double precision (Dowson and Landau, 1982).

    The trace of the root is the sum of the singular values of C1^½ C2^½, with roots by eigenvalues: nothing complex
    can arise. Raises UserError below `PER_FEATURE` pictures for each feature, or where a feature is no number.
    """
    _check(one, other)
    (mean1, root1), (mean2, root2) = (_normal(features.double()) for features in (one, other))
    spread = root1.square().sum() + root2.square().sum() - 2 * torch.linalg.svdvals(root1 @ root2).sum()
    return max(0.0, ((mean1 - mean2).square().sum() + spread).item())


def floor(real: Float[Tensor, "n features"], others: Sequence[Float[Tensor, "m features"]]) -> tuple[float, float]:
    """The mean distance of other real sets to this one, and its standard deviation over them; NaN of a single one."""
    found = [frechet(other, real) for other in others]
    return fmean(found), stdev(found) if len(found) > 1 else math.nan


def enough(count: int, features: int) -> bool:
    """Whether a distance between sets of so many pictures may be told."""
    return count >= PER_FEATURE * features


def _normal(
    features: Float[Tensor, "n features"],
) -> tuple[Float[Tensor, " features"], Float[Tensor, "features features"]]:
    """The mean, and the symmetric root of the covariance."""
    values, vectors = torch.linalg.eigh(torch.cov(features.T))
    return features.mean(0), (vectors * values.clamp(min=0).sqrt()) @ vectors.T


def _check(one: Tensor, other: Tensor) -> None:
    width = one.shape[1]
    fewest = min(len(one), len(other))
    if not enough(fewest, width):
        raise UserError(
            f"There are {fewest} pictures for {width} features.",
            f"at least {PER_FEATURE * width}",
            "Draw more pictures, or leave the Fréchet distance out.",
        )
    if not (one.isfinite().all() and other.isfinite().all()):
        raise UserError(
            "A picture has features that are no numbers.",
            "finite features",
            "Look at the pictures: the model that drew them has diverged.",
        )
