"""Selectors by embedding: cover the pool, keep its mean, or resemble the validation questions.

Know a pool's vectors and a quota; no gradients and no training. All vectors have length 1, so that Euclidean distance
and cosine order alike.
"""

import numpy as np
from jaxtyping import Float

from backend.selection.dealing import deal
from backend.selection.embedding import embed
from backend.selection.plain import drawn_order
from backend.selection.pool import Pool
from backend.selection.quota import Quota


def k_center(pool: Pool, size: int) -> list[int]:
    """Greedy k-center (Sener and Savarese 2018, Core-Set): always the row farthest from all that is chosen.

    Raises UserError for a size the pool cannot fill.
    """
    return farthest_points(pool.vectors, pool.quota(size))


def herding(pool: Pool, size: int) -> list[int]:
    """Herding (Welling 2009): always the row that brings the mean of the choice nearest to the pool's mean.

    For vectors of one length, as these are, that is Welling's own update. Raises UserError for a size the pool cannot
    fill.
    """
    return nearest_means(pool.vectors, pool.quota(size))


def similar(pool: Pool, size: int) -> list[int]:
    """RDS (representation similarity): validation questions take turns, each taking the row of the largest cosine.

    As RDS+ (Ivison et al. 2025), but plain means instead of means weighted by position. Validation questions take their
    turns in an order drawn from the pool's seed. Raises UserError for a size the pool cannot fill.
    """
    scores = pool.vectors @ embed(pool.reader, pool.validation_rows).T
    return deal(scores, pool.quota(size), drawn_order(len(pool.validation), pool.seed, "turns"))


def farthest_points(vectors: Float[np.ndarray, "n hidden"], quota: Quota) -> list[int]:
    """Fill the quota by greedy k-center; the first is the open row nearest to the mean. Costs size * n * hidden.

    Of equal distances the first row wins. The quota can keep the farthest point out: then the farthest open one.
    """
    nearest = -_distances(vectors, vectors.mean(0))  # for the first choice alone
    while not quota.full:
        row = int(np.argmax(np.where(quota.open(), nearest, -np.inf)))
        distances = _distances(vectors, vectors[row])
        nearest = np.minimum(nearest, distances) if quota.taken else distances
        quota.take(row)
    return quota.taken


def nearest_means(vectors: Float[np.ndarray, "n hidden"], quota: Quota) -> list[int]:
    """Fill the quota by herding. Of equal distances the first row wins. Costs size * n * hidden."""
    wanted, total = vectors.mean(0), np.zeros_like(vectors[0])
    while not quota.full:
        means = (total + vectors) / (len(quota.taken) + 1)
        row = int(np.argmin(np.where(quota.open(), _distances(means, wanted), np.inf)))
        total = total + vectors[row]
        quota.take(row)
    return quota.taken


def _distances(vectors: Float[np.ndarray, "n hidden"], to: Float[np.ndarray, " hidden"]) -> Float[np.ndarray, " n"]:
    return np.square(vectors - to).sum(1)
