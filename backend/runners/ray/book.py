"""The book: what a cluster last said of our jobs. It is looked up at once and kept up in a thread of its own, so that
whoever holds the runner's lock never waits for a network.

Knows a cluster's jobs; no run folder, queue or study.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from backend.errors import UserError
from backend.runners.ray.cluster import LATER, STOPPED, TAKE_S, WAITING, Cluster, Job

LOOK_S = 1.0  # between two looks, and at least nine times what a look takes
STALE_S = 15.0  # what was heard longer ago is no longer known


class Book:
    """Looks once before it is used, and from then on until it is closed."""

    def __init__(self, cluster: Cluster, look_s: float = LOOK_S):
        self.cluster = cluster
        self.refusal: UserError | None = None  # why the last look failed
        self.refusals: dict[str, UserError] = {}  # of jobs that the cluster did not take
        self._jobs: dict[str, Job] = {}
        self._ours: dict[str, str] = {}  # folder -> the job that was handed in for it last
        self._handed_in: dict[str, float] = {}  # by this server, and when: a list that was asked for before lacks it
        self._told: set[str] = set()  # to stop
        self._heard = float("-inf")
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._look_s = look_s
        self.look()
        threading.Thread(target=self._keep_up, daemon=True).start()

    @property
    def fresh(self) -> bool:
        """Whether the cluster has answered lately."""
        return time.monotonic() - self._heard < STALE_S

    def job(self, number: str) -> Job | None:
        """What is known of a job; None where the cluster knows none of this name."""
        with self._lock:
            return self._jobs.get(number)

    def of_run(self, folder: str) -> Job | None:
        """The last job of the run in this folder."""
        with self._lock:
            return self._jobs.get(self._ours.get(folder, ""))

    def hand_in(self, job: Job, submit: Callable[[], None]) -> None:
        """Note the job at once, and submit it in a thread: what then goes wrong is its end."""
        with self._lock:
            self._note(job)
            self._handed_in[job.id] = float("inf")
        threading.Thread(target=self._submit, args=(job, submit), daemon=True).start()

    def stop(self, number: str) -> None:
        """Have a job end, in a thread. One that still waits for a node counts as ended: it will not begin."""
        with self._lock:
            job = self._jobs.get(number)
            if job is not None and job.state == WAITING:
                self._told.add(number)

        def stop() -> None:
            with contextlib.suppress(UserError):  # whoever wants it to end asks again, harder
                self.cluster.stop(number)

        threading.Thread(target=stop, daemon=True).start()

    def look(self) -> None:
        """Ask the cluster for its jobs."""
        began = time.monotonic()
        try:
            found = self.cluster.jobs()
        except UserError as error:
            self.refusal = error
            return
        with self._lock:
            kept = {number: self._jobs[number] for number, when in self._handed_in.items() if when > began}
            self._handed_in = {number: self._handed_in[number] for number in kept}
            self._jobs, self._ours = {}, {}
            for job in sorted([*found, *kept.values()], key=lambda job: job.began):
                told = job.id in self._told and job.state == WAITING
                self._note(replace(job, state=STOPPED) if told else job)
            self.refusal, self._heard = None, time.monotonic()

    def close(self) -> None:
        self._closed.set()

    # -- how ------------------------------------------------------------------------------------------------------
    def _note(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._ours[job.run] = job.id

    def _submit(self, job: Job, submit: Callable[[], None]) -> None:
        """A head that has begun a moment ago refuses jobs for some seconds: it is asked for a minute."""
        until = time.monotonic() + TAKE_S
        while (error := _refused(submit)) is not None and error.kind == LATER and time.monotonic() < until:
            if self._closed.wait(self._look_s):
                return
        if error is not None:
            with self._lock:
                self.refusals[job.id] = error
                self._jobs[job.id] = replace(job, state=STOPPED)
        with self._lock:
            self._handed_in[job.id] = time.monotonic()

    def _keep_up(self) -> None:
        took = 0.0
        while not self._closed.wait(max(self._look_s, 9 * took)):
            began = time.monotonic()
            self.look()
            took = time.monotonic() - began
        self.cluster.close()


def _refused(submit: Callable[[], None]) -> UserError | None:
    """Why a job was not taken; None where it was."""
    try:
        submit()
    except UserError as error:
        return error
    return None
