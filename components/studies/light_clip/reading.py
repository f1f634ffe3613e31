"""What the page reads of a LightCLIP run: pictures, matches, rows of labels, hidden words, figures and their intervals.

A row that lacks something is left out, so a run of an older version, or one that somebody brought, shows what it has.
Knows the run folder's files; no widget and no markup.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backend.runs.folder import RunDir
from backend.runs.seeds import mean_with_interval

PART = re.compile(r"[a-z][a-z0-9_]{0,40}")
MOST_WORDS, MOST_PATCHES = 40, 1024
Row = Mapping[str, object]


@dataclass(frozen=True)
class Spread:
    """A mean over seeds with its 95 % interval; `low` and `high` are None where there is none."""

    mean: float
    low: float | None = None
    high: float | None = None
    seeds: int = 0
    n: int = 0

    @property
    def known(self) -> bool:
        """Whether there is an interval that can tell something: one without any width excludes zero by itself."""
        return self.low is not None and self.high is not None and self.high > self.low

    @property
    def beyond(self) -> bool:
        """Whether the interval excludes zero; not so where there is none."""
        return self.known and not self.low <= 0 <= self.high


@dataclass(frozen=True)
class Figure:
    """A figure of an arm, and its difference to base, paired by seed."""

    value: Spread
    against: Spread | None = None


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_share(value: object) -> bool:
    return is_number(value) and 0 <= value <= 1


def is_whole(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**53


def is_part(value: object) -> bool:
    """Whether this can be the name of an arm, a rule or a metric."""
    return isinstance(value, str) and PART.fullmatch(value) is not None


def is_rows(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(row, Mapping) for row in found)


# -- figures --------------------------------------------------------------------------------------------------------
def spread_of(row: object) -> Spread | None:
    """The mean and bounds of a row; None where it has no mean."""
    if not isinstance(row, Mapping) or not is_number(row.get("mean")):
        return None
    low, high = (row[name] if is_number(row.get(name)) else None for name in ("low", "high"))
    seeds, n = (row[name] if is_whole(row.get(name)) else 0 for name in ("seeds", "n"))
    return Spread(row["mean"], *((low, high) if None not in (low, high) else (None, None)), seeds, n)


def figures(summary: Mapping) -> dict[tuple[str, str], Figure]:
    """`(arm, metric) -> Figure` of a finished run; empty before."""
    found, rows = {}, summary.get("ablation")
    for row in rows if is_rows(rows) else []:
        value = spread_of(row)
        if value and is_part(row.get("arm")) and is_part(row.get("metric")):
            found[row["arm"], row["metric"]] = Figure(value, spread_of(row.get("against")))
    return found


def over_seeds(by_seed: Mapping[int, float], n: int = 0) -> Spread:
    """The mean of a figure over seeds with its interval by Student's t; one seed has no interval."""
    values = list(by_seed.values())
    _, mean, _, low, high = mean_with_interval(values)
    return Spread(mean, *((low, high) if len(values) > 1 else (None, None)), len(values), n)


def paired(a: Mapping[int, float], b: Mapping[int, float]) -> Spread | None:
    """a - b over the seeds that both have; None where there is none."""
    shared = {seed: a[seed] - b[seed] for seed in sorted(a.keys() & b.keys())}
    return over_seeds(shared) if shared else None


def by_seed(rows: Iterable[Row], metric: str) -> dict[int, float]:
    """Seed -> a share, of rows that differ in their seed alone; of a seed that stands twice the later one."""
    return {row["seed"]: row[metric] for row in rows if is_whole(row.get("seed")) and is_share(row.get(metric))}


def most_asked(rows: Iterable[Row]) -> int:
    return max((row["n"] for row in rows if is_whole(row.get("n"))), default=0)


