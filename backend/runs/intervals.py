"""Figures of several students as a summary tells them: a mean with its interval, and two arms compared seed by seed.

Knows numbers by seed; no file and no study.
"""

import math
from collections.abc import Mapping, Sequence

from backend.runs.seeds import mean_with_interval


def spread(values: Sequence[float]) -> dict:
    """Mean and the ends of its 95 % interval by Student's t over seeds; one value has no interval."""
    _, mean, _, low, high = mean_with_interval(values)
    return {"mean": mean, "low": None if math.isnan(low) else low, "high": None if math.isnan(high) else high}


def apart(a: Mapping[int, float], b: Mapping[int, float]) -> list[float]:
    """a - b of every seed that both have, in the order of the seeds."""
    return [a[seed] - b[seed] for seed in sorted(a.keys() & b.keys())]


def difference(a: Mapping[int, float], b: Mapping[int, float]) -> dict | None:
    """The spread of a - b, paired by seed, and of how many; None where no seed is in both."""
    found = apart(a, b)
    return spread(found) | {"seeds": len(found)} if found else None
