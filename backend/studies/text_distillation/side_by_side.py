"""Several experts recorded at once, one process each, told as if one came after the other.

A worker leaves its rows in a file of its own; the one process that owns the run folder reads them and hands them on in
the experts' order, so the files of a run are the same however many work on it. Knows processes and files; not how an
expert steps.
"""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import psutil

from backend.core.pool import each, worker_count
from backend.runs.folder import RunDir
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.cost import experts_at_once
from backend.studies.text_distillation.one_expert import expert_path, record
from backend.studies.text_distillation.setup import Setup

COPIES = 4  # of a model's weights that a worker holds at most: its own, and as much again for a micro-batch, thrice
LIBRARIES = 600 * 2**20  # bytes
POCKET = 4.9e6  # bytes of opt-pocket, whose work the costs are counted in

Heard = Callable[[int, list[tuple[dict, bool]]], None]


def workers_for(setup: Setup) -> int:
    """How many experts to record at once; 1 where it would gain nothing, or half the memory would not hold them.

    The same for every run of a config on a machine, whatever was recorded before: numbers of threads round differently.
    """
    if setup.own.student.device.type != "cpu":
        return 1
    weights = setup.own.student.weight_bytes()
    fitting = psutil.virtual_memory().total // 2 // (COPIES * weights + LIBRARIES)
    return experts_at_once(setup.config, max(1, min(worker_count(), fitting)), weights / POCKET)


def record_together(setup: Setup, numbers: list[int], workers: int, run_dir: RunDir, hear: Heard) -> None:
    """Record the numbered experts; `hear(number, rows so far)` is told about twice a second of each, and at its end.

    `hear` must not raise. Where the run is asked to stop the workers save their halves and this returns early.
    """
    heard: dict[int, list[tuple[dict, bool]]] = {number: [] for number in numbers}
    cursors = dict.fromkeys(numbers, 0)

    def tell() -> None:
        for number in numbers:
            told, cursors[number] = run_dir.rows_since(rows_name(number), cursors[number])
            heard[number] += [(row, row.pop("new")) for row in told]
            hear(number, heard[number])

    try:
        for _ in each(partial(expert_worker, setup.config, run_dir.path), numbers, workers, tell):
            tell()
    finally:
        clear_rows(run_dir)


def rows_name(number: int) -> str:
    """Where a worker leaves its rows, for RunDir."""
    return f"artifacts/expert-{number}.rows"


def clear_rows(run_dir: RunDir) -> None:
    """Delete the workers' files of rows, those of a killed process too."""
    for file in run_dir.artifacts.glob("expert-*.rows.jsonl"):
        file.unlink(missing_ok=True)


def expert_worker(config: DistillConfig, folder: Path) -> Callable[[int], None]:
    """Load everything once, in a process of its own, and return what to do with an expert."""
    setup, run_dir = Setup(config), RunDir(folder)

    def work(number: int) -> None:
        if expert_path(setup, number).exists():  # of another run with the same recipe, meanwhile
            return
        with closing(record(setup, number, run_dir)) as rows:
            for row, new in rows:
                run_dir.append(rows_name(number), row | {"new": new})
                if run_dir.stop_requested():
                    return

    return work