# -- what is looked at ----------------------------------------------------------------------------------------------
def shown(run: RunDir, name: str) -> list[dict]:
    """The rows of a file that name a picture, an arm and, where they have one, a step; of seed 0 alone, and of one step
    size an arm."""
    rows = [
        row
        for row in run.rows(name)
        if is_whole(row.get("picture"))
        and is_part(row.get("arm"))
        and row.get("seed") == 0
        and is_whole(row.get("step", 0))
    ]
    chosen = step_sizes(run, rows)
    return [row for row in rows if row.get("lr") == chosen[row["arm"]]]


def step_sizes(run: RunDir, rows: Iterable[Row]) -> dict[str, object]:
    """Arm -> the step size that was chosen; that of the latest row while several are tried."""
    found = {row["arm"]: row.get("lr") for row in rows}
    told = run.summary().get("chosen")
    return found | ({arm: lr for arm, lr in told.items() if is_number(lr)} if isinstance(told, Mapping) else {})


def is_match(row: Row) -> bool:
    """Whether a row of matches.jsonl is whole: a row of cosines for each word, all as long, and patches within."""
    words, cosines, truth, chosen = (row.get(name) for name in ("words", "cosines", "truth", "chosen"))
    if not (isinstance(words, list) and 0 < len(words) <= MOST_WORDS and all(isinstance(one, str) for one in words)):
        return False
    if not (isinstance(cosines, list) and isinstance(truth, list) and isinstance(chosen, Mapping)):
        return False
    if not len(cosines) == len(truth) == len(words) or not isinstance(cosines[0], list):
        return False
    patches = len(cosines[0])
    whole = 0 < patches <= MOST_PATCHES and math.isqrt(patches) ** 2 == patches

    def patch(one: object) -> bool:
        return is_whole(one) and one < patches

    return (
        whole
        and all(isinstance(line, list) and len(line) == patches and all(map(is_number, line)) for line in cosines)
        and all(places is None or (isinstance(places, list) and all(map(patch, places))) for places in truth)
        and all(is_part(rule) and _is_choice(found, len(words), patch) for rule, found in chosen.items())
    )


def _is_choice(found: object, words: int, patch) -> bool:
    return isinstance(found, list) and len(found) == words and all(one is None or patch(one) for one in found)


def is_label(row: Row) -> bool:
    """Whether a row of labels.jsonl is whole."""
    others = row.get("others")
    return is_number(row.get("softness")) and is_rows(others) and all(map(_is_other, others))


def _is_other(one: Row) -> bool:
    return is_whole(one.get("id")) and is_number(one.get("weight")) and one["weight"] >= 0


def is_masked(row: Row) -> bool:
    """Whether a row of masked.jsonl is whole: a caption with a place in it, and guesses with and without."""
    text, place = row.get("text"), row.get("place")
    if not (isinstance(text, str) and isinstance(row.get("word"), str) and is_whole(place)):
        return False
    return place < len(text.split()) <= MOST_WORDS and all(is_guesses(row.get(name)) for name in ("with", "without"))


def is_guesses(found: object) -> bool:
    """Whether these are words with their probabilities."""
    return isinstance(found, list) and 0 < len(found) <= 10 and all(_is_guess(one) for one in found)


def _is_guess(one: object) -> bool:
    return isinstance(one, Sequence) and len(one) == 2 and isinstance(one[0], str) and is_number(one[1])


def evaluated(run: RunDir, metric: str) -> dict[str, list[list]]:
    """Arm -> `[step, value, n]` of seed 0 on validation pictures, step after step."""
    found: dict[str, dict[int, list]] = {}
    rows = [row for row in run.rows("metrics") if row.get("stage") == "evaluate" and row.get("seed") == 0]
    rows = [row for row in rows if is_part(row.get("arm")) and is_whole(row.get("step"))]
    chosen = step_sizes(run, rows)
    for row in rows:
        if row.get("lr") == chosen[row["arm"]] and is_number(row.get(metric)):
            n = row["n"] if is_whole(row.get("n")) else 0
            found.setdefault(row["arm"], {})[row["step"]] = [row["step"], row[metric], n]
    return {arm: [mine[step] for step in sorted(mine)] for arm, mine in found.items()}
