"""Kernel mean matching: the set of training questions whose gradients, as a set, are spread as validation's are.

Of all single rows the best ones can be alike, and teach one thing many times. So rows are taken together: the mean of
the chosen ones in a kernel's space is to be near that of the validation questions (kernel mean matching, Gretton et al.
2009; taken greedily it is kernel herding, Chen, Welling and Smola 2010). Knows a pool, LESS's warm-up and its
projection; the features are unit gradients at all checkpoints.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from backend.core.text.examples import Rows
from backend.selection.less import LessSettings, warm_up
from backend.selection.pool import Pool
from backend.selection.projection import Projection, unit
from backend.selection.quota import Quota
from backend.selection.warm_up import Checkpoint, gradients_at


@dataclass(frozen=True)
class MatchingSettings:
    """The warm-up, and `dimensions` of a projected gradient: 4 checkpoints of 1,024 are 16 kB a row, which all stay."""

    warm_up: LessSettings = field(default_factory=lambda: LessSettings(dimensions=1024))


DEFAULT = MatchingSettings()


def kernel_matching(pool: Pool, size: int, settings: MatchingSettings = DEFAULT) -> list[int]:
    """Rows in the order they were taken, within the quota.

    The student is left as it was found. Costs LESS's gradients, and size * n * dimensions. Raises UserError for a size
    the pool cannot fill, and Diverged where the warm-up does.
    """
    quota = pool.quota(size)
    found = warm_up(pool, settings.warm_up)
    rows, wanted = (features(pool, found, part, settings) for part in (pool.reader.train, pool.validation_rows))
    return nearest_embedding(rows, wanted, quota)


def features(
    pool: Pool, found: list[Checkpoint], rows: Rows, settings: MatchingSettings
) -> Float[np.ndarray, "rows dimensions"]:
    """Each row's unit gradients at all checkpoints in one vector of length 1: inner products are weighted cosines."""
    length = sum(shape.numel() for shape in pool.reader.student.shapes.values())
    project, parts = Projection(length, settings.warm_up.dimensions, pool.seed), []
    for checkpoint in found:
        part = np.zeros((len(rows), project.dimensions), np.float32)
        for chosen, gradients in gradients_at(pool, checkpoint.state, rows):
            part[chosen] = checkpoint.weight**0.5 * unit(project(gradients.cpu().numpy()))
        parts.append(part)
    return np.concatenate(parts, axis=1)


def nearest_embedding(
    rows: Float[np.ndarray, "n dims"], wanted: Float[np.ndarray, "queries dims"], quota: Quota
) -> list[int]:
    """Fill the quota greedily, always by the row that brings the mean embedding of the choice nearest to the queries'.

    A Gaussian kernel whose width is the median distance between rows and queries. Of equal rows the first one wins.
    With s chosen, the squared distance after one more row z is a constant + 2 (sum_c k(z, c) - (s + 1) mean_q k(z, q))
    over (s + 1)^2, as k(z, z) is 1.
    """
    distances = squared_distances(rows, wanted)
    width = max(float(np.median(distances)), 1e-12)
    near, among = np.exp(-distances / width).mean(axis=1), np.zeros(len(rows))
    while not quota.full:
        scores = among - (len(quota.taken) + 1) * near
        row = int(np.argmin(np.where(quota.open(), scores, np.inf)))
        among += np.exp(-squared_distances(rows, rows[row : row + 1])[:, 0] / width)
        quota.take(row)
    return quota.taken


def squared_distances(
    rows: Float[np.ndarray, "n dims"], others: Float[np.ndarray, "m dims"]
) -> Float[np.ndarray, "n m"]:
    """Between each row and each other one, in 64 bits once the inner products are there."""
    inner = (rows @ others.T).astype(np.float64)
    squares = (np.square(part, dtype=np.float64).sum(axis=1) for part in (rows, others))
    return np.maximum(next(squares)[:, None] + next(squares)[None] - 2 * inner, 0)
