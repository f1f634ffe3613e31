"""The machine a run will meet: its workers, how many other programs compute, its pace beside a reference's.

Costs a fifth of a second every five. Torch-free; knows no study and no run folder.
"""

import os
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy
import psutil

from backend.core.processors import cores, gpus, workers

REFERENCE_S = 4.4e-5  # of four products of 64 x 64 matrices, on the machine where the studies' counts were made
LOAD, LOOKS, LOOK_S, SAME_S = Path("/proc/loadavg"), 10, 0.02, 5.0


@dataclass(frozen=True)
class Machine:
    """`workers`: processes of a run; `others`: other programs that compute."""

    workers: int
    cores: int
    others: float
    gpu: bool

    def crowding(self, at_once: int = 1) -> float:
        """How many times longer so many processes of a run take because others compute too."""
        return max(1.0, (self.others + at_once) / max(self.cores, at_once))


def this_machine() -> Machine:
    """This machine as it is now."""
    count = gpus()
    return Machine(workers(count), cores(), _others(int(time.monotonic() // SAME_S)), count > 0)


def slower_than_reference() -> float:
    """How many times longer than on the machine where the studies' counts were made, by arithmetic alone."""
    return _pace(int(time.monotonic() // 60))


@lru_cache(maxsize=1)
def _others(moment: int) -> float:
    """Programs that compute now and have done so for a while: a run that has just ended still stands in the mean over a
    minute, and a page that is just being loaded is no competitor."""
    mean = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("inf")
    try:
        seen = []
        for _ in range(LOOKS):
            time.sleep(LOOK_S)
            seen.append(int(LOAD.read_text().split()[3].partition("/")[0]) - 1)  # whoever looks is one of them
        return min(mean, sum(seen) / LOOKS)
    except (OSError, ValueError, IndexError):  # no Linux
        return min(mean, psutil.cpu_percent(LOOKS * LOOK_S) / 100 * cores())


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
