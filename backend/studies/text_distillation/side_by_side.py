"""Several experts recorded at once, one process each, told as if one came after the other.

A worker leaves its rows in a file of its own; the one process that owns the run folder reads them and hands them on in
the experts' order, so the files of a run are the same however many work on it. Knows processes and files; not how an
expert steps.
"""

import json
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import psutil
import torch

from backend.core.pool import each, worker_count
from backend.runs import RunDir
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
    files = {n: run_dir.artifacts / f"expert-{n}-{setup.recipe.digest()}.rows.jsonl" for n in numbers}
    for file in files.values():
        file.write_bytes(b"")

    def tell() -> None:
        for number, file in files.items():
            hear(number, [tuple(json.loads(line)) for line in file.read_bytes().split(b"\n")[:-1]])

    for _ in each(partial(expert_worker, setup.config, run_dir.path, files), numbers, workers, tell):
        tell()
    for file in files.values():
        file.unlink()


def expert_worker(config: DistillConfig, folder: Path, files: dict[int, Path]) -> Callable[[int], None]:
    """Load everything once, in whichever process this is, and return what to do with an expert."""
    setup, run_dir = Setup(config), RunDir(folder)
    torch.set_num_threads(1)

    def work(number: int) -> None:
        if expert_path(setup, number).exists():  # of another run with the same recipe, meanwhile
            return
        with closing(record(setup, number, run_dir)) as rows, files[number].open("ab", buffering=0) as told:
            for row in rows:
                told.write(json.dumps(row).encode() + b"\n")
                if run_dir.stop_requested():
                    return

    return work
