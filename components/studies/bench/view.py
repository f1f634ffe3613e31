"""The view of one bench run: picker, state, buttons, live chart, results. Widgets, and what to put into them.

Other panels that show something of the run on screen follow it: they are told when another run comes, or this one ends.
Every function takes the visitor's id and a run's key from the page and trusts neither: the shelf decides.
"""

import contextlib
import json
from html import escape
from typing import Protocol

import gradio as gr

from backend.runners.contract import Runner
from backend.runs.folder import LIVE_STATES, RESUMABLE, RunDir
from components.frame.words import page_title
from components.run import status
from components.run.shelf import OWN, Shelf
from components.run.view import INSTEAD, PERIOD_S, TITLE_JS, is_recorded, settings_markup
from components.studies.bench import feed, words
from components.studies.bench.chart import bench_chart
from components.studies.bench.example import run_example
from components.studies.bench.results import results_markup


class Follower(Protocol):
    """A panel beside the view. `parts` are its widgets, `follow` what to put into them."""

    parts: list

    def follow(self, owner: str, key: str | None, another: bool) -> dict:
        """`another`: this run was not on screen before."""


class BenchView:
    """Made inside a Blocks context. `show` fills everything, `tick` only what is new."""

    def __init__(self, shelf: Shelf, runner: Runner):
        self.shelf, self.runner = shelf, runner
        self.followers: list[Follower] = []
        self.seen = gr.State({})
        self.timer = gr.Timer(PERIOD_S, active=False)
        with gr.Column(elem_classes="ds-card", elem_id="bench-run-card"):
            self.picker = gr.Dropdown(
                [], label="Run on screen", filterable=False, elem_id="bench-picker", interactive=True
            )
            self.head = gr.HTML(
                '<section class="ds-run ds-loading"></section>',
                js_on_load=TITLE_JS,
                elem_id="bench-status",
                apply_default_css=False,
            )
            with gr.Row(elem_id="bench-actions"):
                self.stop = gr.Button("Stop", visible=False, elem_id="bench-stop")
                self.resume = gr.Button("Resume", visible=False, elem_id="bench-resume")
        with gr.Column(elem_classes="ds-card", elem_id="bench-chart-card"):
            self.chart = bench_chart()
        self.results = gr.HTML("", elem_id="bench-results", apply_default_css=False)
        self.settings = gr.HTML("", elem_id="bench-run-settings", apply_default_css=False, render=False)

    @property
    def parts(self) -> list:
        """Everything that `show` and `tick` may fill."""
        head = [self.seen, self.timer, self.picker, self.head, self.stop, self.resume]
        return [*head, self.chart, self.results, self.settings, *(p for each in self.followers for p in each.parts)]

    # -- what to show -------------------------------------------------------------------------------------------
    def first(self, owner: str) -> str | None:
        """The visitor's live run, else their newest, else a recorded one: a reload shows what was there before."""
        live = [run for run in self.shelf.own(owner) if run.status()["state"] in LIVE_STATES]
        if live:
            return f"{OWN}/{live[0].path.name}"
        return next((key for key, _ in self.shelf.everything(owner)), None)

    def show(self, owner: str, key: str | None) -> dict:
        """The whole view of a run; of the visitor's first one where there is no such run."""
        for asked in (key, *INSTEAD):
            with contextlib.suppress(FileNotFoundError):  # discarded this very moment: what is left is shown instead
                return self._whole(owner, asked)
        return self._nothing(owner)

    def _whole(self, owner: str, key: str | None) -> dict:
        if self.shelf.open(owner, key) is None:
            key = self.first(owner)
        run = self.shelf.open(owner, key)
        if run is None:
            return self._nothing(owner)
        updates = self._news(owner, feed.first_look(key))  # first: it may settle a state that the picker shows
        return {
            **updates,
            self.picker: gr.update(choices=self.shelf.choices(owner), value=key, visible=True),
            self.settings: run_example(run) + settings_markup(shown_config(run)),
            **self._tell(owner, key, True),
        }

    def tick(self, owner: str, seen: dict) -> dict:
        """What changed since the last look. Small: this is sent again and again."""
        if not isinstance(seen, dict) or not {"key", "cursors", "worker", "chart", "status"} <= seen.keys():
            return self.show(owner, None)
        try:
            return self._news(owner, seen)
        except FileNotFoundError:  # discarded this very moment: the next tick finds it gone
            return gr.skip()

    def _news(self, owner: str, seen: dict) -> dict:
        run = self.shelf.open(owner, seen["key"])
        if run is None:
            return self._nothing(owner)
        told = (
            run.status() if is_recorded(seen["key"]) else self.runner.poll(run)
        )  # before the rows: the last ones count
        ended = told["state"] not in LIVE_STATES and told["state"] != seen.get("state")
        news, seen = feed.look(run, {**seen, "cursors": None} if ended else seen)  # the end tells what was chosen
        updates = {self.chart: news["chart"]} if news["chart"] else {}
        stamp = json.dumps(told, sort_keys=True)
        if news["results"] or ended:  # a run that ended writes its summary last
            updates |= {self.results: results_markup(run), **self._tell(owner, seen["key"], False)}
        if stamp != seen["status"]:
            updates |= self._head(owner, run, seen, told)
        return {**updates, self.seen: {**seen, "status": stamp, "state": told["state"]}}

    def _head(self, owner: str, run: RunDir, seen: dict, told: dict) -> dict:
        """State, sentence, stepper and the buttons that make sense now."""
        recorded, state = is_recorded(seen["key"]), told["state"]
        live = state in LIVE_STATES
        updates = {
            self.head: head_markup(self.shelf.title(run), run.config()["config"], told, recorded),
            self.stop: gr.update(visible=live and not recorded, interactive=state != "stopping"),
            self.resume: gr.update(visible=not recorded and state in RESUMABLE),
        }
        if state != seen.get("state"):
            updates[self.timer] = gr.Timer(active=live)
            updates[self.picker] = gr.update(choices=self.shelf.choices(owner), value=seen["key"])
            updates[self.settings] = run_example(run) + settings_markup(shown_config(run))
        return updates

    def _tell(self, owner: str, key: str | None, another: bool) -> dict:
        told: dict = {}
        for each in self.followers:
            told |= each.follow(owner, key, another)
        return told

    def _nothing(self, owner: str) -> dict:
        """The view of a visitor who has no run, where none was recorded either."""
        hidden = {part: gr.update(visible=False) for part in (self.picker, self.stop, self.resume)}
        return {
            **hidden,
            self.seen: {},
            self.timer: gr.Timer(active=False),
            self.head: EMPTY,
            self.chart: {},
            self.results: "",
            self.settings: "",
            **self._tell(owner, None, True),
        }


