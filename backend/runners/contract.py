"""What a place that computes has to promise: `Runner` to the page, the keeper and the app; `Launcher` to a runner.

To compute elsewhere, on a cluster say, write a launcher: where a worker's process lives is all it has to know. Turns,
limits and settlement are above it (queue.py, workers.py). Protocols and data; no behaviour.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from backend.limits.hosts import Host
from backend.runners.processes import Cause
from backend.runs.folder import RunDir
from backend.runs.worker import Worker


@dataclass(frozen=True)
class Abilities:
    """What a runner can do: a page asks for this, never for a class."""

    computes: bool = True  # else recorded runs are all there is
    in_slices: bool = False  # it computes only while the owner's page asks, and is a SlicedRunner


@runtime_checkable
class Launcher(Protocol):
    """Starts and ends workers. From several threads, mostly with the runner's lock held: every method returns soon.

    The worker is `python -m backend run STUDY --out FOLDER --from-config` on a machine that has the run's folder. One
    that is better known by the number of a job than by a process id is told so in its environment, as
    `DISTILLOSCOPE_JOB=launcher:id`; then it claims its folder under that name. To be stopped it needs no launcher: it
    looks at the flag in its folder.
    """

    name: str

    def launch(self, run: RunDir, stages: str | None) -> Worker:
        """Start a worker for the run. `stages` limits what it does; empty or None: all. UserError where it cannot."""

    def recover(self, run: RunDir) -> Worker | None:
        """The living worker of this run that an earlier server launched; None where there is none.

        Asked about every run below the root, again and again: what is slow to find out wants to be remembered.
        """

    def alive(self, worker: Worker) -> bool | None:
        """None where this launcher cannot tell, for it is another's or nobody answers: then the heartbeat decides."""

    def end(self, worker: Worker, hard: bool) -> None:
        """Have the worker and all it started end: asked to, or `hard`, without being asked. Returns at once."""

    def usage(self, worker: Worker) -> int:
        """Bytes of memory that the worker and all it started hold; 0 where that is not known."""

    def cause(self, worker: Worker) -> Cause | None:
        """Why a worker ended that is not alive; None where that is not known."""


@runtime_checkable
class Runner(Protocol):
    """Sees that the runs below `root` compute, within the limits of `host`."""

    root: Path
    host: Host
    abilities: Abilities

    def start(self, run: RunDir, stages: str | None = None) -> None:
        """See that the run computes, now or when its turn comes. A run that lives or waits already is left alone.

        `stages` limits the work, and is kept for the next start; None: as last time. Raises UserError for what this
        host does not allow, a full queue, and a disk without room.
        """

    def poll(self, run: RunDir) -> dict:
        """The run's status with `alive`, and `ahead`: how many runs come before it. A dead worker's is settled."""

    def stop(self, run: RunDir) -> None:
        """Ask the run to stop. Returns at once."""

    def discard(self, run: RunDir) -> None:
        """Delete the run's folder: now, or as soon as it has been stopped. Returns at once."""

    def end(self, run: RunDir, reason: dict, at_once: bool = False) -> None:
        """End a run that computes, for a reason of the host's own that is merged into its status. Returns at once."""

    def reconcile(self) -> list[Path]:
        """Take over from an earlier server. Returns the runs whose workers died unseen; they may be resumed."""

    def shutdown(self) -> None:
        """Begin nothing more, and end what cannot go on without this server."""

    def computing(self) -> list[Path]:
        """The runs that compute by this runner's means."""

    def waiting(self) -> int:
        """How many runs wait for their turn."""

    def all_runs(self) -> list[Path]:
        """Also those that rest or have ended; not one that is being made."""

    def usage(self, run: RunDir) -> int:
        """Bytes of memory that the run's worker holds; 0 where nobody computes it."""


@runtime_checkable
class SlicedRunner(Runner, Protocol):
    """A runner whose abilities say `in_slices`."""

    def advance(self, run: RunDir) -> bool:
        """Compute one slice, if it is this run's turn. Call it in an event of the owner's page, again and again.

        Takes as long as the slice, or no time. False when there is nothing left to do.
        """
