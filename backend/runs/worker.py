"""A worker: who computes a run, told so that another process, server or machine knows whom it means.

status.json holds it under `worker`; the heartbeat says whose it is in the same words. Run folders of earlier versions
name a process by `pid` and `pid_started`, and are still read. Knows no runner and no file.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from backend.process import host_name, lives, started_at

LOCAL = "local"  # a process of its host, by its id
JOB = "DISTILLOSCOPE_JOB"  # launcher:id, told by a launcher that knows its workers by another name than a process id


@dataclass(frozen=True)
class Worker:
    """`id`: of the process, or of the job as its launcher knows it. `started`: by time.time() of its host."""

    launcher: str
    host: str
    id: int | str
    started: float

    @property
    def here(self) -> bool:
        """Whether it is a process of this host, about which the operating system can be asked."""
        return self.launcher == LOCAL and self.host == host_name()

    def lives(self) -> bool:
        """Only for a worker that is `here`."""
        return lives(self.id, self.started)


def this_process() -> Worker:
    """The worker that this process is."""
    launcher, _, job = os.environ.get(JOB, "").partition(":")
    started = started_at(os.getpid())
    return Worker(launcher, host_name(), job, started) if job else Worker(LOCAL, host_name(), os.getpid(), started)


def worker_of(found: Mapping) -> Worker | None:
    """The worker that a status or a heartbeat names; None where it names none, or in no way that can be read."""
    try:
        if "worker" in found:
            told = found["worker"]
            known = told["id"] if isinstance(told["id"], int) else str(told["id"])
            return Worker(str(told["launcher"]), str(told["host"]), known, float(told["started"]))
        return Worker(LOCAL, host_name(), int(found["pid"]), float(found["pid_started"]))
    except (KeyError, TypeError, ValueError):
        return None
