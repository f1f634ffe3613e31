"""Starting a run: once, however often it was asked for, and where it is refused, nothing of it stays.

A folder that stayed would wait its turn after all: whoever looks at it next puts it into the queue. Knows no widget.
"""

import threading
from dataclasses import dataclass

from backend.errors import UserError
from backend.runners.contract import Runner
from backend.runs.folder import LIVE_STATES, RunDir, put_away
from components.run.shelf import OWN, Shelf

STARTING = threading.Lock()  # between looking for a twin and making the run


@dataclass(frozen=True)
class Wanted:
    """A run to be started: `config` in plain values, `stages` comma separated, empty for all."""

    study: str
    preset: str | None
    config: dict
    stages: str = ""


def start_once(shelf: Shelf, runner: Runner, owner: str, wanted: Wanted) -> str:
    """The key of a new run of this visitor, or of their live run that does the very same: a second click or a request
    that was sent twice starts nothing. Raises the runner's UserError, with nothing left behind.
    """
    with STARTING:
        twin = _live_twin(shelf, runner, owner, wanted)
        if twin is not None:
            return f"{OWN}/{twin.path.name}"
        key, run = shelf.new(owner, wanted.study, wanted.preset, wanted.config)
        start_new(runner, run, wanted.stages)
    return key


def start_new(runner: Runner, run: RunDir, stages: str | None) -> None:
    """Have the runner compute a new run. Raises its UserError, with the run's folder gone, where it refuses."""
    try:
        runner.start(run, stages)
    except UserError:
        put_away(run, run.path.parent.parent)
        raise


def _live_twin(shelf: Shelf, runner: Runner, owner: str, wanted: Wanted) -> RunDir | None:
    for run in shelf.own(owner):
        found = run.config()
        same = (found["study"], found["config"], found.get("lineage")) == (wanted.study, wanted.config, None)
        if not same or run.status()["state"] not in LIVE_STATES:
            continue
        status = runner.poll(run)  # which settles one whose worker is gone
        if status["state"] in LIVE_STATES and (status.get("stages") or "") == wanted.stages:
            return run
    return None
