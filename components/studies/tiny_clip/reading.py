"""What TinyCLIP's page reads of summary.json: figures, paired differences, crossings, sizes, baselines.

A run that was brought here may hold anything, so what is no number is left out. Knows no widget and no markup.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from backend.runs.seeds import mean_with_interval
from components.studies.tiny_clip import words


@dataclass(frozen=True)
class Spread:
    """A mean over seeds with the ends of its 95 % interval, None of a single seed. `n`: items of the test."""

    mean: float
    low: float | None
    high: float | None
    seeds: int
    n: int

    @property
    def known(self) -> bool:
        """Whether it has an interval."""
        return self.low is not None and self.high is not None

    @property
    def holds_zero(self) -> bool:
        """Whether a difference is not beyond noise; without an interval nobody knows."""
        return not self.known or self.low <= 0 <= self.high


@dataclass(frozen=True)
class Crossing:
    """From which step on a student is never again below scratch of its seed at its end; None where it never is.

    `of`: how many steps scratch took; `seconds`: of the processor, up to that step.
    """

    seed: int
    step: int | None
    of: int
    seconds: float | None

    @property
    def part(self) -> float | None:
        """The share of scratch's steps."""
        return self.step / self.of if self.step is not None else None


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def whole(value: object) -> int:
    return value if type(value) is int else 0


def rows_of(summary: Mapping, name: str, texts: Sequence[str] = (), numbers: Sequence[str] = ()) -> list[dict]:
    """The rows of a list of the summary that have these texts and numbers."""
    found = summary.get(name)
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return [
        row
        for row in rows
        if all(isinstance(row.get(key), str) for key in texts) and all(is_number(row.get(key)) for key in numbers)
    ]


def spread_of(row: Mapping) -> Spread:
    ends = [row.get(end) if is_number(row.get(end)) else None for end in ("low", "high")]
    low, high = ends if None not in ends else (None, None)
    return Spread(row["mean"], low, high, whole(row.get("seeds")), whole(row.get("n")))


def figures(summary: Mapping) -> dict[tuple[str, str], Spread]:
    """`(arm, metric)` -> its mean."""
    rows = rows_of(summary, "figures", ("arm", "metric"), ("mean",))
    return {(row["arm"], row["metric"]): spread_of(row) for row in rows}


def differences(summary: Mapping) -> dict[tuple[str, str, str], Spread]:
    """`(arm, against, metric)` -> the mean of arm minus against, paired over seeds."""
    rows = rows_of(summary, "differences", ("arm", "against", "metric"), ("mean",))
    return {(row["arm"], row["against"], row["metric"]): spread_of(row) for row in rows}


def step_sizes(summary: Mapping) -> dict[str, float]:
    """Arm -> the step size that was chosen for it; empty while a run still trains."""
    found = summary.get("lrs")
    return {arm: lr for arm, lr in found.items() if is_number(lr)} if isinstance(found, dict) else {}


def crossings(summary: Mapping, metric: str = words.HEADLINE) -> dict[str, list[Crossing]]:
    """Arm -> its crossings, seed by seed."""
    found: dict[str, list[Crossing]] = {}
    for row in rows_of(summary, "reach", ("arm", "metric"), ("seed", "of")):
        if row["metric"] == metric and row["of"] > 0:
            step, seconds = (row[name] if is_number(row.get(name)) else None for name in ("step", "seconds"))
            found.setdefault(row["arm"], []).append(Crossing(row["seed"], step, row["of"], seconds))
    return found


def baselines(summary: Mapping) -> dict[str, dict]:
    """Name -> its figures, those that are numbers."""
    found = summary.get("baselines")
    rows = found.items() if isinstance(found, dict) else ()
    return {name: {k: v for k, v in row.items() if is_number(v)} for name, row in rows if isinstance(row, dict)}


def sizes(summary: Mapping) -> dict[str, dict[str, float]]:
    """Arm -> what was asked and reached, as shares of the teacher's, means over seeds."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows_of(summary, "sizes", ("arm",), ("blocks",)):
        for name in ("asked", "blocks", "all", "image", "text"):
            if is_number(row.get(name)):
                found.setdefault(row["arm"], {}).setdefault(name, []).append(row[name])
    return {arm: {name: fmean(values) for name, values in mine.items()} for arm, mine in found.items()}


def interval(values: Iterable[float]) -> Spread:
    """The mean of values, one a seed, and its interval by Student's t."""
    found, mean, _, low, high = mean_with_interval(list(values))
    known = math.isfinite(low)
    return Spread(mean, low if known else None, high if known else None, len(found), 0)
