"""The other side of a slice: in a process that has the GPU for some seconds, go on with a run, save, and let go.

All that stays is in the run folder: the process may end with the slice, or serve another run next. Knows the run folder
and an alarm clock; torch is imported when the work begins, by whoever does it.
"""

import contextlib
import os
import time
import traceback
from pathlib import Path

from backend import settings
from backend.errors import UserError
from backend.runs import timings
from backend.runs.carry_out import carry_out, defect, mark_failed
from backend.runs.folder import LIVE_STATES, RunDir
from backend.study import find


class SlicedRun(RunDir):
    """The folder as a worker sees it whose time is short: asked to stop when it is over, and then not stopped."""

    def __init__(self, path: Path | str, seconds: float):
        super().__init__(path)
        self._until = time.monotonic() + seconds
        self.pass_by(find(self.config()["study"]).stage_names)

    def stop_requested(self) -> bool:
        return time.monotonic() > self._until or super().stop_requested()

    def claim(self) -> None:
        """A stop that was asked a moment ago is not forgotten."""
        asked = self.stop_flag.exists()
        super().claim()
        if asked:
            self.stop_flag.touch()

    def set_status(self, **changes) -> None:
        """The end of a slice is no stop."""
        if changes.get("state") == "stopped" and not self.stop_flag.exists():
            changes = {"state": "running"}
        super().set_status(**changes)


def compute(folder: str, seconds: float, margin: float) -> None:
    """Go on with a run for about `seconds`, save, and let go of it. How it went is in the folder, never raised.

    `margin` is only for whoever lends the GPU. Runs in a process that may have served another run before.
    """
    run, began = SlicedRun(folder, seconds), time.monotonic()
    os.environ["DISTILLOSCOPE_WORKERS"] = "1"  # this process may have no children
    timings.begin_again()
    try:
        run.claim()
    except UserError:  # the process of a slice that was broken off is still leaving: the next one finds it gone
        return
    try:
        found, status = run.config(), run.status()
        kind = find(found["study"]).config
        config = settings.build(kind, settings.from_saved(kind, found["config"]))
        carry_out(run, config, status.get("stages") or "")
    except Exception as error:
        with contextlib.suppress(OSError), run.log_file.open("a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        if run.status()["state"] in LIVE_STATES:  # before the engine could say it
            mark_failed(run, error.as_dict() if isinstance(error, UserError) else defect())
    spent = run.status().get("slice", {})
    spent = {**spent, "spent": spent.get("spent", 0.0) + time.monotonic() - began}
    RunDir.set_status(run, worker=None, slice=spent)  # the process may live on, idle


def duration(folder: str, seconds: float, margin: float) -> float:
    """What a slice asks the host for, in seconds."""
    return seconds + margin
