"""Speeds: seconds of whole samplings, every setting's in turn with the full one's, as medians over rounds.

Knows numbers alone. Operations are never taken for time.
"""

import math
import statistics
from collections.abc import Sequence

TIMED = (1, 8)  # pictures of a batch


def speeds(seconds: Sequence[float], full: Sequence[float]) -> tuple[float, float, float]:
    """The median over rounds of how many times faster than the full one, and an interval of the median.

    Its ends are order statistics, which hold the median with at least 93 %: of five rounds the least and the most.
    """
    ratios = sorted(max(b, 1e-9) / max(a, 1e-9) for a, b in zip(seconds, full, strict=True))
    cut = _cut(len(ratios))
    return statistics.median(ratios), ratios[cut], ratios[len(ratios) - 1 - cut]


def _cut(count: int) -> int:
    """How many values at either end lie outside the interval: as many as 7 % allow, by the binomial distribution."""
    cut, outside = 0, 2 / 2**count  # the median lies beyond the least or the most
    while cut < (count - 1) // 2 and (outside := outside + 2 * math.comb(count, cut + 1) / 2**count) <= 0.07:
        cut += 1
    return cut
