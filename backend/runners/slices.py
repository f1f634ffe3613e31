"""Slices: a run that computes for some seconds at a time, inside an event of its owner's page.

For hosts that lend a GPU to the visitor who asks, in a process that may live no longer than the call. All that a run
knows is in its folder, so a slice is a resume with an alarm clock (slice_worker.py). Knows a line; no study, no screen.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from backend.errors import UserError
from backend.runners.admission import admit
from backend.runners.line import Line
from backend.runners.processes import death_note
from backend.runners.slice_worker import compute, duration
from backend.runs.folder import LIVE_STATES, RunDir, put_away
from backend.serving.hosts import Host
from backend.studies import study_module

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


class SliceRunner:
    """Runs below `root` that go on while their owner's page asks. One slice at a time; owners take turns."""

    def __init__(self, root: Path, host: Host, gpu: Callable[..., Callable] | None = None):
        """`gpu` decorates what needs the GPU, as spaces.GPU does: `gpu(duration=callable)(function)`."""
        self.root, self.host = Path(root), host
        self._compute: Compute = gpu(duration=duration)(compute) if gpu else compute
        self._lock = threading.RLock()
        self._line = Line()
        self._asked: dict[Path, float] = {}  # when a page last asked, of each run in line
        self._computing: set[Path] = set()
        self._unwanted: set[Path] = set()
        self._reasons: dict[Path, dict] = {}
        self._closed = False

    # -- the four verbs, and a fifth ---------------------------------------------------------------------------
    def start(self, run: RunDir, stages: str | None = None) -> None:
        """As LocalRunner.start; the run waits for the first slice that its owner's page asks for."""
        with self._lock:
            status = run.status()
            begun = status["state"] in LIVE_STATES and "queued_at" in status
            if begun or run.path in self._unwanted:
                return
            self._forget_absent()
            admit(run, self.host, len(self._line), self._live_of(run.path.parent))
            run.stop_flag.unlink(missing_ok=True)
            run.queue(stages, slice=asdict(Slice(float(self.host.slice_s))))

    def poll(self, run: RunDir) -> dict:
        with self._lock:
            if not run.path.exists():  # deleted a moment ago
                return {"state": "stopped", "alive": False, "ahead": 0}
            alive = run.path in self._computing
            if not alive and run.status()["state"] in LIVE_STATES and run.stop_requested():
                run.set_status(state="stopped", eta_s=None)  # asked when another server was there
            status, ahead = run.status(), 0
            if run.path in self._line:
                ahead = self._line.order().index(run.path) + len(self._computing)
        if alive and run.stop_requested():
            status["state"] = "stopping"
        elif status["state"] == "running" and ahead:
            status |= {"message": NEXT, "eta_s": None}
        return {**status, "alive": alive, "ahead": ahead}

    def stop(self, run: RunDir) -> None:
        self.end(run, {"state": "stopped"})

    def discard(self, run: RunDir) -> None:
        with self._lock:
            self._unwanted.add(run.path)
            self.stop(run)
            self._clear(run)

    def advance(self, run: RunDir) -> bool:
        """Compute one slice, if it is this run's turn. Call it in an event of the owner's page, again and again.

        Takes as long as the slice, or no time. False when there is nothing left to do.
        """
        with self._lock:
            if not self._goes_on(run):
                return False
            if run.path in self._computing:
                return True
            self._asked[run.path] = time.monotonic()
            if run.path not in self._line:
                self._line.add(run.path)
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
                self._settle(run)
                goes_on = self._goes_on(run)
                if goes_on:
                    self._line.add(run.path)
                    self._asked[run.path] = time.monotonic()
        return goes_on

    # -- a server's begin and end -------------------------------------------------------------------------------
    def reconcile(self) -> list[Path]:
        """Nothing computes without a server, and what waits is asked for by its page."""
        return []

    def computing(self) -> list[Path]:
        with self._lock:
            return list(self._computing)

    def waiting(self) -> int:
        return len(self._line)

    def all_runs(self) -> list[Path]:
        return [path.parent for path in self.root.glob("*/*/config.json")]

    def end(self, run: RunDir, reason: dict, at_once: bool = False) -> None:
        """End a run with this as its status: now, or behind the update that its slice is at. Returns at once."""
        with self._lock:
            if not run.path.exists() or run.status()["state"] not in LIVE_STATES:
                return
            self._reasons[run.path] = reason
            if run.path in self._computing:
                run.stop_flag.touch()
            else:
                self._settle(run)

    def shutdown(self) -> None:
        """No further slices. The one under way ends with the server; its run goes on from its last checkpoint."""
        self._closed = True

    # -- how ----------------------------------------------------------------------------------------------------
    def _goes_on(self, run: RunDir) -> bool:
        there = run.path.exists() and run.path not in self._unwanted
        return not self._closed and there and self.poll(run)["state"] in LIVE_STATES

    def _forget_absent(self) -> None:
        """Whose page has gone keeps nobody waiting."""
        for path in self._line.order():
            if time.monotonic() - self._asked.get(path, 0.0) > PATIENCE_S:
                self._line.remove(path)
                self._asked.pop(path, None)

    def _live_of(self, owner: Path) -> int:
        runs = (RunDir(path.parent).status() for path in owner.glob("*/status.json"))
        return sum(status["state"] in LIVE_STATES and "queued_at" in status for status in runs)

    def _settle(self, run: RunDir) -> None:
        """No slice of this run computes any more: write down why it was ended, if it was."""
        self._leave_line(run)
        reason = self._reasons.pop(run.path, None)
        if run.path.exists() and run.status()["state"] in LIVE_STATES:
            if reason or run.stop_requested():
                run.set_status(**(reason or {"state": "stopped"}), eta_s=None)
        self._clear(run)

    def _leave_line(self, run: RunDir) -> None:
        if run.path in self._line:
            self._line.remove(run.path)
        self._asked.pop(run.path, None)

    def _clear(self, run: RunDir) -> None:
        if run.path in self._unwanted and run.path not in self._computing:
            put_away(run, self.root)
            self._unwanted.discard(run.path)

    def _slice(self, run: RunDir) -> None:
        """One call of the GPU, and what it means for the next one."""
        asked = Slice.of(run, self.host)
        if self.host.wall_clock_s and asked.spent >= self.host.wall_clock_s:
            minutes = round(self.host.wall_clock_s / 60)
            run.set_status(state="stopped", eta_s=None, reason=f"It has had the {minutes} min of a run on this host")
            return
        try:
            study_module(run.config()["study"], "run")  # torch is imported here, before the visitor's time counts
            self._compute(str(run.path), asked.seconds, asked.margin)
        except Exception as error:  # of whoever lends the GPU: what the engine raises stays in the folder
            self._not_lent(run, asked, error)
        else:
            self._plan(run)

    def _not_lent(self, run: RunDir, asked: Slice, error: Exception) -> None:
        """Refused: the run may be resumed when there is quota again. Broken off: once more with a wider margin."""
        status = run.status()
        if status.get("pid") is None:
            said = [str(part) for part in (getattr(error, "title", ""), getattr(error, "message", error)) if part]
            reason = " ".join(": ".join(said).split())[:300] or "The host lent no GPU"
            run.set_status(state="stopped", eta_s=None, reason=reason)
        elif asked.margin < LONGEST_S:
            wider = replace(asked, margin=min(LONGEST_S, 2 * asked.margin), spent=asked.spent + asked.seconds)
            run.set_status(pid=None, pid_started=None, slice=asdict(wider))
        else:
            error = death_note("The host broke the slice off before the run could save.")
            run.set_status(state="failed", pid=None, pid_started=None, eta_s=None, error=error)

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
