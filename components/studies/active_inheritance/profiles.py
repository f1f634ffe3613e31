"""The profile of each writer: what its texts are like on average, its students taken together.

Reads the rows of profiles.jsonl, of which a run that was brought here may hold anything. Knows no widget and no markup.
"""

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backend.runs.seeds import mean_with_interval

Writer = tuple[str, str | None, int | None]  # who, objective, k


@dataclass(frozen=True)
class Profile:
    """One attribute of one writer: mean and 95 % interval, over `n` prompts and `seeds` students.

    `data` is the mean of the texts that it was taught; None of who was taught nothing here.
    """

    mean: float
    low: float
    high: float
    n: int
    seeds: int
    data: float | None


def gathered(rows: Iterable[Mapping]) -> dict[Writer, dict[str, Profile]]:
    """`writer -> metric -> Profile`, in the order of the rows. What is no number is left out."""
    groups: dict[Writer, dict[str, list[Mapping]]] = {}
    for row in rows:
        if all(_is_number(row.get(name)) for name in ("mean", "low", "high")):
            writer = (str(row.get("who")), row.get("objective") or None, _whole(row.get("k")))
            groups.setdefault(writer, {}).setdefault(str(row.get("metric")), []).append(row)
    return {who: {metric: _together(found) for metric, found in mine.items()} for who, mine in groups.items()}


def _together(rows: list[Mapping]) -> Profile:
    """The interval joins the luck of the prompts, which all students share, and that of the students (Student's t)."""
    means = [row["mean"] for row in rows]
    prompts = statistics.fmean((row["high"] - row["low"]) / 2 for row in rows)
    mean, low, high = statistics.fmean(means), rows[0]["low"], rows[0]["high"]
    if len(rows) > 1:
        _, mean, _, least, most = mean_with_interval(means)
        half = math.hypot(prompts, (most - least) / 2)
        low, high = mean - half, mean + half
    data = [row["data"] for row in rows if _is_number(row.get("data"))]
    taught = statistics.fmean(data) if data else None
    return Profile(mean, low, high, max(_whole(row.get("n")) or 0 for row in rows), len(rows), taught)


def objectives_of(found: Mapping[Writer, object], arm: str = "best") -> list[str]:
    """The objectives by which an arm's texts were chosen, in the order of the rows."""
    return list(dict.fromkeys(objective for who, objective, _ in found if who == arm and objective))


def largest(found: Mapping[Writer, dict[str, Profile]], arm: str, objective: str) -> Writer | None:
    """An arm's writer with the largest k; None where there is none."""
    mine = [writer for writer in found if writer[:2] == (arm, objective)]
    return max(mine, key=lambda writer: writer[2] or 0, default=None)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
