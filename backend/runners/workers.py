"""Workers: a runner whose runs compute in processes that a launcher starts, here or on another machine.

A worker belongs to neither the page nor the server: it writes to its own folder, and a new server finds it again. One
that this launcher cannot speak for, such as another machine's, counts as living while its heart beats: it is shown, may
be asked to stop by its flag, and takes no turn of this host. Knows a launcher; no process, study or screen.
"""

import contextlib
import threading
import time
from pathlib import Path

from backend.errors import UserError
from backend.limits.hosts import HOSTS, LOCAL, Host
from backend.runners.contract import Launcher
from backend.runners.processes import NO_WORD, Cause
from backend.runners.queue import Queue
from backend.runs.folder import LIVE_STATES, ORPHANED, SILENT_S, RunDir, can_be_read
from backend.runs.worker import Worker

GRACE_S = 10.0  # a worker looks at the stop flag once per update; the largest models need some seconds for one
AFTER_TERM_S = 5.0  # whoever ignored the flag is stuck: all of a stop takes less than 20 s
LOOK_S = 0.1  # between two looks whether a worker lives
LOST = "Its worker died while no server was running"
SILENT = "Its machine is not responding"
SHUT_DOWN = "The server was shut down"


class WorkerRunner(Queue):
    """Runs as many workers at a time as the host allows; other runs below `root` wait, and their owners take turns."""

    def __init__(self, root: Path, launcher: Launcher, host: Host = HOSTS[LOCAL], grace_s: float = GRACE_S):
        super().__init__(root, host)
        self.launcher, self.grace_s = launcher, grace_s
        self._workers: dict[Path, Worker] = {}  # launched by this server and not yet settled
        self._ending: dict[Path, Worker] = {}  # told to end: a worker that begins clears the flag

    # -- a server's begin and end -----------------------------------------------------------------------------------
    def reconcile(self) -> list[Path]:
        """Its living workers go on, its waiting runs wait again, in their order; runs of dead workers are orphaned."""
        with self._lock:
            live = [RunDir(path) for path in self.all_runs() if can_be_read(RunDir(path))]
            live = [run for run in live if run.status()["state"] in LIVE_STATES and not self._computes(run)]
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

    def shutdown(self) -> None:
        """End everything that computes, and wait for it. What waits stays in line for the next server."""
        with self._lock:
            self._closed = True
            computing = [RunDir(path) for path in self.computing()]
        for run in computing:
            self.end(run, {"state": ORPHANED, "reason": SHUT_DOWN})
        until = time.monotonic() + 3 * self.grace_s  # a worker that nothing ends must not keep the server
        while any(self._computes(run) for run in computing) and time.monotonic() < until:
            time.sleep(LOOK_S)

    def computing(self) -> list[Path]:
        """Runs with a worker of this launcher, also of one that outlived an earlier server."""
        found = [path for path in self.all_runs() if path in self._workers or self._recovered(RunDir(path))]
        return [*found, *(path for path in self._workers if path not in found)]

    def usage(self, run: RunDir) -> int:
        with self._lock:
            worker = self._worker(run)
            return 0 if worker is None else self.launcher.usage(worker)

    # -- who computes -----------------------------------------------------------------------------------------------
    def _worker(self, run: RunDir) -> Worker | None:
        """Who computes the run at this moment, whoever launched it."""
        return self._workers.get(run.path) or self._recovered(run) or self._elsewhere(run)

    def _recovered(self, run: RunDir) -> Worker | None:
        with contextlib.suppress(ValueError):  # a damaged status names nobody
            return self.launcher.recover(run)
        return None

    def _elsewhere(self, run: RunDir) -> Worker | None:
        """A worker that lives though this launcher cannot speak for it."""
        worker = run.worker()
        return worker if worker and self.launcher.alive(worker) is None and run.worker_alive() else None

    def _lives(self, run: RunDir, worker: Worker) -> bool:
        """Whether a worker of ours does. One that has not claimed its folder yet has no heart to listen to."""
        word = self.launcher.alive(worker)
        return (run.worker() is None or run.worker_alive()) if word is None else word

    # -- turns ------------------------------------------------------------------------------------------------------
    def _begun(self, run: RunDir) -> bool:
        return run.path in self._line or self._computes(run)

    def _computes(self, run: RunDir) -> bool:
        return self._worker(run) is not None

    def _enter(self, run: RunDir) -> None:
        self._line.add(run.path)
        self._start_next()

    def _look_after(self, run: RunDir) -> dict:
        """It waits its turn, was left waiting by another server, or its worker died."""
        if run.status()["state"] == "queued":
            if run.path not in self._line:
                self._line.add(run.path)
            self._start_next()
            return {}
        worker = run.worker()
        if worker is not None and self.launcher.alive(worker) is None and not worker.here:
            self._reasons.setdefault(run.path, {"state": ORPHANED, "reason": SILENT})
        ours = worker is not None and worker.launcher == self.launcher.name
        return self._settle(run, (ours and self.launcher.cause(worker)) or NO_WORD)

    def _start_next(self) -> None:
        while not self._closed and len(self._line) and not self._busy():
            self._launch(RunDir(self._line.pop()))

    def _busy(self) -> bool:
        """Our own workers first: only without them are all run folders worth a look, and every tick asks."""
        return len(self._workers) >= self.host.at_once or len(self.computing()) >= self.host.at_once

    def _launch(self, run: RunDir) -> None:
        try:
            worker = self.launcher.launch(run, run.status().get("stages"))
        except UserError as error:
            run.set_last_status(state="failed", error=error.as_dict())
            return
        self._workers[run.path] = worker
        threading.Thread(target=self._watch, args=(run, worker), daemon=True).start()

    # -- a worker's end ---------------------------------------------------------------------------------------------
    def _watch(self, run: RunDir, worker: Worker) -> None:
        """Wait for the end of a worker; settle its run; start the next one."""
        while self._lives(run, worker):
            time.sleep(LOOK_S)
        with self._lock:
            del self._workers[run.path]
            if not self._computes(run):  # else it ended because another one writes the folder
                self._settle(run, self.launcher.cause(worker) or NO_WORD)
            self._start_next()

    def _settle(self, run: RunDir, cause: Cause = NO_WORD) -> dict:
        self._ending.pop(run.path, None)
        return super()._settle(run, cause)

    def _told(self, run: RunDir) -> bool:
        return self._ending.get(run.path) == self._worker(run) or super()._told(run)

    def _tell(self, run: RunDir, at_once: bool = False) -> None:
        """A thread of its own sees to it."""
        with contextlib.suppress(OSError):  # a full disk is no reason not to stop
            run.stop_flag.touch()
        worker = self._ending[run.path] = self._worker(run)
        threading.Thread(target=self._end, args=(run, worker, at_once), daemon=True).start()

    def _end(self, run: RunDir, worker: Worker, at_once: bool) -> None:
        """Flag, then ask, then end it, with a grace period after each; `at_once` without asking."""
        for step, grace_s in self._steps(worker, at_once):
            if step is not None:
                self.launcher.end(worker, hard=step)
            if self._gone(run, worker, grace_s):
                break
        with self._lock:
            if self._ending.get(run.path) == worker:  # else it was settled meanwhile, and may wait for another turn
                del self._ending[run.path]
                if not self._computes(run):
                    self._settle(run)
                    self._start_next()

    def _steps(self, worker: Worker, at_once: bool) -> list[tuple[bool | None, float]]:
        """`(hard, how long that may take)`; None for the flag alone, which is all that reaches another's worker."""
        if self.launcher.alive(worker) is None:
            return [(None, self.grace_s + SILENT_S)]
        hard = (True, self.grace_s)
        return [hard] if at_once else [(None, self.grace_s), (False, min(self.grace_s, AFTER_TERM_S)), hard]

    def _gone(self, run: RunDir, worker: Worker, grace_s: float) -> bool:
        """True as soon as this worker is gone (the run may have a new one), False after the grace period."""
        until = time.monotonic() + grace_s
        while True:
            with self._lock:  # or the flag would be for a worker that is started in this moment
                if self._worker(run) != worker:
                    return True
                with contextlib.suppress(OSError):  # the run was discarded meanwhile, or the disk is full
                    run.stop_flag.touch()  # again: a worker clears an old flag when it begins, and may have done so
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_S)
