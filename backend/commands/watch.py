"""Someone who looks at a run while this very process computes it, on a thread of its own.

Knows a clock and the run folder's status; not what is done with what is seen.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from tqdm import tqdm

from backend.runs.folder import RunDir

EVERY_S = 0.5
LEAST_GAP_S = 10.0  # between two lines about one stage
GAP = 0.05  # of the time so far: twenty hours are told in some two hundred lines


@contextmanager
def watching(look: Callable[[], None], every: float = EVERY_S) -> Iterator[None]:
    """Call `look` now and then while the body runs, and once more when it has ended. `look` does not raise."""
    over = threading.Event()

    def loop() -> None:
        while not over.wait(every):
            look()

    thread = threading.Thread(target=loop, daemon=True, name="watch")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        look()


class ProgressLines:
    """What status.json says, as a line whenever a stage begins and from time to time within it.

    On a terminal the stages draw bars of their own: there, only what has no bar becomes a line.
    """

    def __init__(self, run: RunDir, titles: Mapping[str, str], say: Callable[[str], None], bars: bool):
        self._run, self._titles, self._say, self._bars = run, titles, say, bars
        self._began = self._told = time.monotonic()
        self._last = _of(run.status())  # a resumed run's status is of its earlier attempt until it changes

    def look(self) -> None:
        """Say what is new. A status that cannot be read is read again the next time."""
        try:
            status = self._run.status()
        except (OSError, ValueError):
            return
        seen, now = _of(status), time.monotonic()
        if status.get("state") != "running" or seen == self._last or (seen.total and self._bars):
            return
        begins = (seen.stage, seen.message) != (self._last.stage, self._last.message)
        if not begins and now - self._told < max(LEAST_GAP_S, GAP * (now - self._began)):
            return
        self._last, self._told = seen, now
        self._say(f"{self._titles.get(seen.stage, seen.stage)}: {_said(seen, status.get('eta_s'))}")


class _Seen(NamedTuple):
    """`message` only where nothing is counted: beside a count it changes all the time."""

    stage: str
    message: str
    done: int
    total: int


def _of(status: Mapping) -> _Seen:
    total = status.get("total") or 0
    message = "" if total else status.get("message") or ""
    return _Seen(status.get("stage") or "", message, status.get("done") or 0, total)


def _said(seen: _Seen, left: float | None) -> str:
    if not seen.total:
        return seen.message or "begins"
    return f"{seen.done} of {seen.total}" + (f", {tqdm.format_interval(left)} left" if left else "")


def on_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
