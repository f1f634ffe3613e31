"""Intervals of 95 %: over prompts by resampling them, over students by Student's t, and over both by resampling both.

Knows numbers only; the same numbers give the same interval on every machine.
"""

import math
from collections.abc import Sequence

import numpy as np

from backend.core.scoring.compare import bootstrap
from backend.runs.seeds import mean_with_interval

DRAWS = 2000
TAILS = (2.5, 97.5)
Interval = tuple[float | None, float | None]


def over_prompts(values: Sequence[float], draws: int = DRAWS) -> Interval:
    """The percentile bootstrap of a mean (Efron 1979), prompts being drawn; None of a single prompt."""
    if len(values) < 2:
        return None, None
    source, given = np.random.default_rng(0), np.asarray(values, dtype=float)
    means = given[source.integers(len(given), size=(draws, len(given)))].mean(axis=1)
    low, high = np.percentile(means, TAILS).tolist()
    return low, high


def over_seeds(values: Sequence[float]) -> Interval:
    """Student's t interval of a mean; None of a single student."""
    *_, low, high = mean_with_interval(values)
    return (None, None) if math.isnan(low) else (low, high)


def over_both(mine: Sequence[Sequence[float]], others: Sequence[Sequence[float]], draws: int = DRAWS) -> Interval:
    """The difference of two means, prompts and each side's students being drawn. A side is a row a student, with the
    same prompts; None of a single prompt.
    """
    a, b = (np.asarray(side, dtype=float) for side in (mine, others))
    if a.shape[1] < 2:
        return None, None
    low, high = np.percentile(bootstrap(a, b, draws, 0, bounded=False), TAILS).tolist()
    return low, high