EMPTY = (
    '<section class="ds-run ds-nothing" data-status="none" data-title="Distilloscope"><h2>No run yet</h2>'
    '<p class="ds-run-about">Pick a student and what it should learn from, then press <b>Start</b>. The same questions '
    "are asked before and after.</p></section>"
)


def head_markup(title: str, config: dict, told: dict, recorded: bool) -> str:
    """The head of the run that is on screen."""
    state = told.get("state", "queued")
    steps = {name: said for name, said in words.STAGES.items() if name != "tune" or config["data"] != "none"}
    return (
        f'<section class="ds-run" data-status="{escape(state)}" data-recorded="{str(recorded).lower()}" '
        f'data-title="{escape(page_title(told, words.STAGES))}">'
        f'<div class="ds-run-line"><h2>{escape(title)}</h2>{status.chip(state, recorded)}</div>'
        f'<p class="ds-run-about">{escape(words.about(config))}</p>'
        f"{status.stepper(told, steps, words.STAGE_NOTES)}{status.footnote(told, words.STAGES)}"
        f"{status.failure(told)}</section>"
    )


def shown_config(run: RunDir) -> dict:
    """The settings as a visitor may read them: a path of this machine is said as its last part."""
    found = run.config()
    paths = {name: found["config"].get(name, "").rpartition("/")[2] for name in ("data_path", "test_file")}
    return {**found, "config": {**found["config"], **paths}}
