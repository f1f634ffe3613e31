"""A guess at what a run will need on this machine, before it starts: seconds from and to, and memory.

cost.py counts the work; the pace comes from the machine's own finished stages (runs/timings.py), corrected for how busy
it was then and is now. Before there are any, the bundled models' paces are scaled by a tiny timed product of matrices;
other models are unknown. Torch-free. Knows rows and counts; no run folder.
"""

import contextlib
import statistics
from collections.abc import Sequence

from backend.disk import home
from backend.errors import UserError
from backend.runs.machine import BUSY, Estimate, Machine
from backend.settings import build, from_saved
from backend.studies.text_distillation.branching import RECORDING
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.cost import SPEEDS, distil_work, heldout_work, memory_mb, stage_work
from backend.studies.text_distillation.decoders import SEARCH
from backend.studies.text_distillation.study import STUDY

RECENT = 6  # timings of a stage that count
MEASURED, OTHERS, TABLE = 1.2, 1.7, 1.8  # how far off, either way: by this stage's timings, by others', by the table
FEW = 0.8  # and so much more, shared by the timings there are


def estimate(
    config: DistillConfig, stages: str, rows: Sequence[dict], machine: Machine, begun: int = 0
) -> Estimate | None:
    """For the comma-separated `stages` (empty: all) from update `begun` on; None where the model is unknown here."""
    rows = alike(config, rows, "cuda" if machine.gpu else "cpu")
    if not rows and (machine.gpu or config.model not in SPEEDS):
        return None
    wanted = ["start", *(stages.split(",") if stages else STUDY.stage_names)]
    work = remaining(config, rows, machine.workers, begun)
    paces = [pace_of(name, rows, config, machine) for name in wanted]
    low, high = (sum(work[name] * pace[i] for name, pace in zip(wanted, paces, strict=True)) for i in (0, 1))
    students = "evaluate" in wanted or ("decode" in wanted and config.decoder == SEARCH)
    memory = memory_of(config, rows, machine, students)
    return Estimate((low, high), memory, machine.crowding > BUSY)


def alike(config: DistillConfig, rows: Sequence[dict], device: str) -> list[dict]:
    """The timings of the same model on the same kind of device, each with its config; not those that cannot be read."""
    found = []
    for row in rows:
        with contextlib.suppress(KeyError, TypeError, UserError):  # of another version, or damaged
            if row["device"] == device and row["config"]["model"] == config.model:
                of = build(DistillConfig, from_saved(DistillConfig, row["config"]))
                numbers = {name: float(row[name]) for name in ("share", "seconds", "crowding", "memory_mb")}
                found.append({"stage": row["stage"], **numbers, "config": of})
    return found


def remaining(config: DistillConfig, rows: Sequence[dict], workers: int, begun: int) -> dict[str, float]:
    """The work of each stage, less the experts that this machine has recorded and the updates that are over."""
    work = stage_work(config, workers)
    recorded = recorded_experts(config, rows)
    work["experts"] *= max(0, config.experts - recorded) / config.experts
    again = max(0, min(config.heldout_experts, config.experts + config.heldout_experts - recorded))
    work["decode"] -= heldout_work(config) * (1 - again / config.heldout_experts) if config.heldout_experts else 0.0
    work["distil"] = distil_work(config, begun)
    return work


def recorded_experts(config: DistillConfig, rows: Sequence[dict]) -> int:
    """How many experts of this recipe earlier runs left behind; a run that was decoded also left its held-out ones."""
    if not any((home() / "experts").glob("*/*.safetensors")):
        return 0
    mine = {name: getattr(config, name) for name in RECORDING}
    same = [row for row in rows if {name: getattr(row["config"], name) for name in RECORDING} == mine]
    counts = {"experts": ("experts",), "decode": ("experts", "heldout_experts")}
    left = [sum(getattr(row["config"], name) for name in counts.get(row["stage"], ())) for row in same]
    return max(left, default=0)


def pace_of(stage: str, rows: Sequence[dict], config: DistillConfig, machine: Machine) -> tuple[float, float]:
    """Seconds for a unit of the stage's work: from, to."""
    mine, others = paces([row for row in rows if row["stage"] == stage], machine), paces(rows, machine)
    if mine:
        off = MEASURED + FEW / len(mine)
        low, high = mine[len(mine) // 4], mine[-1 - len(mine) // 4]
    elif others:
        off = OTHERS
        low = high = statistics.median(others)
    else:
        off = TABLE
        low = high = machine.pace * SPEEDS[config.model]
    # what else computes now may end soon, or stay
    return low / off * max(1.0, machine.crowding / 2), high * off * machine.crowding


def paces(rows: Sequence[dict], machine: Machine) -> list[float]:
    """Seconds for a unit of work, were the machine idle, of the latest rows; ascending."""
    found = []
    for row in rows[-RECENT:]:
        work = stage_work(row["config"], machine.workers).get(row["stage"], 0.0) * row["share"]
        if work > 0:
            found.append(row["seconds"] / work / max(1.0, row["crowding"]))
    return sorted(found)


def memory_of(config: DistillConfig, rows: Sequence[dict], machine: Machine, students: bool) -> float:
    """Memory in MB, as cost.py counts it, times what earlier runs took beside what was counted for them."""
    counted = [memory_mb(row["config"], machine.workers, row["stage"] == "evaluate") for row in rows[-RECENT:]]
    ratios = [row["memory_mb"] / wanted for row, wanted in zip(rows[-RECENT:], counted, strict=True)]
    return memory_mb(config, machine.workers, students) * (max(ratios) if ratios else 1.0)
