"""Progress: one bar on the terminal and the same numbers in status.json, with an honest time left.

Knows a run folder and a clock; not what is being counted.
"""

import time

from tqdm import tqdm

from backend.runs import RunDir

WRITE_EVERY = 0.5  # seconds; the page polls slower than that


class Stopped(Exception):
    """Someone asked the run to stop; everything up to here is saved."""


class Progress:
    """Counts one stage of a run. Use as a context manager; `advance` also looks for the stop flag."""

    def __init__(self, run: RunDir, stage: str, total: int, done: int = 0):
        self.run, self.stage, self.total, self.done = run, stage, total, done
        self._began, self._at_start, self._written = time.monotonic(), done, 0.0
        self._bar = tqdm(total=total, initial=done, desc=stage, disable=None, leave=True)  # silent when not a terminal

    def __enter__(self) -> "Progress":
        self._write("")
        return self

    def __exit__(self, *_) -> None:
        self._write("")
        self._bar.close()

    def advance(self, message: str = "", by: int = 1) -> None:
        """Count `by` more and say what happened. Raises Stopped when the run was asked to stop."""
        self.done += by
        self._bar.update(by)
        if time.monotonic() - self._written > WRITE_EVERY:
            self._write(message)
        self.check_stop()

    def check_stop(self) -> None:
        if self.run.stop_requested():
            raise Stopped

    def _write(self, message: str) -> None:
        passed, counted = time.monotonic() - self._began, self.done - self._at_start
        eta = passed / counted * (self.total - self.done) if counted else None
        self.run.set_status(stage=self.stage, done=self.done, total=self.total, eta_s=eta, message=message)
        self._written = time.monotonic()
