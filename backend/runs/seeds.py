"""Runs that differ in their seed alone: which they are, and what they come to together.

Each run counts once, however many students it trained: another seed draws other data, another start and other students,
and one run cannot show that luck. Knows run folders and rows of results; no study by name and no screen.
"""

import importlib
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.results import KEYS, summarise_results
from backend.settings import describe, from_saved
from backend.study import Study

SEED = "seed"  # the setting that everything random follows from
LEVEL = 0.975  # a 95 % interval, two-sided


@dataclass(frozen=True)
class Spread:
    """One figure of several runs, in the unit of its metric: each run's mean over its students, and these together.

    `sd` is the standard deviation over runs and `low` to `high` the 95 % interval of their mean (Student's t); all
    three are NaN of a single run. `arm` is what students learned from; of a gain, what was made `against` another arm.
    """

    student: str
    regime: str
    arm: str
    task: str
    metric: str
    values: tuple[float, ...]
    mean: float
    sd: float
    low: float
    high: float
    against: str = ""

    def as_row(self) -> dict:
        return asdict(self)


def has_seed(study: Study) -> bool:
    return any(item.name == SEED for item in describe(study.config))


def group(study: Study, run: RunDir, others: Iterable[RunDir]) -> list[RunDir]:
    """`run` and those of `others` with the same settings but for the seed, in the order of their seeds.

    Of several runs with one seed the first counts, `run` before all. A branch has another beginning and is never one.
    """
    wanted, found = _apart(study, run), {}
    for one in [run, *others]:
        if one is not run and (one.config().get("lineage") or _apart(study, one) != wanted):
            continue
        found.setdefault(seed_of(study, one), one)
    return [found[seed] for seed in sorted(found)]


def seed_of(study: Study, run: RunDir) -> int:
    return _whole(study, run)[SEED]


def alike(study: Study, runs: Sequence[RunDir]) -> None:
    """Raise UserError unless the runs are of the study and differ in their seed alone."""
    first = _apart(study, runs[0])
    for run in runs[1:]:
        if run.config()["study"] != study.name:
            raise UserError(f"{run.path} is of another study.", study.name, "Name runs of one study.")
        other = sorted(name for name, value in _apart(study, run).items() if first.get(name) != value)
        if other:
            found = f"{run.path} differs from {runs[0].path} in {', '.join(other)}."
            raise UserError(found, "runs that differ in their seed alone", "Name other runs.")
    seeds = [seed_of(study, run) for run in runs]
    if len(set(seeds)) < len(seeds):
        raise UserError(f"The seeds are {', '.join(map(str, seeds))}.", "each seed once", "Name each run once.")


def spreads(runs: Sequence[RunDir]) -> list[Spread]:
    """Every figure that all of the runs have: student, regime, arm, task and metric."""
    tables = [_means(run) for run in runs]
    shared = [key for key in tables[0] if all(key in table for table in tables)] if tables else []
    return [Spread(*key, *mean_with_interval([table[key] for table in tables])) for key in shared]


def gains(study: Study, runs: Sequence[RunDir]) -> list[Spread]:
    """What the study made minus what chance drew, run by run, for every student, regime, task and metric.

    `Study.ranked` names the two arms; none where it names none.
    """
    if len(study.ranked) < 2:
        return []
    made, chance = study.ranked[:2]
    tables, found = [_means(run) for run in runs], []
    for one in spreads(runs):
        where = (one.student, one.regime, chance, one.task, one.metric)
        if one.arm == made and all(where in table for table in tables):
            values = [value - table[where] for value, table in zip(one.values, tables, strict=True)]
            together = mean_with_interval(values)
            found.append(Spread(one.student, one.regime, made, one.task, one.metric, *together, against=chance))
    return found


def as_text(found: Sequence[Spread]) -> str:
    """The figures for a terminal; a gain is an arm against another."""
    lines = [f"{'student':20} {'regime':9} {'arm':22} {'task':15} {'metric':9} {'mean':>7} {'sd':>6} {'95 %':>16} runs"]
    for one in found:
        name = f"{one.arm} - {one.against}" if one.against else one.arm
        lines.append(
            f"{one.student[:20]:20} {one.regime:9} {name[:22]:22} {one.task[:15]:15} {one.metric:9} {one.mean:7.3f} "
            f"{one.sd:6.3f} {one.low:7.3f} to {one.high:5.3f} {len(one.values):4}"
        )
    return "\n".join(lines) if found else "No figure that all of these runs have."


def _means(run: RunDir) -> dict[tuple, float]:
    file = run.path / "results.jsonl"
    try:
        facts = file.stat()
    except OSError:
        return {}
    return _means_of(run.path, (facts.st_ino, facts.st_size, facts.st_mtime_ns))


@lru_cache(1024)
def _means_of(path: Path, facts: tuple[int, int, int]) -> dict[tuple, float]:
    """The means of a run, read anew when the `facts` of its results change: a page asks for them six times a look."""
    rows = RunDir(path).rows("results")
    return {tuple(row[name] for name in KEYS): row["mean"] for row in summarise_results(rows)}


def mean_with_interval(values: Sequence[float]) -> tuple[tuple[float, ...], float, float, float, float]:
    """`(values, mean, sd, low, high)` as in Spread, by Student's t; the last three are NaN of a single value."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return tuple(values), mean, math.nan, math.nan, math.nan
    sd = statistics.stdev(values)
    quantile = float(importlib.import_module("scipy.special").stdtrit(len(values) - 1, LEVEL))
    half = quantile * sd / math.sqrt(len(values))
    return tuple(values), mean, sd, mean - half, mean + half


def _whole(study: Study, run: RunDir) -> dict:
    """A run's settings, those too that it is too old to have."""
    defaults = {item.name: item.default for item in describe(study.config)}
    whole = defaults | from_saved(study.config, run.config()["config"])
    return {name: list(value) if isinstance(value, tuple) else value for name, value in whole.items()}


def _apart(study: Study, run: RunDir) -> dict:
    """A run's settings apart from its seed."""
    return {name: value for name, value in _whole(study, run).items() if name != SEED}
