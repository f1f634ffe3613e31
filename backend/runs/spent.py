"""What a run has cost: seconds of each stage, over stops and resumes, and the most memory of one process.

Knows a run folder and this process; no study.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from backend.disk import write_atomically
from backend.runs.folder import RunDir

SECONDS = "seconds.json"  # below artifacts


@contextmanager
def timed(run: RunDir, stage: str) -> Iterator[None]:
    """Add what a stage took to what it took before it was stopped."""
    begin, before = time.monotonic(), seconds_spent(run).get(stage, 0.0)
    try:
        yield
    finally:
        spent = seconds_spent(run) | {stage: round(before + time.monotonic() - begin, 1)}
        write_atomically(run.artifacts / SECONDS, json.dumps(spent))


def seconds_spent(run: RunDir) -> dict[str, float]:
    """Stage -> seconds so far."""
    return run.document(f"artifacts/{SECONDS}")


def peak_memory_mb() -> int:
    """The most that this process, or one of its workers, has held so far, in MB."""
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(most / (1024 if sys.platform != "darwin" else 1024**2))  # Linux counts kB, macOS bytes
