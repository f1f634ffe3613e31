"""Processes behind a run: their environment, signals to them, and what their end means for the run's status.

Standard library only; knows the run folder, no queue and no study.
"""

import contextlib
import os
import signal
from pathlib import Path

from backend.runs.folder import LIVE_STATES, RunDir
from backend.serving.journal import SECRET

PROJECT = Path(__file__).resolve().parents[2]


def settle(run: RunDir, code: int | None = None) -> dict:
    """Give a run whose process is gone a final state, and return it, unless the process wrote one itself."""
    if not run.path.exists() or run.status()["state"] not in LIVE_STATES or run.worker_alive():
        return {}
    if run.stop_requested():
        return run.set_last_status(state="stopped", eta_s=None)
    if code == -signal.SIGKILL:
        found = "The worker was killed from outside, most often because the machine ran out of memory."
        return run.set_last_status(state="failed", eta_s=None, error=death_note(found))
    return run.set_last_status(state="failed", eta_s=None, error=death_note("The worker ended without saying why."))


def death_note(found: str) -> dict[str, str]:
    return {
        "found": found,
        "expected": "a worker that says how it ended",
        "next_step": "Resume goes on from the last checkpoint. The worker's own words are in worker.log.",
    }


def signal_group(pid: int | None, number: int) -> None:
    """Signal the worker and its children. Only a group that the worker leads: never the shell it was typed into."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if pid and os.getpgid(pid) == pid:
            os.killpg(pid, number)
        elif pid:
            os.kill(pid, number)


def worker_environment() -> dict[str, str]:
    """The server's environment without its secrets, and with the threads we mean it to use."""
    affinity = getattr(os, "sched_getaffinity", None)
    threads = str(len(affinity(0)) if affinity else os.cpu_count() or 1)
    kept = {name: value for name, value in os.environ.items() if not SECRET.search(name)}
    return kept | {
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONUNBUFFERED": "1",
    }
