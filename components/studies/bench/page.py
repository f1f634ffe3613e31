"""The page of the student's bench: where things stand, and which function answers which click.

Knows a runner, the desk and the shelves of runs. Every function here may be called by anyone with anything, so each
checks what it is given.
"""

import gradio as gr

from backend.errors import UserError
from backend.runners.contract import Runner
from backend.settings import as_json
from components.form.config_form import error_markup
from components.frame.events import sent
from components.panels.paired import compare_markup, compare_view
from components.run.shelf import Shelf, is_own, is_owner, new_owner
from components.run.starting import Wanted, start_once
from components.run.upload_store import UploadStore
from components.studies.bench.ask_panel import AskPanel, Desk
from components.studies.bench.form import AT_ONCE, QUIET, STUDY, BenchForm
from components.studies.bench.sources import Sources
from components.studies.bench.table import RunsTable
from components.studies.bench.view import BenchView


class BenchPage:
    """The run on the left, the form on the right; on a phone the form comes after the run."""

    def __init__(self, shelf: Shelf, distilled: Shelf, runner: Runner, desk: Desk, owner: gr.BrowserState):
        """`shelf` holds bench runs, `distilled` the runs of the first tab, `owner` is the visitor's id of both."""
        self.shelf, self.runner, self.owner = shelf, runner, owner
        self.sources = Sources(distilled, UploadStore(shelf.root, shelf.host))
        with gr.Row(elem_id="bench-page"):
            with gr.Column(scale=7, min_width=320, elem_id="bench-view"):
                self.view = BenchView(shelf, runner)
                self.ask = AskPanel(shelf, desk)
                self.runs = RunsTable(shelf)
                self.compared = compare_view()
                self.view.followers = [self.ask, self.runs]
                self.view.settings.render()
            with gr.Column(scale=3, min_width=310, elem_id="bench-form", elem_classes="ds-card"):
                gr.HTML("<h2>Tune and score a student</h2>", apply_default_css=False)
                self.filled = BenchForm(self.sources, desk, owner)
                self.form = self.filled.form
                self.use = gr.Button("Use the settings of the run on screen", size="sm", elem_id="bench-use-settings")
        self._bind()

    def _bind(self) -> None:
        view, form = self.view, self.form
        which = [self.owner, view.picker]
        view.timer.tick(view.tick, [self.owner, view.seen], view.parts, **QUIET)
        view.picker.input(view.show, which, view.parts, **QUIET)
        view.chart.resync(view.show, which, view.parts, **QUIET)
        started = [self.owner, form.message, *view.parts]
        form.go.click(self.start, [self.owner, form.preset, *self.filled.holds], started, **QUIET)
        # not queued: a stop must not wait behind anything
        view.stop.click(self.stop, which, view.parts, **AT_ONCE)
        view.resume.click(self.resume, which, [form.message, *view.parts], **QUIET)
        copied = [form.preset, form.about, *form.widgets, *self.sources.picks, *self.filled.told]
        self.use.click(self.copy_settings, which, copied, **QUIET)
        self.runs.table.open_run(self.open_run, self.owner, view.parts, **QUIET)
        self.runs.table.compare(self.compare, self.owner, self.compared, **QUIET)
        self.compared.shut(self.close_comparison, None, self.compared, **AT_ONCE)
        ask = self.ask
        ask.head.pick(self.pick_question, which, [ask.question, ask.options, ask.answer], **QUIET)
        ask.go.click(ask.ask, [*which, ask.question, ask.options], ask.answer, **QUIET)

    def open_after(self, event) -> None:
        """Fill the page once the visitor is known."""
        event.then(self.open, self.owner, [*self.view.parts, *self.sources.picks], **QUIET)

    # -- answers ------------------------------------------------------------------------------------------------
    def open(self, owner: str) -> dict:
        """A page is opened or reloaded: the same visitor, their live run, else their newest, else a recorded one."""
        return {**self.view.show(owner, None), **self.sources.offer(owner)}

    def start(self, owner: str, preset: str, *found) -> dict:
        """Start a new run with what the form holds; a bad value is said at the form, and nothing is lost."""
        owner = owner if is_owner(owner) else new_owner()
        try:
            # the paths belong to the owner that the browser sent; a new one has none
            config = self.form.config(found)
            preset = preset if preset in self.form.names else None
            key = start_once(self.shelf, self.runner, owner, Wanted(STUDY, preset, as_json(config)))
        except UserError as error:
            return {self.form.message: error_markup(error)}
        return {self.owner: owner, self.form.message: "", **self.view.show(owner, key)}

    def stop(self, owner: str, key: str | None) -> dict:
        run = self._own(owner, key)
        if run is not None:
            self.runner.stop(run)
        return self.view.show(owner, key)

    def resume(self, owner: str, key: str | None) -> dict:
        run = self._own(owner, key)
        try:
            if run is not None:
                self.runner.start(run, None)
        except UserError as error:
            return {**self.view.show(owner, key), self.form.message: error_markup(error)}
        return self.view.show(owner, key)

    def open_run(self, owner: str, event: gr.EventData) -> dict:
        """A name in the table was clicked."""
        return self.view.show(owner, sent(event, "key"))

    def compare(self, owner: str, event: gr.EventData) -> str:
        """Two rows of the table were picked."""
        keys = sent(event, "keys")
        runs = [self.shelf.open(owner, key) for key in keys] if isinstance(keys, list) and len(keys) == 2 else []
        if len(runs) != 2 or None in runs:
            return error_markup(UserError("These are not two of your runs.", "two rows of the table", "Tick two."))
        return compare_markup(*runs)

    def close_comparison(self) -> str:
        return ""

    def pick_question(self, owner: str, key: object, event: gr.EventData) -> dict:
        return self.ask.pick(owner, key, sent(event, "number"))

    def copy_settings(self, owner: str, key: str | None) -> dict:
        """The form as the run on screen was started."""
        run = self.shelf.open(owner, key)
        return self.filled.as_run(owner, run.config()) if run else {self.form.message: ""}

    def _own(self, owner: str, key: str | None):
        """The visitor's own run behind a key. All others are for looking at."""
        return self.shelf.open(owner, key) if is_own(key) else None
