"""timings.jsonl: what the stages of this machine's own runs took, for an honest figure of the next one's time.

A row is one stage of a run that went through without a break: `study`, `stage`, `seconds` by the clock, `cpu_s` by the
processor (null where several threads share a product, or a GPU works), `crowding` (how many wanted each core),
`device`, `models`, `parts` (the work that was counted, as runs/work.py has it), `memory_mb` (the most so far, of all
its processes) and `memory_counted`. Only numbers; nothing of what a run found. Knows the home folder; not what is
computed.
"""

import contextlib
import json
import os
import resource
import sys
import time
from pathlib import Path

import psutil

from backend.core.processors import cores
from backend.disk import home, write_atomically
from backend.errors import UserError

KEPT = 200  # rows; older ones are of older programs on another day's machine
NUMBERS = ("seconds", "crowding", "memory_mb", "memory_counted")
_begun: float | None = None  # when this process, which serves several runs, took up the present one
_spent = (0.0, 0.0)  # and what it and its children had spent until then


def timings_path() -> Path:
    return home() / "timings.jsonl"


def begin_again() -> None:
    """A process takes up a run: what it did before is no part of this run's start."""
    global _begun, _spent
    _begun, _spent = time.time(), cpu_seconds()


def age() -> float:
    """Seconds since this process took up its run, or was born for it."""
    return time.time() - (_begun or psutil.Process().create_time())


def note(row: dict) -> None:
    """Add a row. That it cannot be written is no reason to end a run."""
    with contextlib.suppress(OSError, UserError):
        path = timings_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            file.write((json.dumps(row) + "\n").encode())
        rows = path.read_bytes().splitlines(keepends=True)
        if len(rows) > 2 * KEPT:
            write_atomically(path, b"".join(rows[-KEPT:]))


def timings(study: str) -> list[dict]:
    """The rows of a study, oldest first. What is no row is passed over: it may be cut off, or of another version."""
    rows = []
    with contextlib.suppress(OSError):
        for line in timings_path().read_bytes().splitlines():
            with contextlib.suppress(ValueError):
                row = json.loads(line)
                rows += [row] if is_row(row) and row["study"] == study else []
    return rows


def is_row(row: object) -> bool:
    """Whether all is there that an estimate asks for, as this version writes it."""
    try:
        numbers = [float(row[name]) for name in NUMBERS]
        shares = [int(part[name]) for part in row["parts"] for name in ("at_once", "threads")]
        counts = [float(count) for part in row["parts"] for count in part["amount"]]
        texts = [row["study"], row["stage"], row["device"], *row["models"], *(part["model"] for part in row["parts"])]
        told = isinstance(row["models"], list) and (row["cpu_s"] is None or float(row["cpu_s"]) >= 0)
        return told and min(numbers) > 0 and min(shares) > 0 <= min(counts) and all(isinstance(t, str) for t in texts)
    except (KeyError, TypeError, ValueError):
        return False


def crowding() -> float:
    """How many wanted each core in the last minute; 1 where there was room."""
    return max(1.0, os.getloadavg()[0] / cores()) if hasattr(os, "getloadavg") else 1.0


def cpu_seconds() -> tuple[float, float]:
    """What the processor spent on this process, and on its children, those that have ended among them."""
    spent, children = os.times(), 0.0
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            told = child.cpu_times()
            children += told.user + told.system + told.children_user + told.children_system
    return spent.user + spent.system, children + spent.children_user + spent.children_system


def cpu_before() -> tuple[float, float]:
    """What was spent before this process took up its run."""
    return _spent


def peak_memory_mb(children: int = 0) -> float:
    """The most that this process held at once, and for each of its `children` as much as the largest of them did."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (own + child * children) / unit
