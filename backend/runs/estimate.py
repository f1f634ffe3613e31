"""How long a run of any study will take on this machine, and its memory: one figure, and how far off it may be.

A study counts the work, pace.py has what a unit takes here, and this machine's earlier runs correct both, stage by
stage. Torch-free; knows rows of timings.jsonl, no run folder.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backend.core.models.registry import find
from backend.runs.machine import Machine
from backend.runs.outlook import Expected
from backend.runs.pace import Pace, pace
from backend.runs.timings import timings
from backend.runs.work import START, Part, Work
from backend.settings import describe
from backend.study import Study, resolve

RECENT = 6  # timings of a stage that count
UNSURE, SURE = 1.4, 1.2  # how far off, either way: where nothing like it has run here, and after many runs
OWN_WORD = 1.0  # how many timings the count itself is worth
BUSY = 1.5  # times as long because of other programs: worth saying
CACHED = 0.25  # of what was counted: a stage that took less found its work done


@dataclass(frozen=True)
class Estimate:
    """`seconds` of the whole run and of each of its `stages`, between `low` and `high`, which is less than twice as
    much. `memory_mb`: the most at once, of all processes. `crowded`: other programs compute too."""

    seconds: float
    low: float
    high: float
    stages: Mapping[str, float]
    memory_mb: float
    crowded: bool


def estimate(study: Study, config: object, stages: str, machine: Machine, begun: int = 0) -> Estimate | None:
    """For the comma-separated `stages` (empty: all) from update `begun` on; None where too little is known."""
    work = work_of(study, config, stages, machine, begun)
    if work is None:
        return None
    rows = alike(timings(study.name), models_of(study, config), machine)
    found, measured = pace()
    known = all(model_is_known(model) for model in models_of(study, config)) and (measured or not machine.gpu)
    if not known and not rows:
        return None
    taken = list(dict.fromkeys(part.stage for part in work.parts))
    seconds = {stage: sum(stage_seconds(work, stage, found, machine)) for stage in taken}
    seconds = {stage: value * correction(stage, rows, found, known) for stage, value in seconds.items()}
    whole, crowded = sum(seconds.values()), machine.crowding() > BUSY
    off = UNSURE if crowded else SURE + (UNSURE - SURE) / (1 + min(times(rows, stage) for stage in taken))
    memory = work.memory_mb * max((row["memory_mb"] / row["memory_counted"] for row in rows), default=1.0)
    return Estimate(whole, whole / off, whole * off, seconds, memory, crowded)


def work_of(study: Study, config: object, stages: str, machine: Machine, begun: int = 0) -> Work | None:
    """What the study counts for those stages; None for one that counts nothing."""
    if not study.work:
        return None
    found: Work = resolve(study.work)(config, machine.workers, begun)
    wanted = {START, *(stages.split(",") if stages else study.stage_names)}
    return Work(tuple(part for part in found.parts if part.stage in wanted), found.memory_mb)


def stage_seconds(work: Work, stage: str, found: Pace, machine: Machine) -> list[float]:
    """Of each part of the stage, with what else computes now, as if it stayed."""
    parts = [part for part in work.parts if part.stage == stage]
    return [part_seconds(part, found) * machine.crowding(part.shared_by) for part in parts]


def part_seconds(part: Part, found: Pace) -> float:
    """On an idle machine."""
    return found.seconds(part.amount, part.model) / part.shared_by


# -- what earlier runs teach ------------------------------------------------------------------------------------
def correction(stage: str, rows: Sequence[dict], found: Pace, known: bool = True) -> float:
    """What to multiply the counted seconds of a stage by: the mean ratio of its own latest runs, drawn towards that of
    the study's other stages, and that towards 1; not where the count knows nothing of the model."""
    word = OWN_WORD if known else 1e-6
    overall = mean_ratio(rows, found, 0.0, word)
    return math.exp(mean_ratio([row for row in rows if row["stage"] == stage], found, overall, word))


def mean_ratio(rows: Sequence[dict], found: Pace, towards: float, word: float) -> float:
    """The mean logarithm of what stages took beside what is counted for them now; `towards` has so many words."""
    logs = [math.log(ratio) for row in rows if (ratio := ratio_of(row, found)) > CACHED]
    logs = logs[-RECENT:]
    return (sum(logs) + word * towards) / (len(logs) + word)


def ratio_of(row: dict, found: Pace) -> float:
    """By the processor's time where it was told, which knows of no other programs; else by the clock's."""
    counted = [Part.from_dict(row["stage"], told) for told in row["parts"]]
    if row["cpu_s"] is not None:
        return row["cpu_s"] / max(1e-9, sum(found.seconds(part.amount, part.model) for part in counted))
    idle = sum(part_seconds(part, found) for part in counted)
    return row["seconds"] / row["crowding"] / max(1e-9, idle)


def times(rows: Iterable[dict], stage: str) -> int:
    """How often the stage has run here."""
    return sum(row["stage"] == stage for row in rows)


def alike(rows: Iterable[dict], models: Sequence[str], machine: Machine) -> list[dict]:
    """Timings of the same kind of device and of models of the same size; not those that cannot be read."""
    device, sizes = "cuda" if machine.gpu else "cpu", {size_of(model) for model in models}
    return [row for row in rows if row["device"] == device and {size_of(m) for m in row["models"]} <= sizes]


def models_of(study: Study, config: object) -> list[str]:
    """The models that a config names."""
    found = []
    for item in describe(study.config):
        if item.kind == "model":
            value = getattr(config, item.name)
            found += [name for name in ([value] if isinstance(value, str) else value) if name]
    return found


def model_is_known(model: str) -> bool:
    return find(model) is not None


def size_of(model: str) -> int | str:
    """Models of a size, as the bundled two, take alike; of one that is not listed only itself is known."""
    entry = find(model)
    return entry.layers if entry else model


def expected(study: Study, config: object, stages: str, machine: Machine, begun: int = 0) -> Expected | None:
    """The estimate as a run keeps it by itself while it goes on: without seconds where too little is known as yet."""
    found, work = estimate(study, config, stages, machine, begun), work_of(study, config, stages, machine, begun)
    if work is None:
        return None
    about = {"study": study.name, "models": models_of(study, config), "memory_counted": round(work.memory_mb)}
    return Expected(found.stages if found else {}, work.parts, about)
