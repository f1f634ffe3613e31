"""Runners: start, watch and stop the process behind a run.

A run's process belongs to neither the page nor the server: it has its own session, writes to its own log, and a new
server finds it again through status.json. Standard library and psutil; knows no study, no screen and no tensor.
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
from typing import Protocol

from backend.runners.admission import admit
from backend.runners.line import Line
from backend.runners.processes import PROJECT, death_note, settle, signal_group, worker_environment
from backend.runs.folder import LIVE_STATES, ORPHANED, RunDir, can_be_read, put_away
from backend.serving.hosts import HOSTS, LOCAL, Host

GRACE_S = 10.0  # a worker looks at the stop flag once per update; the largest models need some seconds for one
LOST = "Its worker died while no server was there"
SHUT_DOWN = "The server was shut down"
AFTER_TERM_S = 5.0  # whoever ignored the flag is stuck: all of a stop takes less than 20 s


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
        self,
        root: Path,
        command: Sequence[str] = (sys.executable, "-m", "backend"),
        grace_s: float = GRACE_S,
        host: Host = HOSTS[LOCAL],
    ):
        self.root, self.command, self.grace_s, self.host = Path(root), list(command), grace_s, host
        self._lock = threading.RLock()
        self._children: dict[Path, subprocess.Popen] = {}  # started here and not yet reaped
        self._line = Line()
        self._unwanted: set[Path] = set()  # to be deleted once their process is gone
        self._ending: dict[Path, int | None] = {}  # processes that were told to end: one that begins clears the flag
        self._reasons: dict[Path, dict] = {}  # why a run is being ended by us: its last status
        self._closed = False

    # -- the four verbs --------------------------------------------------------------------------------------
    def start(self, run: RunDir, stages: str | None = None) -> None:
        """`stages` limits what the worker does, and is kept for the next start; None: as last time.

        Raises UserError for what this host does not allow, a full queue, and a disk without room.
        """
        with self._lock:
            if self._lives(run) or run.path in self._line or run.path in self._unwanted:
                return
            self._admit(run)
            run.queue(stages)
            run.stop_flag.unlink(missing_ok=True)  # second: where nothing can be written, the first line says so
            self._line.add(run.path)
            self._start_next()

    def poll(self, run: RunDir) -> dict:
        with self._lock:
            if not run.path.exists():  # deleted a moment ago
                return {"state": "stopped", "alive": False, "ahead": 0}
            settled = {}
            if run.status()["state"] in LIVE_STATES and not self._lives(run):
                settled = self._look_after(run)  # which a disk may refuse to keep
            status, process = {**run.status(), **settled}, self._process(run)
            ahead = self._line.order().index(run.path) + 1 if run.path in self._line else 0
            told = self._ending.get(run.path) == process or run.stop_requested()
        if process is not None and told:
            status["state"] = "stopping"
        return {**status, "alive": process is not None, "ahead": ahead}

    def stop(self, run: RunDir) -> None:
        with self._lock:
            if run.path in self._line:
                self._line.remove(run.path)
                run.set_last_status(state="stopped", reason="Stopped before it began")
            elif self._lives(run):
                self._tell(run)
            else:
                settle(run)

    def discard(self, run: RunDir) -> None:
        with self._lock:
            self._unwanted.add(run.path)
            self.stop(run)
            self._clear(run)

    # -- a server's begin and end -----------------------------------------------------------------------------
    def reconcile(self) -> list[Path]:
        """Take over from an earlier server: its living workers go on, its waiting runs wait again, in their order.

        Returns the runs whose workers died unseen; they are orphaned now, and may be resumed.
        """
        with self._lock:
            live = [RunDir(path) for path in self.all_runs() if can_be_read(RunDir(path))]
            live = [run for run in live if run.status()["state"] in LIVE_STATES and not self._lives(run)]
            live.sort(key=lambda run: run.status().get("queued_at") or 0.0)
            lost = []
            for run in live:
                if run.status()["state"] == "queued":
                    if run.path not in self._line:
                        self._line.add(run.path)
                else:
                    run.set_last_status(state=ORPHANED, reason=LOST, eta_s=None)
                    lost.append(run.path)
            self._start_next()
        return lost

    def end(self, run: RunDir, reason: dict, at_once: bool = False) -> None:
        """End a run that computes, for a reason of the host's own that is merged into its status. Returns at once."""
        with self._lock:
            if run.path in self._reasons or not self._lives(run):
                return
            self._reasons[run.path] = reason
            self._tell(run, signal.SIGKILL if at_once else None)

    def shutdown(self) -> None:
        """End everything that computes, and wait for it. What waits stays in line for the next server."""
        with self._lock:
            self._closed = True
            computing = [RunDir(path) for path in self.computing()]
        for run in computing:
            self.end(run, {"state": ORPHANED, "reason": SHUT_DOWN})
        until = time.monotonic() + 3 * self.grace_s  # a process that no signal ends must not keep the server
        while any(self._lives(run) for run in computing) and time.monotonic() < until:
            time.sleep(0.1)

    # -- how --------------------------------------------------------------------------------------------------
    def _process(self, run: RunDir) -> int | None:
        """Id of the process that computes the run now, whoever started it."""
        child = self._children.get(run.path)
        if child:
            return child.pid
        return run.status()["pid"] if run.worker_alive() else None

    def _lives(self, run: RunDir) -> bool:
        return self._process(run) is not None

    def _look_after(self, run: RunDir) -> dict:
        """A live state without a process: it waits its turn, was left waiting by another server, or its worker died.

        Returns the status that the run was given, if any.
        """
        if run.status()["state"] == "queued":
            if run.path not in self._line:
                self._line.add(run.path)
            self._start_next()
            return {}
        return settle(run)

    def _start_next(self) -> None:
        while not self._closed and len(self._line) and not self._busy():
            self._spawn(RunDir(self._line.pop()))

    def _busy(self) -> bool:
        """Our own children first: only without them are all run folders worth a look, and every tick asks."""
        return len(self._children) >= self.host.at_once or len(self.computing()) >= self.host.at_once

    def waiting(self) -> int:
        return len(self._line)

    def computing(self) -> list[Path]:
        """Runs that compute: children of ours, and workers that outlived an earlier server."""
        found = [path for path in self.all_runs() if path in self._children or RunDir(path).worker_alive()]
        return [*found, *(path for path in self._children if path not in found)]

    def all_runs(self) -> list[Path]:
        """Also those that wait, rest or have ended; not one that is being made."""
        return [path.parent for path in self.root.glob("*/*/config.json")]

    def _admit(self, run: RunDir) -> None:
        owner = run.path.parent.name
        live = self._line.of(owner) + sum(path.parent.name == owner for path in self.computing())
        admit(run, self.host, len(self._line), live)

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
            run.set_last_status(
                state="failed", error=death_note(f"The worker could not be started ({error.strerror}).")
            )
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
            self._settle(run, code)
            self._clear(run)
            self._start_next()

    def _settle(self, run: RunDir, code: int | None = None) -> None:
        settle(run, code)
        reason = self._reasons.pop(run.path, None)
        if reason and run.path.exists() and run.status()["state"] != "finished":
            run.set_last_status(**reason, eta_s=None)

    def _clear(self, run: RunDir) -> None:
        """Delete an unwanted run that no process writes any more."""
        if run.path not in self._unwanted or self._lives(run):
            return
        put_away(run, self.root)
        self._unwanted.discard(run.path)

    def _tell(self, run: RunDir, first: signal.Signals | None = None) -> None:
        """Its process shall end. A thread of its own sees to it."""
        with contextlib.suppress(OSError):  # a full disk is no reason not to stop
            run.stop_flag.touch()
        pid = self._ending[run.path] = self._process(run)
        threading.Thread(target=self._end, args=(run, pid, first), daemon=True).start()

    def _end(self, run: RunDir, pid: int | None, first: signal.Signals | None) -> None:
        """Flag, then SIGTERM, then SIGKILL, with a grace period after each; or SIGKILL at once as `first`."""
        steps = (
            (None, self.grace_s),
            (signal.SIGTERM, min(self.grace_s, AFTER_TERM_S)),
            (signal.SIGKILL, self.grace_s),
        )
        for step, grace_s in steps if first is None else steps[2:]:
            if step is not None:
                signal_group(pid, step)
            if self._gone(run, pid, grace_s):
                break
        with self._lock:
            if self._ending.get(run.path) == pid:
                del self._ending[run.path]
            if not self._lives(run):
                self._settle(run)
                self._clear(run)
                self._start_next()

    def _gone(self, run: RunDir, pid: int | None, grace_s: float) -> bool:
        """True as soon as this process is gone (the run may have a new one), False after the grace period."""
        until = time.monotonic() + grace_s
        while True:
            with self._lock:  # or the flag would be for a worker that is started in this moment
                if pid is None or self._process(run) != pid:
                    return True
                with contextlib.suppress(OSError):  # the run was discarded meanwhile, or the disk is full
                    run.stop_flag.touch()  # again: a worker clears an old flag when it begins, and may have done so
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
