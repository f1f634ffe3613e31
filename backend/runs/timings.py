"""timings.jsonl: what the stages of this machine's own runs took, for an honest guess at the next one's.

A row is one stage, finished without a break: `study`, `stage`, `share` (how much of the stage was to do), `seconds`,
`memory_mb` (the most so far, of all its processes), `crowding` (how many wanted each core), `device`, `config`. Only
numbers and settings; nothing of what a run found. Knows the home folder; not what is computed. Loads without torch.
"""

import contextlib
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from backend.disk import home, write_atomically
from backend.errors import UserError
from backend.runs.folder import RunDir

KEPT = 200  # rows; older ones are of older programs on another day's machine
_begun: float | None = None  # when this process, which serves several runs, took up the present one


def timings_path() -> Path:
    return home() / "timings.jsonl"


def begin_again() -> None:
    """A process takes up a run: what it did before is no part of this run's start."""
    global _begun
    _begun = time.time()


def age() -> float:
    """Seconds since this process took up its run, or was born for it."""
    return time.time() - (_begun or psutil.Process().create_time())


@contextlib.contextmanager
def timed(run: RunDir, stage: str, device: str, share: float, children: int = 0) -> Iterator[None]:
    """Write down what the stage took, unless it was broken off.

    `share`: how much of it is left to do, 0 to 1; `children`: how many processes help.
    """
    began = time.monotonic()
    yield
    if share > 0:
        note(run, stage, device, time.monotonic() - began, share, children)


def note(run: RunDir, stage: str, device: str, seconds: float, share: float = 1.0, children: int = 0) -> None:
    """Add a row. That it cannot be written is no reason to end a run."""
    found = run.config()
    row = {"study": found["study"], "stage": stage, "share": round(share, 4), "seconds": round(seconds, 3)}
    row |= {"memory_mb": round(peak_memory_mb(children)), "crowding": round(crowding(), 2)}
    row |= {"device": device, "config": found["config"]}
    with contextlib.suppress(OSError, UserError):
        path = timings_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            file.write((json.dumps(row) + "\n").encode())
        rows = path.read_bytes().splitlines(keepends=True)
        if len(rows) > 2 * KEPT:
            write_atomically(path, b"".join(rows[-KEPT:]))


def timings(study: str) -> list[dict]:
    """The rows of a study, oldest first. What is no row is passed over: it may be cut off by a full disk."""
    rows = []
    with contextlib.suppress(OSError):
        for line in timings_path().read_bytes().splitlines():
            with contextlib.suppress(ValueError):
                row = json.loads(line)
                rows += [row] if isinstance(row, dict) and row.get("study") == study else []
    return rows


def crowding() -> float:
    """How many wanted each core in the last minute; 1 where there was room."""
    return max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0)))


def peak_memory_mb(children: int = 0) -> float:
    """The most that this process held at once, and for each of its `children` as much as the largest of them did."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (own + child * children) / unit
