"""Runners: start, watch and stop the process behind a run.

A run's process belongs to neither the page nor the server: it has its own session, writes to its own log, and a new
server finds it again through status.json. Standard library and psutil; knows no study, no screen and no tensor.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from backend.core.errors import UserError
from backend.runs import LIVE_STATES, RunDir

PROJECT = Path(__file__).resolve().parent.parent
SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|PRIVATE", re.IGNORECASE)
GRACE_S = 10.0  # a worker looks at the stop flag once per update; the largest models need some seconds for one
MOST_WAITING = 8


class Runner(Protocol):
    """What the page needs of any place that computes: this machine today, a cluster tomorrow."""

    def start(self, run: RunDir, stages: str | None = None) -> None:
        """See that the run computes, now or when its turn comes. A run that lives already is left alone."""

    def poll(self, run: RunDir) -> dict:
        """The run's status with `alive`, and `ahead`: how many runs wait before it."""

    def stop(self, run: RunDir) -> None:
        """Ask the run to stop. Returns at once."""

    def discard(self, run: RunDir) -> None:
        """Delete the run's folder: now, or as soon as it has been stopped. Returns at once."""


class LocalRunner:
    """Child processes of this machine, one at a time; further runs below `root` wait in the order they came."""

    def __init__(
        self, root: Path, command: Sequence[str] = (sys.executable, "-m", "backend"), grace_s: float = GRACE_S
    ):
        self.root, self.command, self.grace_s = Path(root), list(command), grace_s
        self._lock = threading.RLock()
        self._children: dict[Path, subprocess.Popen] = {}  # started here and not yet reaped
        self._waiting: list[Path] = []
        self._unwanted: set[Path] = set()  # to be deleted once their process is gone

    # -- the four verbs --------------------------------------------------------------------------------------
    def start(self, run: RunDir, stages: str | None = None) -> None:
        """`stages` limits what the worker does, and is kept for the next start; None: as last time."""
        with self._lock:
            if self._lives(run) or run.path in self._waiting or run.path in self._unwanted:
                return
            if len(self._waiting) >= MOST_WAITING:
                raise UserError(
                    f"{MOST_WAITING} runs are waiting already.",
                    "a shorter queue",
                    "Try again when one of them is done.",
                )
            run.stop_flag.unlink(missing_ok=True)
            kept = run.status().get("stages") if stages is None else stages
            run.set_status(state="queued", stages=kept, message="", error=None, eta_s=None, pid=None)
            self._waiting.append(run.path)
            self._start_next()

    def poll(self, run: RunDir) -> dict:
        with self._lock:
            if not run.path.exists():  # deleted a moment ago
                return {"state": "stopped", "alive": False, "ahead": 0}
            if run.status()["state"] in LIVE_STATES and not self._lives(run):
                self._look_after(run)
            status, alive = run.status(), self._lives(run)
            ahead = self._waiting.index(run.path) + 1 if run.path in self._waiting else 0
        if alive and run.stop_requested():
            status["state"] = "stopping"
        return {**status, "alive": alive, "ahead": ahead}

    def stop(self, run: RunDir) -> None:
        with self._lock:
            if run.path in self._waiting:
                self._waiting.remove(run.path)
                run.set_status(state="stopped", message="Stopped before it began")
            elif self._lives(run):
                run.stop_flag.touch()
                threading.Thread(target=self._end, args=(run,), daemon=True).start()
            else:
                settle(run)

    def discard(self, run: RunDir) -> None:
        with self._lock:
            self._unwanted.add(run.path)
            self.stop(run)
            self._clear(run)

    # -- how --------------------------------------------------------------------------------------------------
    def _process(self, run: RunDir) -> int | None:
        """Id of the process that computes the run now, whoever started it."""
        child = self._children.get(run.path)
        if child:
            return child.pid
        return run.status()["pid"] if run.worker_alive() else None

    def _lives(self, run: RunDir) -> bool:
        return self._process(run) is not None

    def _look_after(self, run: RunDir) -> None:
        """A live state without a process: it waits its turn, was left waiting by another server, or its worker died."""
        if run.status()["state"] == "queued":
            if run.path not in self._waiting:
                self._waiting.append(run.path)
            self._start_next()
        else:
            settle(run)

    def _start_next(self) -> None:
        while self._waiting and not self._busy():
            self._spawn(RunDir(self._waiting.pop(0)))

    def _busy(self) -> bool:
        """Something computes: a child of ours, or a worker that outlived an earlier server."""
        return bool(self._children) or any(
            RunDir(path.parent).worker_alive() for path in self.root.glob("*/*/status.json")
        )

    def _spawn(self, run: RunDir) -> None:
        stages = run.status().get("stages")
        words = [*self.command, "run", run.config()["study"], "--out", str(run.path), "--from-config"]
        words += ["--stages", stages] if stages else []
        try:
            with run.log_file.open("ab") as log:
                child = subprocess.Popen(
                    words,
                    cwd=PROJECT,
                    env=worker_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,  # a file: a pipe that nobody reads fills up and freezes the worker
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            run.set_status(state="failed", error=death_note(f"The worker could not be started ({error.strerror})."))
            return
        self._children[run.path] = child
        threading.Thread(target=self._reap, args=(run, child), daemon=True).start()

    def _reap(self, run: RunDir, child: subprocess.Popen) -> None:
        """Wait for the child, so that none becomes a zombie; settle its run; start the next one."""
        code = child.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)  # whatever it left behind
        with self._lock:
            self._children.pop(run.path, None)
            settle(run, code)
            self._clear(run)
            self._start_next()

    def _clear(self, run: RunDir) -> None:
        """Delete an unwanted run that no process writes any more; first its folder goes out of sight, in one step."""
        if run.path not in self._unwanted or self._lives(run):
            return
        aside = self.root.with_name("discarded") / f"{run.path.name}-{secrets.token_hex(4)}"
        with contextlib.suppress(FileNotFoundError):
            aside.parent.mkdir(parents=True, exist_ok=True)
            run.path.rename(aside)
        self._unwanted.discard(run.path)
        shutil.rmtree(aside.parent, ignore_errors=True)  # with what an earlier server may have left

    def _end(self, run: RunDir) -> None:
        """Flag, then SIGTERM, then SIGKILL, with a grace period after each."""
        pid = self._process(run)
        for step in (None, signal.SIGTERM, signal.SIGKILL):
            if step is not None:
                signal_group(pid, step)
            if self._gone(run, pid):
                break
        with self._lock:
            if not self._lives(run):
                settle(run)
                self._clear(run)
                self._start_next()

    def _gone(self, run: RunDir, pid: int | None) -> bool:
        """True as soon as this process is gone (the run may have a new one), False after the grace period."""
        until = time.monotonic() + self.grace_s
        while pid is not None and self._process(run) == pid:
            if time.monotonic() > until:
                return False
            with contextlib.suppress(FileNotFoundError):  # the run was discarded meanwhile
                run.stop_flag.touch()  # again: a worker clears an old flag when it begins, and may have done so
            time.sleep(0.1)
        return True


def settle(run: RunDir, code: int | None = None) -> None:
    """Give a run whose process is gone a final state, unless the process wrote one itself."""
    if not run.path.exists() or run.status()["state"] not in LIVE_STATES or run.worker_alive():
        return
    if run.stop_requested():
        run.set_status(state="stopped", eta_s=None)
    elif code == -signal.SIGKILL:
        found = "The worker was killed from outside, most often because the machine ran out of memory."
        run.set_status(state="failed", eta_s=None, error=death_note(found))
    else:
        run.set_status(state="failed", eta_s=None, error=death_note("The worker ended without saying why."))


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
