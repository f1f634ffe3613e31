"""Intervals of 95 %: over prompts by resampling them, over students by Student's t.

Knows numbers only; the same numbers give the same interval on every machine.
"""

from collections.abc import Sequence
from statistics import fmean, stdev

import numpy as np
from scipy import stats

DRAWS = 2000
Interval = tuple[float | None, float | None]


def over_prompts(values: Sequence[float], draws: int = DRAWS) -> Interval:
    """The percentile bootstrap of a mean (Efron 1979), prompts being drawn; None of a single prompt."""
    if len(values) < 2:
        return None, None
    source, given = np.random.default_rng(0), np.asarray(values, dtype=float)
    means = given[source.integers(len(given), size=(draws, len(given)))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5)).tolist()
    return low, high


def over_seeds(values: Sequence[float]) -> Interval:
    """Student's t interval of a mean; None of a single student."""
    if len(values) < 2:
        return None, None
    half = float(stats.t.ppf(0.975, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    return fmean(values) - half, fmean(values) + half
