"""The page of the text distillation study: where things stand, and which function answers which click.

Knows the study's config (names only, no tensor), a runner and the shelf of runs.
"""

import gradio as gr

from backend.errors import UserError
from backend.runners.contract import Runner
from backend.settings import as_json, from_saved
from backend.studies.text_distillation.config import PRESETS, DistillConfig
from components.form.config_form import ConfigForm, Layout, error_markup
from components.form.form_widgets import Option
from components.panels.lessons import lessons_view
from components.run.branching import branch_chip
from components.run.cost import cost_line
from components.run.life import STUDY, Life, diagnosed
from components.run.share_view import asked_for, for_its_owner
from components.run.shelf import Shelf, is_own, is_owner, new_owner
from components.run.starting import Wanted, start_once
from components.run.takeaway import TakeAway
from components.run.view import RunView

SCORING = "decode,evaluate"
SCORE = Option(
    "Score when done", "Train fresh students on the text and test them.", "score-after", stages="experts,distil,decode"
)
LEADING = ("quick", "standard")  # what a visitor can run at once, without any download
QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}


def text_distillation_page(demo: gr.Blocks, shelf: Shelf, runner: Runner) -> "Page":
    """Lay the page out and bind its events."""
    return Page(demo, shelf, runner)


class Page:
    """The run on the left, the form on the right; on a phone the form comes after the run."""

    def __init__(self, demo: gr.Blocks, shelf: Shelf, runner: Runner):
        self.shelf, self.runner = shelf, runner
        # the browser keeps the id; key and secret are fixed so that a restarted server still finds it
        self.owner = gr.BrowserState("", storage_key="distilloscope-owner", secret="distilloscope-owner")
        self.lessons = lessons_view()
        with gr.Row(elem_id="page"):
            with gr.Column(scale=7, min_width=320, elem_id="view"):
                self.view = RunView(shelf, runner, diagnosed)
                self.takeaway = TakeAway(shelf)
            with gr.Column(scale=3, min_width=310, elem_id="form", elem_classes="ds-card"):
                gr.HTML("<h2>Distil your own</h2>", apply_default_css=False)
                layout = Layout("Distil", "distil", "", SCORE, above=self._above, below=self._below, host=shelf.host)
                self.form = ConfigForm(STUDY, DistillConfig, PRESETS, LEADING, layout)
                self.use = gr.Button("Use the settings of the run on screen", size="sm", elem_id="use-settings")
        self.life = Life(self)
        self._bind(demo)

    def _above(self) -> None:
        self.branch, self.chip = gr.State(None), branch_chip()

    def _below(self) -> None:
        self.cost = cost_line()

    def _bind(self, demo: gr.Blocks) -> None:
        view, form = self.view, self.form
        which = [self.owner, view.picker]
        told = form.bind(aside=[self.owner, self.branch], retold=self.life.told_of)
        self.opened = demo.load(self.open, self.owner, [self.owner, *view.parts], **QUIET)
        view.timer.tick(view.tick, [self.owner, view.seen], view.parts, **QUIET)
        view.picker.input(view.show, which, view.parts, **QUIET)
        for widget in (view.chart, view.wall, view.path):
            widget.resync(view.show, which, view.parts, **QUIET)
        self.takeaway.bind(self.owner, view)
        view.judge.judge(view.compare, self.owner, view.judge, **QUIET)
        view.lens.look(view.look, self.owner, view.lens, **QUIET)
        view.slow.walk(view.walk, self.owner, view.slow, **QUIET)
        view.share.give(view.give, self.owner, view.share, **QUIET)
        form.go.click(
            self.life.start,
            [self.owner, self.branch, form.preset, *form.toggles, *form.widgets],
            [self.owner, *self.life.told, *self.life.parts, *view.parts],
            **QUIET,
        )
        # not queued: a stop must not wait behind anything
        view.stop.click(self.stop, which, view.parts, queue=False, **{k: QUIET[k] for k in QUIET if k[0] != "c"})
        view.resume.click(self.resume, which, view.parts, **QUIET)
        view.score.click(self.score, which, view.parts, **QUIET)
        copied = self.use.click(self.copy_settings, [*which, *form.toggles], self.filled, **QUIET)
        self.life.bind([*told, copied, self.opened])

    @property
    def filled(self) -> list:
        """All of the form, as the settings of a run fill it."""
        form = self.form
        return [form.preset, *form.widgets, form.about, form.changes, form.box, form.message]

    # -- answers ------------------------------------------------------------------------------------------------
    def open(self, owner: str, request: gr.Request = None) -> dict:
        """A page is opened or reloaded: the run its address names, else the visitor's live one, else a recorded one."""
        owner = owner if is_owner(owner) else new_owner()
        key = for_its_owner(self.shelf, owner, asked_for(request))
        return {self.owner: owner, **self.view.show(owner, key)}

    def distil(self, owner: str, preset: str, score: bool, *values) -> dict:
        """Start a new run with what the form holds; a bad value is said at the form, and nothing is lost."""
        owner = owner if is_owner(owner) else new_owner()
        try:
            config = self.form.config(values)
            preset = preset if preset in self.form.names else None
            wanted = Wanted(STUDY, preset, as_json(config), self.form.stages(score))
            key = start_once(self.shelf, self.runner, owner, wanted)
        except UserError as error:
            return {self.form.message: error_markup(error)}
        return {self.owner: owner, self.form.message: "", **self.view.show(owner, key)}

    def stop(self, owner: str, key: str | None) -> dict:
        run = self.own(owner, key)
        if run is not None:
            self.runner.stop(run)
        return self.view.show(owner, key)

    def resume(self, owner: str, key: str | None) -> dict:
        return self._start(owner, key, None)

    def score(self, owner: str, key: str | None) -> dict:
        return self._start(owner, key, SCORING)

    def copy_settings(self, owner: str, key: str | None, score: bool) -> dict:
        """The form as the run on screen was started."""
        run, form = self.shelf.open(owner, key), self.form
        if run is None:
            return {form.message: ""}
        found = run.config()
        preset = found["preset"] if found["preset"] in form.names else form.names[0]
        try:
            values = form.values(from_saved(DistillConfig, found["config"]))
            changes, box = form.told_of(preset, form.config(values), score)
        except UserError as error:  # a run of an older version
            return {form.message: error_markup(error)}
        told = {form.about: form.about_markup(preset), form.changes: changes, form.box: box, form.message: ""}
        return {form.preset: preset, **dict(zip(form.widgets, values, strict=True)), **told}

    # -- how ----------------------------------------------------------------------------------------------------
    def own(self, owner: str, key: str | None):
        """The visitor's own run behind a key. All others are for looking at."""
        return self.shelf.open(owner, key) if is_own(key) else None

    def _start(self, owner: str, key: str | None, stages: str | None) -> dict:
        run = self.own(owner, key)
        try:
            if run is not None:
                self.runner.start(run, stages)
        except UserError as error:
            return {**self.view.show(owner, key), self.view.fact: error_markup(error)}
        return self.view.show(owner, key)
