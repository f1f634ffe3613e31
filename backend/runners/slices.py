"""Slices: a run that computes for some seconds at a time, inside an event of its owner's page.

For hosts that lend a GPU to the visitor who asks, in a process that may live no longer than the call. All that a run
knows is in its folder, so a slice is a resume with an alarm clock (slice_worker.py). Knows no study and no screen.

Admission, the line, stops, reasons, settlement and discard are queue.py's. What is different follows from the event:
there is no launcher, for a slice takes as long as the call that computes it; who waits must ask again or lose the turn,
for a closed page lends no GPU; between two slices a run lives though nobody computes it; a stop waits for the update
under way, for no process of ours can be signalled; a new server and a shutdown have nothing to take over or to end.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from backend.errors import UserError
from backend.limits.hosts import Host
from backend.process import memory_of
from backend.runners.contract import Abilities
from backend.runners.processes import Cause, death_note
from backend.runners.queue import Queue
from backend.runners.slice_worker import compute, duration
from backend.runs.folder import LIVE_STATES, RunDir
from backend.study import find, resolve

PATIENCE_S = 8.0  # a page that has not asked for so long is closed or out of sight: others go first
MARGIN_S = 10.0  # asked for beside the slice itself: to load, to end the update under way, to save
LONGEST_S = 120.0  # of a slice, and of its margin: more than that no piece of work may take
NEXT = "Waiting for its next slice"
Compute = Callable[[str, float, float], None]


@dataclass(frozen=True)
class Slice:
    """What a run asks for next, and how much it has had. In status.json, for a server may be a new one any time."""

    seconds: float
    margin: float = MARGIN_S
    spent: float = 0.0  # seconds of all slices
    place: Sequence = ()  # stage and total of the last one's end
    furthest: int = -1  # how much was done there at most

    @classmethod
    def of(cls, run: RunDir, host: Host) -> "Slice":
        found = run.status().get("slice") or {}
        return cls(**{"seconds": float(host.slice_s), **found})


class SliceRunner(Queue):
    """Runs below `root` that go on while their owner's page asks. One slice at a time; owners take turns."""

    abilities = Abilities(in_slices=True)

    def __init__(self, root: Path, host: Host, gpu: Callable[..., Callable] | None = None):
        """`gpu` decorates what needs the GPU, as spaces.GPU does: `gpu(duration=callable)(function)`."""
        super().__init__(root, host)
        self._compute: Compute = gpu(duration=duration)(compute) if gpu else compute
        self._asked: dict[Path, float] = {}  # when a page last asked, of each run in line
        self._computing: set[Path] = set()

    def start(self, run: RunDir, stages: str | None = None) -> None:
        with self._lock:
            self._forget_absent()
            super().start(run, stages)

    def poll(self, run: RunDir) -> dict:
        told = super().poll(run)
        return told | {"message": NEXT, "eta_s": None} if told["state"] == "running" and told["ahead"] else told

    def stop(self, run: RunDir) -> None:
        """Between two slices at once: nobody computes it, and the flag says why it is settled."""
        with self._lock:
            if run.path.exists() and run.status()["state"] == "running":
                run.stop_flag.touch()
            super().stop(run)

    def advance(self, run: RunDir) -> bool:
        """See contract.SlicedRunner."""
        with self._lock:
            if not self._goes_on(run):
                return False
            if run.path in self._computing:
                return True
            self._wait(run)
            self._forget_absent()
            if len(self._computing) >= self.host.at_once or self._line.order()[0] != run.path:
                return True
            self._line.pop()
            self._computing.add(run.path)
        try:
            self._slice(run)
        finally:
            with self._lock:
                self._computing.discard(run.path)
                if run.path in self._reasons or run.path in self._unwanted or run.stop_requested():
                    self._settle(run)
                goes_on = self._goes_on(run)
                self._wait(run) if goes_on else self._leave(run)
        return goes_on

    # -- a server's begin and end -------------------------------------------------------------------------------
    def reconcile(self) -> list[Path]:
        """Nothing computes without a server, and what waits is asked for by its page."""
        return []

    def shutdown(self) -> None:
        """No further slices. The one under way ends with the server; its run goes on from its last checkpoint."""
        self._closed = True

    def computing(self) -> list[Path]:
        with self._lock:
            return list(self._computing)

    def usage(self, run: RunDir) -> int:
        """Of the process that has the GPU, which is a child of this server's."""
        worker = run.worker() if run.path in self._computing else None
        return memory_of(worker.id) if worker is not None and worker.here else 0

    # -- turns ----------------------------------------------------------------------------------------------------
    def _begun(self, run: RunDir) -> bool:
        """Waiting for its page it is in no line."""
        status = run.status()
        return status["state"] in LIVE_STATES and "queued_at" in status

    def _computes(self, run: RunDir) -> bool:
        return run.path in self._computing

    def _enter(self, run: RunDir) -> None:
        """It waits for the first slice that its owner's page asks for."""

    def _anew(self) -> dict:
        return {"slice": asdict(Slice(float(self.host.slice_s)))}

    def _look_after(self, run: RunDir) -> dict:
        """It rests between two slices, unless it was asked to stop when another server was there."""
        return self._settle(run) if run.stop_requested() else {}

    def _tell(self, run: RunDir, at_once: bool = False) -> None:
        run.stop_flag.touch()

    def _ahead(self, run: RunDir) -> int:
        """The first in line waits for nobody where no slice is computed."""
        return self._line.order().index(run.path) + len(self._computing)

    def _goes_on(self, run: RunDir) -> bool:
        there = run.path.exists() and run.path not in self._unwanted
        return not self._closed and there and self.poll(run)["state"] in LIVE_STATES

    def _wait(self, run: RunDir) -> None:
        self._asked[run.path] = time.monotonic()
        if run.path not in self._line:
            self._line.add(run.path)

    def _leave(self, run: RunDir) -> None:
        super()._leave(run)
        self._asked.pop(run.path, None)

    def _forget_absent(self) -> None:
        """Whose page has gone keeps nobody waiting."""
        for path in self._line.order():
            if time.monotonic() - self._asked.get(path, 0.0) > PATIENCE_S:
                self._leave(RunDir(path))

    # -- slices ---------------------------------------------------------------------------------------------------
    def _slice(self, run: RunDir) -> None:
        """One call of the GPU, and what it means for the next one."""
        asked = Slice.of(run, self.host)
        if self.host.wall_clock_s and asked.spent >= self.host.wall_clock_s:
            minutes = round(self.host.wall_clock_s / 60)
            run.set_status(state="stopped", eta_s=None, reason=f"It has had the {minutes} min of a run on this host")
            return
        if run.worker_alive():  # of a slice that was broken off, and still leaving: the next call finds it gone
            return
        if run.worker() is not None:  # a server that died left it behind
            run.set_status(worker=None)
        try:
            load_engine(run)
            self._compute(str(run.path), asked.seconds, asked.margin)
        except Exception as error:  # of whoever lends the GPU: what the engine raises stays in the folder
            self._not_lent(run, asked, error)
        else:
            self._plan(run)

    def _not_lent(self, run: RunDir, asked: Slice, error: Exception) -> None:
        """Refused: the run may be resumed when there is quota again. Broken off: once more with a wider margin."""
        if run.worker() is None:
            said = [str(part) for part in (getattr(error, "title", ""), getattr(error, "message", error)) if part]
            reason = " ".join(": ".join(said).split())[:300] or "The host lent no GPU"
            run.set_status(state="stopped", eta_s=None, reason=reason)
        elif asked.margin < LONGEST_S:
            wider = replace(asked, margin=min(LONGEST_S, 2 * asked.margin), spent=asked.spent + asked.seconds)
            run.set_status(worker=None, slice=asdict(wider))
        else:
            error = death_note(Cause("The host broke the slice off before the run could save."))
            run.set_status(state="failed", worker=None, eta_s=None, error=error)

    def _plan(self, run: RunDir) -> None:
        """A slice that came no further was too short for the piece of work it met: the next one is longer."""
        status, had = run.status(), Slice.of(run, self.host)
        if status["state"] not in LIVE_STATES:
            return
        place = [status.get("stage"), status.get("total")]
        if place != had.place:
            shorter = max(float(self.host.slice_s), had.seconds / 2)
            had = replace(had, seconds=shorter, place=place, furthest=-1)
        if status.get("done", 0) > had.furthest:
            run.set_status(slice=asdict(replace(had, furthest=status.get("done", 0))))
        elif had.seconds < LONGEST_S:
            run.set_status(slice=asdict(replace(had, seconds=min(LONGEST_S, 2 * had.seconds))))
        else:
            found = f"A piece of this run takes longer than the {LONGEST_S:.0f} s that a slice may take here."
            error = UserError(found, "smaller pieces", "Lower expert_batch, expert_steps or prompts.").as_dict()
            run.set_status(state="failed", eta_s=None, error=error)


def load_engine(run: RunDir) -> None:
    """Torch is imported here, before the visitor's time counts."""
    resolve(find(run.config()["study"]).run)
