"""The queue: who may join, whose turn it is, why a run was ended and what its end means. Once, for whatever computes.

Knows run folders, the line and the limits of a host. How a run computes is a subclass's own: by workers that a launcher
starts (workers.py), or a slice at a time (slices.py).
"""

import contextlib
import threading
from pathlib import Path

from backend.limits.hosts import Host
from backend.runners.admission import admit
from backend.runners.contract import Abilities
from backend.runners.line import Line
from backend.runners.processes import NO_WORD, Cause, settle
from backend.runs.folder import LIVE_STATES, RunDir, put_away

UNBEGUN = "Stopped before it began"
GONE = {"state": "stopped", "alive": False, "ahead": 0}  # of a run that was deleted a moment ago


class Queue:
    """Runs below `root` and their turns. A subclass has the five methods at the end."""

    abilities = Abilities()

    def __init__(self, root: Path, host: Host):
        self.root, self.host = Path(root), host
        self._lock = threading.RLock()
        self._line = Line()
        self._unwanted: set[Path] = set()  # to be deleted as soon as nobody computes them
        self._reasons: dict[Path, dict] = {}  # why a run is being ended by us: its last status
        self._closed = False

    # -- what a page asks -----------------------------------------------------------------------------------------
    def start(self, run: RunDir, stages: str | None = None) -> None:
        with self._lock:
            if run.path in self._unwanted or not run.path.exists() or self._begun(run):  # the folder: deleted just now
                return
            admit(run, self.host, len(self._line), self._live_of_its_owner(run))
            run.queue(stages, **self._anew())
            run.stop_flag.unlink(missing_ok=True)  # second: where nothing can be written, the first line says so
            self._enter(run)

    def poll(self, run: RunDir) -> dict:
        with self._lock:
            self._clear(run)
            if not run.path.exists():
                return dict(GONE)
            settled = {}
            if run.status()["state"] in LIVE_STATES and not self._computes(run):
                settled = self._look_after(run)  # which a disk may refuse to keep
            if not run.path.exists():  # nobody wanted it
                return dict(GONE)
            status, alive = {**run.status(), **settled}, self._computes(run)
            told = alive and self._told(run)
            ahead = self._ahead(run) if run.path in self._line else 0
        return {**status, **({"state": "stopping"} if told else {}), "alive": alive, "ahead": ahead}

    def stop(self, run: RunDir) -> None:
        with self._lock:
            if self._computes(run):
                self._tell(run)
            elif run.status()["state"] == "queued":
                self._leave(run)
                run.set_last_status(state="stopped", reason=UNBEGUN)
            else:
                self._settle(run)

    def discard(self, run: RunDir) -> None:
        with self._lock:
            self._unwanted.add(run.path)
            self.stop(run)
            self._clear(run)

    # -- what a host asks -----------------------------------------------------------------------------------------
    def end(self, run: RunDir, reason: dict, at_once: bool = False) -> None:
        with self._lock:
            if run.path in self._reasons or not self._computes(run):
                return
            self._reasons[run.path] = reason
            self._tell(run, at_once)

    def waiting(self) -> int:
        return len(self._line)

    def all_runs(self) -> list[Path]:
        return [path.parent for path in self.root.glob("*/*/config.json")]

    # -- how ------------------------------------------------------------------------------------------------------
    def _live_of_its_owner(self, run: RunDir) -> int:
        """How many other runs of this owner compute or wait. What was never started does not count."""
        live = 0
        for file in run.path.parent.glob("*/status.json"):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # one bad folder must stop nobody
                status = RunDir(file.parent).status()
                live += file.parent != run.path and status["state"] in LIVE_STATES and "queued_at" in status
        return live

    def _settle(self, run: RunDir, cause: Cause = NO_WORD) -> dict:
        """Nobody computes this run any more: write down how it ended, unless it has said so, and why we ended it.

        Returns the status that it was given, if any.
        """
        self._leave(run)
        reason = self._reasons.pop(run.path, None)
        if reason and run.path.exists() and run.status()["state"] != "finished":
            given = run.set_last_status(**reason, eta_s=None)
        else:
            given = settle(run, cause)
        self._clear(run)
        return given

    def _clear(self, run: RunDir) -> None:
        """Delete an unwanted run that nobody writes any more."""
        if run.path in self._unwanted and not self._computes(run):
            put_away(run, self.root)
            self._unwanted.discard(run.path)

    def _leave(self, run: RunDir) -> None:
        if run.path in self._line:
            self._line.remove(run.path)

    def _anew(self) -> dict:
        """What else the status of a run says that was started."""
        return {}

    def _told(self, run: RunDir) -> bool:
        """Whether a run that computes was told to stop."""
        return run.stop_requested()

    def _ahead(self, run: RunDir) -> int:
        """How many runs come before one that is in line, what computes among them."""
        return self._line.order().index(run.path) + 1

    # -- what a subclass has ----------------------------------------------------------------------------------------
    def _begun(self, run: RunDir) -> bool:
        """Whether a run computes, or waits to."""
        raise NotImplementedError

    def _computes(self, run: RunDir) -> bool:
        """Whether somebody computes the run at this moment."""
        raise NotImplementedError

    def _enter(self, run: RunDir) -> None:
        """The run was admitted."""
        raise NotImplementedError

    def _look_after(self, run: RunDir) -> dict:
        """A live state, and nobody computes it. Returns the status that it was given, if any."""
        raise NotImplementedError

    def _tell(self, run: RunDir, at_once: bool = False) -> None:
        """Have whoever computes the run end."""
        raise NotImplementedError
