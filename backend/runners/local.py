"""Local workers: child processes of this machine, each in a session of its own, with its own log.

They outlive the server that started them; a new one finds them through status.json. Standard library and psutil; knows
no queue, no study and no screen.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from backend.errors import UserError
from backend.limits.hosts import HOSTS, LOCAL, Host
from backend.process import host_name, memory_of, started_at
from backend.runners.processes import (
    KILLED,
    PROJECT,
    Cause,
    death_note,
    signal_group,
    worker_environment,
    worker_words,
)
from backend.runners.workers import GRACE_S, WorkerRunner
from backend.runs import worker as workers
from backend.runs.folder import RunDir
from backend.runs.worker import Worker

COMMAND = (sys.executable, "-m", "backend")


class LocalLauncher:
    """See contract.Launcher."""

    name = workers.LOCAL

    def __init__(self, command: Sequence[str] = COMMAND):
        self.command = list(command)
        self._children: dict[Worker, subprocess.Popen] = {}  # started here and not yet reaped
        self._causes: dict[Worker, Cause] = {}

    def launch(self, run: RunDir, stages: str | None) -> Worker:
        try:
            child = self._spawn(worker_words(self.command, run, stages), run.log_file)
        except OSError as error:
            raise UserError(**death_note(Cause(f"The worker could not be started ({error.strerror})."))) from error
        try:
            began = started_at(child.pid)
        except psutil.Error:
            began = time.time()
        worker = Worker(self.name, host_name(), child.pid, began)
        self._children[worker] = child
        threading.Thread(target=self._reap, args=(worker, child), daemon=True).start()
        return worker

    def recover(self, run: RunDir) -> Worker | None:
        worker = run.worker()
        return worker if worker is not None and self.alive(worker) else None

    def alive(self, worker: Worker) -> bool | None:
        if worker in self._children:
            return True
        return worker.lives() if worker.here else None

    def end(self, worker: Worker, hard: bool) -> None:
        if self.alive(worker):
            signal_group(worker.id, signal.SIGKILL if hard else signal.SIGTERM)

    def usage(self, worker: Worker) -> int:
        return memory_of(worker.id) if worker.here else 0

    def cause(self, worker: Worker) -> Cause | None:
        return self._causes.pop(worker, None)

    # -- how ----------------------------------------------------------------------------------------------------------
    @staticmethod
    def _spawn(words: list[str], log_file: Path) -> subprocess.Popen:
        with log_file.open("ab") as log:
            return subprocess.Popen(
                words,
                cwd=PROJECT,
                env=worker_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,  # a file: a pipe that nobody reads fills up and freezes the worker
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _reap(self, worker: Worker, child: subprocess.Popen) -> None:
        """Wait for the child, so that none becomes a zombie, and end whatever it left behind."""
        code = child.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        if code == -signal.SIGKILL:
            self._causes[worker] = KILLED
        del self._children[worker]  # last: from now on it is gone


class LocalRunner(WorkerRunner):
    """Runs that compute in child processes of this machine."""

    def __init__(
        self, root: Path, command: Sequence[str] = COMMAND, grace_s: float = GRACE_S, host: Host = HOSTS[LOCAL]
    ):
        super().__init__(root, LocalLauncher(command), host, grace_s)
