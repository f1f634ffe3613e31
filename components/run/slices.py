"""The clock of a host that lends its GPU in slices: while a visitor's run is live, their page asks for the next one.

The GPU is lent to whoever sends the request, so a slice is computed inside this event, never in a thread of ours. Knows
a runner of slices, the folder of runs and the visitor's id; nothing of a study.
"""

import importlib
from collections.abc import Callable

import gradio as gr

from backend.runners.contract import SlicedRunner
from backend.runs.folder import LIVE_STATES, list_runs
from components.run.shelf import is_owner

PERIOD_S = 1.0
QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}


def lent_gpu() -> Callable[..., Callable] | None:
    """The decorator of a ZeroGPU Space; None elsewhere, and a slice is then computed by the server itself.

    The package wants to be imported before anything touches CUDA, and the decorated function to exist at the launch.
    """
    try:
        return importlib.import_module("spaces").GPU
    except ImportError:
        return None


class SliceClock:
    """Made inside a Blocks context. It runs while it is needed: a page without a live run asks nothing."""

    def __init__(self, runner: SlicedRunner, owner: gr.BrowserState, views: list[gr.Timer]):
        """`views`: the timers that tick while a live run is on screen; they wake the clock."""
        self.runner = runner
        self.timer, self.awake = gr.Timer(PERIOD_S), gr.State(True)
        told = [self.timer, self.awake]
        self.timer.tick(self.tick, owner, told, **QUIET)
        for view in views:
            view.tick(self.wake, [owner, self.awake], told, **QUIET)

    def tick(self, owner: str) -> tuple:
        """One slice for each of this visitor's live runs whose turn it is; the clock stops when there is none."""
        live = self.live(owner)
        for run in live:
            self.runner.advance(run)
        return (gr.skip(), gr.skip()) if live else (gr.Timer(active=False), False)

    def wake(self, owner: str, awake: object) -> tuple:
        return (gr.skip(), gr.skip()) if awake is True or not self.live(owner) else (gr.Timer(active=True), True)

    def live(self, owner: object) -> list:
        """Oldest first. Nothing for whoever is no visitor."""
        runs = list_runs(self.runner.root / owner) if is_owner(owner) else []
        return [run for run in reversed(runs) if run.status()["state"] in LIVE_STATES]
