"""Places that compute, behind one face, for the contract of runners: each with a stand-in for the engine.

`local` has the laboratory's child processes. `remote` has the same as jobs of another machine, whose own book says what
became of them. `ray` has the same as jobs of a cluster whose Job API is a stand-in (job_api.py). `slices` has a GPU
that does a few steps, and a page for each owner. `replay` computes nothing.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from backend.limits.hosts import HOSTS, LOCAL, ZERO_GPU
from backend.process import HOST_NAME, host_name, lives, memory_of, started_at
from backend.runners import slices
from backend.runners.local import LocalLauncher
from backend.runners.processes import PROJECT, Cause, signal_group, worker_environment
from backend.runners.ray.book import Book
from backend.runners.ray.cluster import Cluster
from backend.runners.ray.launcher import RayLauncher, RayRunner, Share
from backend.runners.replay import ReplayRunner
from backend.runners.slices import SliceRunner
from backend.runners.workers import WorkerRunner
from backend.runs.folder import LIVE_STATES, RunDir
from backend.runs.worker import JOB, Worker
from tests.lab import WORKER
from tests.runners.job_api import JobApi

FAR_AWAY = "far-away"
GONE = (2**22 - 3, 1.0)  # an id and a start that no process has
KINDS = ("local", "remote", "ray", "slices", "replay")


class Remote:
    """A launcher whose jobs claim their folders as workers of another host. Its book outlives the server."""

    name = "remote"

    def __init__(self, command: list[str], book: Path):
        self.command, self.book, self.answers = command, book, True
        book.mkdir(exist_ok=True)

    def launch(self, run: RunDir, stages: str | None) -> Worker:
        job = f"job-{len(list(self.book.iterdir()))}"
        words = [*self.command, "run", run.config()["study"], "--out", str(run.path), "--from-config"]
        told = worker_environment() | {JOB: f"{self.name}:{job}", HOST_NAME: FAR_AWAY}
        with run.log_file.open("ab") as log:
            child = subprocess.Popen(words, cwd=PROJECT, env=told, stdout=log, stderr=log, start_new_session=True)
        (self.book / job).write_text(json.dumps([child.pid, started_at(child.pid)]))
        threading.Thread(target=child.wait, daemon=True).start()
        return Worker(self.name, FAR_AWAY, job, time.time())

    def recover(self, run: RunDir) -> Worker | None:
        worker = run.worker()
        return worker if worker is not None and self.alive(worker) else None

    def alive(self, worker: Worker) -> bool | None:
        return lives(*self.process(worker)) if worker.launcher == self.name and self.answers else None

    def end(self, worker: Worker, hard: bool) -> None:
        signal_group(self.process(worker)[0], signal.SIGKILL if hard else signal.SIGTERM)

    def usage(self, worker: Worker) -> int:
        return memory_of(self.process(worker)[0])

    def cause(self, worker: Worker) -> Cause:
        return Cause("The other machine ended the job.")

    def process(self, worker: Worker) -> tuple[int, float]:
        """What the other machine knows it by."""
        pid, started = json.loads((self.book / str(worker.id)).read_text())
        return pid, started


class Place:
    """`server()` is a runner on the one store; a second one comes after a restart."""

    def __init__(self, kind: str, folder: Path):
        self.kind, self.root, self.folder = kind, folder / "runs", folder
        self.begun: list[Path] = []  # by whom slices were computed, in order
        self.killed: set[Path] = set()  # whose slices are broken off
        self._servers, self._closed = [], threading.Event()
        self.api = JobApi() if kind == "ray" else None
        script = folder / "worker.py"
        script.write_text(WORKER)
        self.command = [sys.executable, str(script)]

    def server(self, grace_s: float = 5.0, pages: bool = True, **limits):
        """`pages`: owners look at their runs, without which nothing is computed in slices."""
        host = replace(HOSTS[ZERO_GPU if self.kind == "slices" else LOCAL], reserve=0, per_owner=None, **limits)
        if self.kind == "replay":
            return ReplayRunner(self.root, host)
        if self.kind == "slices":
            runner = SliceRunner(self.root, host, self._gpu)
            if pages:
                for owner in ("a", "b"):
                    threading.Thread(target=self._page, args=(runner, owner), daemon=True).start()
            return runner
        self._servers.append(self._launched(host, grace_s))
        return self._servers[-1]

    def run(self, name: str, mode: str = "patient", owner: str = "a", **more) -> RunDir:
        """`patient` computes until it is told to stop, `quick` finishes at once or `before_claim` seconds later."""
        return RunDir.create(self.root / owner / name, "text_distillation", None, {"mode": mode, **more})

    def kill(self, run: RunDir) -> None:
        """End without a word whoever computes the run."""
        if self.kind == "slices":
            self.killed.add(run.path)
        else:
            os.kill(self._process(run)[0], signal.SIGKILL)

    def dead_worker(self) -> dict:
        """One whose process is no more, as status.json names it."""
        if self.kind == "remote":
            (self.folder / "book").mkdir(exist_ok=True)
            (self.folder / "book" / "job-dead").write_text(json.dumps(GONE))
            return asdict(Worker("remote", FAR_AWAY, "job-dead", GONE[1]))
        if self.kind == "ray":
            return asdict(Worker("ray", FAR_AWAY, self.api.dead_job(), GONE[1]))
        return asdict(Worker("local", host_name(), *GONE))

    def order(self) -> list[str]:
        """The names of all runs that have begun, by when."""
        if self.kind == "slices":
            return [path.name for path in dict.fromkeys(self.begun)]
        found = [RunDir(path) for path in self.root.glob("*/*")]
        return [run.path.name for run in sorted(found, key=lambda run: run.worker().started)]

    def close(self) -> None:
        self._closed.set()
        for runner in self._servers:
            runner.grace_s = 0.2
            runner.shutdown()
        if self.api is not None:
            self.api.close()
        for path in self.root.glob("*/*"):
            if self.kind in ("local", "remote") and RunDir(path).worker() and lives(*self._process(RunDir(path))):
                os.killpg(self._process(RunDir(path))[0], signal.SIGKILL)

    # -- how ------------------------------------------------------------------------------------------------------
    def _launched(self, host, grace_s: float) -> WorkerRunner:
        if self.kind == "ray":
            words = ["env", f"PYTHONPATH={PROJECT}", *self.command]
            book = Book(Cluster(self.api.address, self.api.token), look_s=0.05)
            return RayRunner(self.root, host, grace_s, RayLauncher(book, Share(), words))
        remote = self.kind == "remote"
        launcher = Remote(self.command, self.folder / "book") if remote else LocalLauncher(self.command)
        return WorkerRunner(self.root, launcher, host, grace_s)

    def _process(self, run: RunDir) -> tuple[int, float]:
        worker = run.worker()
        if self.kind == "ray":
            return self.api.process(worker.id)
        if self.kind == "remote":
            return Remote(self.command, self.folder / "book").process(worker)
        return worker.id, worker.started

    def _page(self, runner: SliceRunner, owner: str) -> None:
        while not self._closed.is_set():
            for path in sorted((self.root / owner).glob("*")):
                status = RunDir(path).status()
                if status["state"] in LIVE_STATES and "queued_at" in status:
                    runner.advance(RunDir(path))
            time.sleep(0.02)

    def _gpu(self, duration: Callable) -> Callable:
        return lambda compute: self._lend

    def _lend(self, folder: str, seconds: float, margin: float) -> None:
        run = RunDir(folder)
        self.begun.append(run.path)
        wanted = run.config()["config"]
        run.set_status(state="running", stage="experts", total=1000, worker=self.dead_worker())
        if run.path in self.killed:
            raise RuntimeError("GPU task aborted")
        time.sleep(wanted.get("before_claim", 0.1))
        run.set_status(done=run.status().get("done", 0) + 1, worker=None)
        if run.stop_requested():
            run.set_status(state="stopped")
        elif wanted["mode"] == "quick":
            run.set_status(state="finished")


def prepare(monkeypatch) -> None:
    """No torch here; a busy machine is no page that went away."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.setattr(slices, "load_engine", lambda *_: None)
    monkeypatch.setattr(slices, "PATIENCE_S", float("inf"))
