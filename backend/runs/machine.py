"""The machine a run will meet: its workers, its pace beside a reference, how crowded it is; and an estimate's shape.

Costs a few milliseconds once a minute. Torch-free; knows no study and no run folder.
"""

import os
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy

BUSY = 1.5  # programs for each core
REFERENCE_S = 1.5e-5  # of four products of 64 x 64 matrices, on the machine where the studies' constants were measured
GPUS = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True)
class Machine:
    """`pace`: how much slower than the reference; `crowding`: how many want each core, 1 where there is room."""

    workers: int
    pace: float
    crowding: float
    gpu: bool


@dataclass(frozen=True)
class Estimate:
    """`seconds`: from, to. `memory_mb`: the most at once, of all processes. `crowded`: other programs compute too."""

    seconds: tuple[float, float]
    memory_mb: float
    crowded: bool


def this_machine() -> Machine:
    """This machine as it is now."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    gpu = GPUS.is_dir()
    chosen = os.environ.get("DISTILLOSCOPE_WORKERS")  # as core.pool counts, which loads torch
    workers = max(1, int(chosen)) if chosen else 1 if gpu else min(4, cores)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return Machine(workers, _pace(int(time.monotonic() // 60)), max(1.0, (load + 1) / cores), gpu)


@lru_cache(maxsize=1)
def _pace(minute: int) -> float:
    """The best of many tries, so that what else the machine does is not counted twice. The matrices are too small for
    more than one thread: several would wait for each other."""
    a, best = numpy.ones((64, 64), dtype=numpy.float32), float("inf")
    for _ in range(300):
        began = time.perf_counter()
        for _ in range(4):
            a @ a
        best = min(best, time.perf_counter() - began)
    return best / REFERENCE_S
