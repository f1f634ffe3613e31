"""The launcher of a Ray cluster: a run is a job with the very command line of this machine's launcher, on some node
that sees the run's folder on a shared disk.

Job and not actor: an actor belongs to a process of Ray's in the server, which ends when the cluster's head does; a job
is handed in over HTTP and goes on without the server. Knows the cluster's book and the run folder; no queue, no study.
"""

import os
import secrets
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.disk import home
from backend.errors import UserError
from backend.limits.hosts import HOSTS, LOCAL, Host
from backend.process import HOST_NAME
from backend.runners.processes import KILLED, PROJECT, SECRET, Cause, worker_words
from backend.runners.ray.book import Book
from backend.runners.ray.cluster import WAITING, Cluster, Job
from backend.runners.workers import GRACE_S, WorkerRunner
from backend.runs.folder import RunDir
from backend.runs.heartbeat import memory_told
from backend.runs.worker import JOB, Worker

RAY = "ray"
PYTHON, CPUS, GPUS, WORKERS = (f"DISTILLOSCOPE_RAY_{name}" for name in ("PYTHON", "CPUS", "GPUS", "WORKERS"))
OURS, ALSO = "DISTILLOSCOPE_", ("HF_HUB_OFFLINE",)  # variables that a job gets of its server's environment
NOT = (JOB, HOST_NAME)  # of ours: what each job and each node has of its own
POOL = "DISTILLOSCOPE_POOL"  # core.pool asks for it
NO_PROJECT, NO_FOLDER = 71, 72  # exit codes of a job that found no place to work in
LOST = Cause("The machine that computed it was lost, or its cluster is not responding.")
CAUSES = {
    NO_PROJECT: Cause(f"The cluster's node has no folder {PROJECT}, where this server's program lies."),
    NO_FOLDER: Cause("The cluster's node does not see the run's folder: it must lie on a disk that all nodes share."),
    -9: KILLED,
    137: KILLED,
}


@dataclass(frozen=True)
class Share:
    """What a run takes of the cluster: cores and GPUs of a node for itself, and `workers` of its own on any nodes, each
    with one core and as many GPUs."""

    cpus: float = 1.0
    gpus: float = 0.0
    workers: int = 0

    @classmethod
    def named(cls, environment: Mapping[str, str] = os.environ) -> "Share":
        return cls(
            _number(environment, CPUS, 1.0), _number(environment, GPUS, 0.0), int(_number(environment, WORKERS, 0.0))
        )


class RayLauncher:
    """See contract.Launcher. `command` is called on the node, in the folder of this project."""

    name = RAY

    def __init__(self, book: Book, share: Share, command: Sequence[str] = ()):
        self.book, self.share = book, share
        self._runs: dict[str, str] = {}  # job -> folder, of those handed in by this server
        self.command = list(command) or [os.environ.get(PYTHON) or sys.executable, "-m", "backend"]

    def launch(self, run: RunDir, stages: str | None) -> Worker:
        if self.book.refusal is not None:
            raise self.book.refusal
        run, number = RunDir(run.path.absolute()), f"distilloscope-{secrets.token_hex(8)}"
        job = Job(number, str(run.path), WAITING, None, time.time())
        words, env, share = self._line(run, stages), job_environment(number, self.share), self.share
        submit, self._runs[number] = self.book.cluster.submit, job.run
        self.book.hand_in(job, lambda: submit(number, words, str(run.path), env, share.cpus, share.gpus))
        return self._worker(job)

    def recover(self, run: RunDir) -> Worker | None:
        job = self.book.of_run(str(run.path.absolute()))
        return self._worker(job) if job is not None and self.book.fresh and not job.ended else None

    def alive(self, worker: Worker) -> bool | None:
        if worker.launcher != self.name or not self.book.fresh:
            return None
        job = self.book.job(str(worker.id))
        if job is not None and (not job.ended or job.certain):
            return not job.ended
        # its node was lost, or the head that knew it. Whoever has claimed the folder may live on: its heart tells
        return False if self._unclaimed(worker, job) else None

    def end(self, worker: Worker, hard: bool) -> None:
        self.book.stop(str(worker.id))  # Ray's own way of asking is short: both are the same

    def usage(self, worker: Worker) -> int:
        job = self.book.job(str(worker.id))
        return memory_told(RunDir(job.run), str(worker.id)) if job else 0

    def cause(self, worker: Worker) -> Cause | None:
        if (refused := self.book.refusals.pop(str(worker.id), None)) is not None:
            return Cause(refused.found)
        job = self.book.job(str(worker.id))
        if job is None or not job.certain:
            return LOST
        return CAUSES.get(job.exit_code)

    # -- how ----------------------------------------------------------------------------------------------------------
    def _worker(self, job: Job) -> Worker:
        """The worker that a job is, in the same words before and after it claims its folder, and to every server."""
        return Worker(self.name, self.book.cluster.address, job.id, 0.0)

    def _unclaimed(self, worker: Worker, job: Job | None) -> bool:
        """Whether the job never came to write into its folder. One that only a folder names has."""
        run = job.run if job else self._runs.get(str(worker.id))
        writes = RunDir(run).worker() if run else worker
        return writes is None or writes.id != worker.id

    def _line(self, run: RunDir, stages: str | None) -> str:
        """For a shell of the node. A run that was told to stop before its turn there does not begin."""
        folder, log = shlex.quote(str(run.path)), shlex.quote(str(run.log_file))
        return (
            f"cd {shlex.quote(str(PROJECT))} || exit {NO_PROJECT}; test -f {folder}/config.json || exit {NO_FOLDER}; "
            f"test ! -e {shlex.quote(str(run.stop_flag))} || exit 0; "
            f"exec {shlex.join(worker_words(self.command, run, stages))} < /dev/null >> {log} 2>&1"
        )


class RayRunner(WorkerRunner):
    """Runs that compute on a cluster. They go on while the server is away, and the next one finds them."""

    def __init__(
        self, root: Path, host: Host = HOSTS[LOCAL], grace_s: float = GRACE_S, launcher: RayLauncher | None = None
    ):
        super().__init__(root, launcher or RayLauncher(Book(Cluster.named()), Share.named()), host, grace_s)

    def shutdown(self) -> None:
        """Begin nothing more. What computes needs no server."""
        with self._lock:
            self._closed = True
        self.launcher.book.close()


def job_environment(job: str, share: Share, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a job and its workers know of the server's environment: its settings, none of its secrets."""
    kept = {
        name: value
        for name, value in environment.items()
        if (name.startswith(OURS) or name in ALSO) and name not in NOT and not SECRET.search(name)
    }
    kept |= {"DISTILLOSCOPE_HOME": str(home()), JOB: f"{RAY}:{job}", "PYTHONUNBUFFERED": "1"}
    kept |= {"TOKENIZERS_PARALLELISM": "false"}
    return kept | ({POOL: RAY, "DISTILLOSCOPE_WORKERS": str(share.workers)} if share.workers > 1 else {})


def _number(environment: Mapping[str, str], name: str, otherwise: float) -> float:
    try:
        found = float(environment.get(name) or otherwise)
        if 0 <= found < float("inf"):
            return found
    except ValueError:
        pass
    step = f"Correct {name}, or remove it, and restart the server."
    raise UserError(f"{name} is {environment[name]!r}.", "a number of at least 0", step)
