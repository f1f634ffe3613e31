"""A guess at what a run of any study will need here, from what earlier ones took: seconds from and to, and memory.

A stage says how much work it is; the machine's own finished stages say how long a unit takes. A study that counts more
exactly brings an estimate of its own. Torch-free; knows rows of timings.jsonl, no run folder.
"""

import statistics
from collections.abc import Sequence

from backend.errors import UserError
from backend.runs.machine import BUSY, Estimate, Machine
from backend.runs.timings import timings
from backend.settings import build, describe, from_saved
from backend.study import Study, resolve

RECENT = 6  # timings of a stage that count
SURE, FEW = 1.3, 0.9  # how far off, either way: with many timings, and so much more, shared by the timings there are


def estimate(study: Study, config: object, stages: str, machine: Machine, begun: int = 0) -> Estimate | None:
    """For the comma-separated `stages` (empty: all) from update `begun` on; None where nothing is known yet."""
    rows = timings(study.name)
    if study.estimate:
        return resolve(study.estimate)(config, stages, rows, machine, begun)
    return by_work(study, config, stages, rows, machine)


def by_work(study: Study, config: object, stages: str, rows: Sequence[dict], machine: Machine) -> Estimate | None:
    """Each stage's work times what a unit took before, of the same models on the same kind of device."""
    wanted = stages.split(",") if stages else study.stage_names
    low = high = memory = 0.0
    for stage in study.stages:
        if stage.name not in wanted or not stage.work:
            continue
        work = resolve(stage.work)(config)
        paces = paces_of(study, stage.name, stage.work, config, rows, machine)
        if work and not paces:
            return None
        if work:
            off = SURE + FEW / len(paces)
            middle = statistics.median(pace for pace, _ in paces)
            low += work * middle / off * max(1.0, machine.crowding / 2)
            high += work * middle * off * machine.crowding
            memory = max(memory, *(used for _, used in paces))
    return Estimate((low, high), memory, machine.crowding > BUSY) if high else None


def paces_of(
    study: Study, stage: str, work: str, config: object, rows: Sequence[dict], machine: Machine
) -> list[tuple[float, float]]:
    """Seconds for a unit of the stage's work on an idle machine, and memory in MB, of the latest runs alike."""
    models = [item.name for item in describe(study.config) if item.kind == "model"]
    found = []
    for row in rows:
        try:
            of = build(study.config, from_saved(study.config, row["config"]))
            done = resolve(work)(of) * float(row["share"])
            seconds, crowding, memory = (float(row[name]) for name in ("seconds", "crowding", "memory_mb"))
            alike = row["stage"] == stage and row["device"] == ("cuda" if machine.gpu else "cpu")
        except (KeyError, TypeError, ValueError, UserError):  # of another version, or damaged
            continue
        if alike and done > 0 and all(getattr(of, name) == getattr(config, name) for name in models):
            found.append((seconds / done / max(1.0, crowding), memory))
    return found[-RECENT:]
