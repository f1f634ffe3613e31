"""The table of room, from the rows that are there: a line a cell, with intervals and the parts of the variance.

Differences and deviations are in points of accuracy, of free answers in hundredths of a bit per character, counted so
that more is better. Knows rows; no model. May be asked for at any time: a cell that is not complete says so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from backend.core.scoring.compare import bootstrap
from benchmarks.room.cells import Axes, Cell
from benchmarks.room.measure import FULL, RANDOM, UNTRAINED

KEEP_DEVIATION, KEEP_ROOM = 1.5, 6.0
HEADS = (
    "data, share", "steps", "adapters on", "untrained", "random", "all the data", "all minus random (95 %)",
    "between sets (at most)", "between seeds", "step sizes: random, all", "students", "n", "keep",
)  # fmt: skip
# lower 2.5 % points of chi squared by degrees of freedom: what the upper bound of a deviation follows from
CHI = {1: 0.000982, 2: 0.0506, 3: 0.216, 4: 0.484, 5: 0.831, 6: 1.237, 7: 1.690, 8: 2.180, 9: 2.700}


@dataclass(frozen=True)
class Parts:
    """Standard deviations in the unit of the table: between sets, its upper 95 % bound, and between seeds of a set."""

    between: float
    at_most: float
    within: float


def parts(means: Sequence[Sequence[float]]) -> Parts:
    """The variance of students' means parted by one-way analysis of variance: `means[set][seed]`, alike many seeds.

    Between sets: the variance of the sets' means less the seeds' share of it, not below 0 (Searle et al. 1992, 3.4).
    The bound takes all of the variance of the sets' means for the sets'. Needs two sets; one seed has no deviation.
    """
    seeds = len(means[0])
    of_sets = float(np.var([fmean(one) for one in means], ddof=1))
    within = float(np.mean([np.var(one, ddof=1) for one in means])) if seeds > 1 else math.nan
    between = max(0.0, of_sets - within / seeds) if seeds > 1 else of_sets
    free = len(means) - 1
    at_most = of_sets * free / CHI[free] if free in CHI else of_sets
    return Parts(100 * between**0.5, 100 * at_most**0.5, 100 * within**0.5)


def table(rows: Sequence[dict], axes: Axes) -> str:
    """Markdown: a line for every cell that has any student of its own."""
    lines = ["| " + " | ".join(HEADS) + " |", "|" + "---|" * len(HEADS)]
    for key in sorted({(row["model"], row["rounded"]) for row in rows}):
        own = [row for row in rows if (row["model"], row["rounded"]) == key]
        cells = [cell for cell in axes.cells() if of_cell(own, cell, RANDOM)]
        lines += ["| " + " | ".join(line(own, cell)) + " |" for cell in cells]
    return "\n".join(lines)


def of_cell(rows: Sequence[dict], cell: Cell, arm: str) -> list[dict]:
    """The students of an arm that are comparable: those with the most test questions, none that diverged."""
    wanted = {"data": cell.data, "kind": "student", "arm": arm}
    if arm != UNTRAINED:
        wanted |= {"steps": cell.steps, "top": cell.top, "modules": cell.modules}
        wanted |= {"budget": cell.budget if arm == RANDOM else 1.0}
    found = [row for row in rows if all(row.get(k) == v for k, v in wanted.items()) and "mean" in row]
    return [row for row in found if row["n"] == max(one["n"] for one in found)]


def line(rows: Sequence[dict], cell: Cell) -> list[str]:
    """The cells of one line."""
    untrained, random, full = (of_cell(rows, cell, arm) for arm in (UNTRAINED, RANDOM, FULL))
    sets = by_set(random)
    whole = [one for one in sets if len(one) == max(map(len, sets))]
    found = parts([[row["mean"] for row in one] for one in whole]) if len(whole) > 1 else None
    room = gap(full, whole) if full and full[0]["n"] == random[0]["n"] else None
    sizes = f"{random[0]['lr']:g}, {full[0]['lr']:g}" if full else f"{random[0]['lr']:g}, -"
    return [
        f"{cell.data}, {100 * cell.budget:g} %", f"{cell.steps}", f"top {cell.top}, {cell.modules}",
        mean_of(untrained), mean_of(random), mean_of(full),
        "-" if room is None else f"{room[0]:+.1f} ({room[1]:.1f} to {room[2]:.1f})",
        "-" if found is None else f"{found.between:.1f} ({found.at_most:.1f})",
        "-" if found is None or math.isnan(found.within) else f"{found.within:.1f}",
        sizes, f"{len(random)} + {len(full)}", f"{random[0]['n']}", verdict(found, room),
    ]  # fmt: skip


def by_set(rows: Sequence[dict]) -> list[list[dict]]:
    """Students of the same set together."""
    return [[row for row in rows if row["set"] == draw] for draw in sorted({row["set"] for row in rows})]


def gap(full: Sequence[dict], sets: Sequence[Sequence[dict]]) -> tuple[float, float, float]:
    """All the data minus random sets, with its 95 % interval over questions, sets and students; more is better."""
    free = full[0]["metric"] == "bits"
    a = np.array([each(row) for row in full])
    b = np.array([np.mean([each(row) for row in one], axis=0) for one in sets])
    drawn = bootstrap(a, b, 2000, 0, bounded=not free)
    sign = -1 if free else 1
    low, high = sorted(sign * bound for bound in np.percentile(drawn, (2.5, 97.5)))
    return 100 * sign * float(a.mean() - b.mean()), 100 * low, 100 * high


def each(row: dict) -> list[float]:
    """What each test question adds."""
    return list(map(float, row["each"]))


def mean_of(rows: Sequence[dict]) -> str:
    return f"{fmean(row['mean'] for row in rows):.3f}" if rows else "-"


def verdict(found: Parts | None, room: tuple[float, float, float] | None) -> str:
    """Whether a search has something to find here. The deviation that is asked for is the estimate, not its bound."""
    if found is None or room is None:
        return "not complete"
    return "keep" if found.between >= KEEP_DEVIATION and room[0] >= KEEP_ROOM else "no"
