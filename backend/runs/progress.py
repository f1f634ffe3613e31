"""Progress: one bar on the terminal and the same numbers in status.json, with an honest time left.

`eta_s` is the time left of the stage at its own pace; of the whole run the folder's outlook tells. Knows a run folder
and a clock; not what is being counted.
"""

import time

from tqdm import tqdm

from backend.runs.folder import RunDir

WRITE_EVERY = 0.5  # seconds; the page polls slower than that


class Stopped(Exception):
    """Someone asked the run to stop; everything up to here is saved."""


class Progress:
    """Counts one stage of a run. Use as a context manager; `advance` also looks for the stop flag."""

    def __init__(
        self,
        run: RunDir,
        stage: str,
        total: int,
        done: int = 0,
        work: float | None = None,
        later: float = 0.0,
        slow_start: bool = False,
    ):
        """The time left is told by work, in any unit: `work` is all of it between `done` and `total` (one for each
        count where it is left out), `later` what the stage has to do after this bar. `slow_start`: until the first
        advance something is loaded, so the pace counts from there."""
        self.run, self.stage, self.total, self.done = run, stage, total, done
        self._work, self._worked, self._later = float(total - done) if work is None else work, 0.0, later
        self._under_way, self._slow_start = 0.0, slow_start
        self._since = (time.monotonic(), 0.0)  # the pace counts from this time and this much work
        self._written = 0.0
        if run.outlook is not None:
            run.outlook.enter(stage, (total - done) / total if total else 1.0)
        self._bar = tqdm(total=total, initial=done, desc=stage, disable=None, leave=True)  # silent when not a terminal

    def __enter__(self) -> "Progress":
        self._write("")
        return self

    def __exit__(self, *_) -> None:
        self._write("")
        self._bar.close()

    def advance(self, message: str = "", by: int = 1, work: float | None = None, under_way: float = 0.0) -> None:
        """Count `by` more and say what happened. Raises Stopped when the run was asked to stop.

        `work`: how much of it that was, `by` where it is left out; 0 for what had been done before. `under_way`: how
        much other processes are working on right now; on average half of that is done.
        """
        self.done += by
        self._worked += by if work is None else work
        self._under_way = under_way / 2
        if self._slow_start:
            self._since, self._slow_start = (time.monotonic(), self._worked + self._under_way), False
        self._bar.update(by)
        if time.monotonic() - self._written > WRITE_EVERY:
            self._write(message)
        self.check_stop()

    def check_stop(self) -> None:
        if self.run.stop_requested():
            raise Stopped

    def seconds_left(self) -> float | None:
        """At the pace so far; None before anything was done."""
        began, before = self._since
        worked = self._worked + self._under_way
        left = max(0.0, self._work - worked) + self._later
        return (time.monotonic() - began) / (worked - before) * left if worked > before else None

    def _write(self, message: str) -> None:
        left, more = self.seconds_left(), {}
        if self.run.outlook is not None:
            whole = self._work + self._later
            more["time"] = self.run.outlook.told(left, (self._worked + self._under_way) / whole if whole else 1.0)
        self.run.set_status(stage=self.stage, done=self.done, total=self.total, eta_s=left, message=message, **more)
        self._written = time.monotonic()


class RowWatch:
    """Moves the bar by the rows of metrics.jsonl with this `stage` that other processes write from now on, and raises
    Stopped when asked to stop. `message` says what they do."""

    def __init__(self, run_dir: RunDir, progress: Progress, stage: str, message: str):
        self._run, self._progress, self._stage, self._message = run_dir, progress, stage, message
        self._cursor = run_dir.rows_since("metrics", 0)[1]

    def __call__(self) -> None:
        rows, self._cursor = self._run.rows_since("metrics", self._cursor)
        if new := sum(row["stage"] == self._stage for row in rows):
            self._progress.advance(self._message, by=new)
        self._progress.check_stop()
