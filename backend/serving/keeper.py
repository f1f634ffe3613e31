"""The keeper: looks after runs when nobody is looking, once every few seconds, in a thread of the server.

It settles runs whose workers died, starts what waits, ends what takes longer, or more memory or disk, than its host
allows, and forgets runs that nobody has touched for as long as the host keeps them. Knows runs and limits; no page.
"""

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from backend.limits.hosts import Host
from backend.limits.room import MB, free
from backend.runners.contract import Runner
from backend.runs.folder import LIVE_STATES, ORPHANED, RunDir, can_be_read
from backend.runs.heartbeat import silence_s

EVERY_S = 5.0
SWEEP_S = 600.0
LOG = logging.getLogger(__name__)


class Keeper:
    """`forget(owner, run)` is told of a run before it is deleted."""

    def __init__(self, runner: Runner, forget: Callable[[str, str], None] = lambda owner, run: None):
        self.runner, self.host, self.forget = runner, runner.host, forget
        self.looked_at = 0.0  # when it last looked around, by time.time()
        self._silent: set[Path] = set()
        self._swept_at = 0.0
        self._ended = threading.Event()

    def start(self, every_s: float = EVERY_S) -> None:
        """Take over what an earlier server left, and look around from now on."""
        for path in self.runner.reconcile():
            LOG.warning("orphaned", extra={"run": path.name})
        threading.Thread(target=self._watch, args=(every_s,), daemon=True).start()

    def close(self) -> None:
        self._ended.set()

    def look(self) -> None:
        """Once around all runs."""
        for path in self.runner.all_runs():
            run = RunDir(path)
            with contextlib.suppress(OSError, ValueError, KeyError):  # discarded this very moment, or damaged
                before = run.status()
                asked = before["state"] != "queued" or before.get("queued_at")  # else it is being made, or refused
                if before["state"] in LIVE_STATES and asked and can_be_read(run):
                    status = self.runner.poll(run)  # settles it where its worker is gone
                    if status["alive"] and status["state"] != "queued":
                        self._check(run)
        if time.monotonic() - self._swept_at > SWEEP_S or not self._swept_at:
            self._swept_at = time.monotonic()
            self.sweep()
        self.looked_at = time.time()

    def sweep(self) -> list[Path]:
        """Forget the runs that nobody has touched for as long as the host keeps them. Returns them."""
        if self.host.retention_s is None:
            return []
        found = []
        for path in self.runner.all_runs():
            run = RunDir(path)
            if not can_be_read(run) or run.status()["state"] in LIVE_STATES:
                continue
            if time.time() - touched(path) > self.host.retention_s:
                self.forget(path.parent.name, path.name)
                self.runner.discard(run)
                LOG.info("forgotten", extra={"run": path.name})
                found.append(path)
        for recipe in (self.runner.root.parent / "experts").glob("*"):
            if recipe.is_dir() and _idle(recipe) > self.host.retention_s:
                shutil.rmtree(recipe, ignore_errors=True)  # recorded again where a run still wants them
        for owner in self.runner.root.glob("*"):
            if owner.is_dir() and not any(owner.glob("*/config.json")) and _idle(owner) > self.host.retention_s:
                shutil.rmtree(owner, ignore_errors=True)  # uploads that no run reads
        return found

    # -- how ----------------------------------------------------------------------------------------------------
    def _watch(self, every_s: float) -> None:
        while not self._ended.is_set():
            try:
                self.look()
            except Exception:  # what goes wrong once must not end the keeping
                LOG.exception("the keeper stumbled")
            self._ended.wait(every_s)

    def _check(self, run: RunDir) -> None:
        """End a run that takes more than its host allows."""
        host = self.host
        if host.wall_clock_s is not None and host.slice_s is None and _age_s(run) > host.wall_clock_s:
            said = f"Stopped after {host.wall_clock_s / 60:.0f} minutes, the time limit for a run here"
            self._end(run, {"state": "stopped", "reason": said})
        elif free(run.path) < host.reserve // 2:
            said = "Stopped before the disk was full: nothing is lost"
            self._end(run, {"state": "stopped", "reason": said})
        elif host.memory is not None and (taken := self.runner.usage(run)) > host.memory:
            self._end(run, {"state": "failed", "error": too_large(taken, host)}, at_once=True)
        elif host.hung_s is not None and self._hung(run, host.hung_s):
            self._end(run, {"state": ORPHANED, "reason": "It stopped responding and was ended"}, at_once=True)

    def _hung(self, run: RunDir, after_s: float) -> bool:
        """Silent at two looks in a row: a machine that slept wakes up with an old heartbeat."""
        silent = silence_s(run) > after_s
        before = run.path in self._silent
        (self._silent.add if silent else self._silent.discard)(run.path)
        return silent and before

    def _end(self, run: RunDir, reason: dict, at_once: bool = False) -> None:
        LOG.warning("ended by the host", extra={"run": run.path.name, "reason": reason.get("reason", "memory")})
        self.runner.end(run, reason, at_once)


def touched(path: Path) -> float:
    """When a run folder was last written, by time.time()."""
    return max((file.stat().st_mtime for file in path.glob("*.json*")), default=path.stat().st_mtime)


def too_large(taken: int, host: Host) -> dict[str, str]:
    return {
        "found": f"The run needed {taken / MB:,.0f} MB of memory and was ended.",
        "expected": f"at most {host.memory / MB:,.0f} MB on this host",
        "next_step": "Choose a smaller model, fewer examples or smaller batches.",
        "kind": "killed",
    }


def _age_s(run: RunDir) -> float:
    """Since the worker's start. Slices count their own seconds."""
    worker = run.worker()
    return 0.0 if worker is None else time.time() - worker.started


def _idle(folder: Path) -> float:
    newest = max((path.stat().st_mtime for path in folder.rglob("*")), default=folder.stat().st_mtime)
    return time.time() - newest
