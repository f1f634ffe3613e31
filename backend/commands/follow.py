"""`run --follow tensorboard` or `trackio`: a run's metrics in a tool that draws them, while they are written.

Reads the rows of the run folder as they grow, as the page does, so it works for every study and costs the run nothing.
Both tools are optional packages, imported when there is a first point. Knows how each is written to; not what is
computed.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from backend.errors import UserError
from backend.runs import points
from backend.runs.folder import RunDir
from backend.study import find


class Tracker(Protocol):
    """A tool that takes points. `add` may raise what it likes: following ends then, the run does not."""

    def add(self, found: Sequence[points.Point]) -> None: ...

    def close(self) -> None: ...


class TensorBoard:
    """Event files in the run folder: `tensorboard --logdir runs` shows every run below it."""

    def __init__(self, run: RunDir):
        folder = run.path / "tensorboard"
        for old in folder.glob("events.out.tfevents.*"):  # they are written again from the first row
            old.unlink()
        self._writer = import_module("torch.utils.tensorboard").SummaryWriter(str(folder))

    def add(self, found: Sequence[points.Point]) -> None:
        for point in found:
            self._writer.add_scalar(point.series, point.value, point.step)
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


class Trackio:
    """A run of the trackio project `distilloscope`, kept where trackio keeps its own: `trackio show` opens it.

    Each command adds a run, also where it resumes one.
    """

    def __init__(self, run: RunDir):
        told, quiet = run.config(), {"embed": False, "auto_log_gpu": False, "auto_log_cpu": False}
        with contextlib.redirect_stdout(sys.stderr):  # it greets; our own output is for programs too
            name = run.path.resolve().name
            init = import_module("trackio").init
            # in a context of its own: else trackio finishes its current run again at exit, and says so
            self._run = copy_context().run(init, "distilloscope", name, config=told["config"], **quiet)

    def add(self, found: Sequence[points.Point]) -> None:
        for step in dict.fromkeys(point.step for point in found):
            self._run.log({point.series: point.value for point in found if point.step == step}, step=step)

    def close(self) -> None:
        with contextlib.redirect_stdout(sys.stderr):
            self._run.finish()


TRACKERS: dict[str, Callable[[RunDir], Tracker]] = {"tensorboard": TensorBoard, "trackio": Trackio}


def check(name: str) -> None:
    """Raise UserError for a tool that is not installed."""
    if find_spec(name) is None:
        raise UserError(f"--follow {name} needs a package that is not installed.", name, f"Run `pip install {name}`.")


class Follower:
    """Hands new rows to a tracker. `look` never raises: a tracker that fails is told of once and then left alone."""

    def __init__(self, run: RunDir, name: str, say: Callable[[str], None]):
        self._run, self._name, self._say = run, name, say
        self._study = find(run.config()["study"])
        self._cursors = {"metrics": 0, "results": 0}
        self._tracker: Tracker | None = None
        self._failed = False

    def look(self) -> None:
        """Pass on what was written since the last look."""
        self._guarded(self._pass_on)

    def close(self) -> None:
        """Everything has been passed on: whatever the tool still holds is written."""
        if self._tracker is not None:
            self._guarded(self._tracker.close)

    def _guarded(self, act: Callable[[], None]) -> None:
        if self._failed:
            return
        try:
            act()
        except Exception as error:  # whatever a foreign package raises
            self._failed = True
            self._say(f"{self._name} takes no more metrics ({type(error).__name__}: {error}). The run goes on.")

    def _pass_on(self) -> None:
        found = list(self._news())
        if found:
            self._tracker = self._tracker or TRACKERS[self._name](self._run)
            self._tracker.add(found)

    def _news(self) -> Iterator[points.Point]:
        for name in self._cursors:
            rows, self._cursors[name] = self._run.rows_since(name, self._cursors[name])
            for row in rows:
                yield from points.of_metrics(self._study, row) if name == "metrics" else points.of_results(row)
