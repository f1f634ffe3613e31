"""Processes behind a run: their environment, signals to them, and what a worker's end means for the run's status.

Standard library only; knows the run folder, no queue and no study.
"""

import contextlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.core.processors import cores
from backend.runs.folder import LIVE_STATES, RunDir
from backend.runs.worker import JOB

SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|PRIVATE", re.IGNORECASE)
PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cause:
    """Why a worker ended that did not say so itself: a sentence for people, and a word for programs."""

    found: str
    kind: str = "died"


NO_WORD = Cause("The worker ended without an error message.")
KILLED = Cause("The worker was killed, most likely because the machine ran out of memory.", "killed")


def settle(run: RunDir, cause: Cause = NO_WORD) -> dict:
    """Give a run that nobody computes a last state, and return it; nothing where its worker wrote one itself."""
    if not run.path.exists() or run.status()["state"] not in LIVE_STATES:
        return {}
    if run.stop_requested():
        return run.set_last_status(state="stopped", eta_s=None)
    return run.set_last_status(state="failed", eta_s=None, error=death_note(cause))


def death_note(cause: Cause) -> dict[str, str]:
    """What stands in status.json of a worker that wrote nothing there itself."""
    return {
        "found": cause.found,
        "expected": "a worker that says how it ended",
        "next_step": "Resume continues from the last checkpoint. The worker's log is worker.log.",
        "kind": cause.kind,
    }


def signal_group(pid: int | None, number: int) -> None:
    """Signal the worker and its children. Only a group that the worker leads: never the shell it was typed into."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if pid and os.getpgid(pid) == pid:
            os.killpg(pid, number)
        elif pid:
            os.kill(pid, number)


def worker_words(command: Sequence[str], run: RunDir, stages: str | None) -> list[str]:
    """The command line of a worker, wherever it computes. `stages` empty or None: all."""
    words = [*command, "run", run.config()["study"], "--out", str(run.path), "--from-config"]
    return words + (["--stages", stages] if stages else [])


def worker_environment() -> dict[str, str]:
    """The server's environment without its secrets and its own job, and with the threads we mean a worker to use."""
    threads = str(cores())
    kept = {name: value for name, value in os.environ.items() if name != JOB and not SECRET.search(name)}
    return kept | {
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONUNBUFFERED": "1",
    }
