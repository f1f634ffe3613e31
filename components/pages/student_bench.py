"""The page of the student's bench: where things stand, and which function answers which click.

Knows the bench's config (names only, no tensor), a runner and the shelves of runs. Every function here may be called by
anyone with anything, so each checks what it is given.
"""

from dataclasses import replace

import gradio as gr

from backend.bench.config import PRESETS, BenchConfig
from backend.core.errors import UserError
from backend.core.tasks import TASKS
from backend.jobs import Runner
from backend.settings import as_json
from components import bench_words as words
from components.ask_panel import AskPanel, Desk
from components.bench_example import ExamplePanel
from components.bench_sources import Sources
from components.bench_students import student_choices, student_markup
from components.bench_table import RunsTable
from components.bench_view import BenchView
from components.compare_view import compare_markup, compare_view
from components.config_form import ConfigForm, Layout, Offer, error_markup
from components.run_view import is_recorded
from components.shelf import Shelf, is_owner, new_owner
from components.upload_store import TEST, TRAIN, UploadStore

STUDY = "bench"
LEADING = ("pocket", "handful", "base")  # what a visitor can run at once, without any download
QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
AT_ONCE = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
ABSENT = ("data_path", "test_file")  # paths: resolved from keys, never typed


class BenchPage:
    """The run on the left, the form on the right; on a phone the form comes after the run."""

    def __init__(self, shelf: Shelf, distilled: Shelf, runner: Runner, desk: Desk, owner: gr.BrowserState):
        """`shelf` holds bench runs, `distilled` the runs of the first tab, `owner` is the visitor's id of both."""
        self.shelf, self.runner, self.desk, self.owner = shelf, runner, desk, owner
        self.sources = Sources(distilled, UploadStore(shelf.root))
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
                self.form = ConfigForm(STUDY, BenchConfig, PRESETS, LEADING, self._layout())
                self.use = gr.Button("Use the settings of the run on screen", size="sm", elem_id="bench-use-settings")
        self._bind()

    def _layout(self) -> Layout:
        tasks = {name: words.task_name(name) for name in TASKS}
        learnable = tuple((said, name) for name, said in tasks.items() if "train" in TASKS[name].splits)
        return Layout(
            go="Start",
            go_id="bench-start",
            prefix="bench-",
            offers={
                "student": Offer(student_choices(), free=True),
                "data": Offer(tuple((said, name) for name, said in words.DATA.items())),
                "train_task": Offer(learnable),
                "tasks": Offer(tuple((said, name) for name, said in tasks.items())),
            },
            front=("student", "data", "examples", "train_task", "tasks"),
            beside={
                "student": self._beside_student,
                "data": self.sources.beside_data,
                "train_task": self._beside_task,
                "tasks": self.sources.beside_tasks,
            },
            absent=ABSENT,
        )

    def _beside_student(self) -> None:
        first = BenchConfig()
        self.student_told = gr.HTML(
            student_markup(first.student, first), elem_id="bench-student-told", apply_default_css=False
        )

    def _beside_task(self) -> None:
        gr.HTML(
            '<p class="ds-label">What the student reads</p>', apply_default_css=False, elem_id="bench-example-label"
        )
        self.example = ExamplePanel(self.desk)

    # -- events -------------------------------------------------------------------------------------------------
    def _bind(self) -> None:
        view, form, sources = self.view, self.form, self.sources
        which = [self.owner, view.picker]
        picks = [self.owner, *sources.picks]
        form.bind(picks, sources.paths, [pick.input for pick in sources.picks], self._spoken)
        view.timer.tick(view.tick, [self.owner, view.seen], view.parts, **QUIET)
        view.picker.input(view.show, which, view.parts, **QUIET)
        view.chart.resync(view.show, which, view.parts, **QUIET)
        self.runs.table.open_run(self.open_run, self.owner, view.parts, **QUIET)
        self.runs.table.compare(self.compare, self.owner, self.compared, **QUIET)
        self.compared.shut(lambda: "", None, self.compared, **AT_ONCE)
        ask = self.ask
        ask.head.pick(self.pick_question, which, [ask.question, ask.options, ask.answer], **QUIET)
        asked = [*which, ask.question, ask.options]
        ask.go.click(ask.ask, asked, ask.answer, **QUIET)
        ask.question.submit(ask.ask, asked, ask.answer, **QUIET)
        form.go.click(
            self.start,
            [self.owner, form.preset, *form.widgets, *picks],
            [self.owner, form.message, *view.parts],
            **QUIET,
        )
        # not queued: a stop must not wait behind anything
        view.stop.click(self.stop, which, view.parts, **AT_ONCE)
        view.resume.click(self.resume, which, [form.message, *view.parts], **QUIET)
        told = [form.about, form.changes, form.command, form.message]
        self.use.click(self.copy_settings, which, [form.preset, *form.widgets, *sources.picks, *told], **QUIET)
        self._bind_form(picks)

    def _bind_form(self, picks: list) -> None:
        form, sources = self.form, self.sources
        by_name = dict(zip((item.name for item in form.items), form.widgets, strict=True))
        data, examples, task = by_name["data"], by_name["examples"], by_name["train_task"]
        data.change(self.choose_data, data, [sources.run, sources.train_box, examples, task], **AT_ONCE)
        gr.on(
            [form.command.change, by_name["student"].change],
            self.expect,
            [*form.widgets, *picks],
            self.student_told,
            trigger_mode="always_last",
            **AT_ONCE,
        )
        gr.on(
            [
                by_name["student"].change,
                data.change,
                examples.change,
                task.change,
                *(p.change for p in sources.picks[:2]),
            ],
            self.show_example,
            [self.example.seen, *form.widgets, *picks],
            [self.example.shown, self.example.seen],
            trigger_mode="always_last",
            **QUIET,
        )
        for use, button, picker, told in (
            (TRAIN, sources.train_button, sources.train, sources.train_told),
            (TEST, sources.test_button, sources.test, sources.test_told),
        ):
            answer = getattr(self, f"upload_{use.name}")
            uploaded = button.upload(answer, [self.owner, button], [self.owner, picker, told], **QUIET)
            uploaded.then(
                form.follow,
                [form.preset, *form.widgets, *picks],
                [form.message, form.changes, form.command],
                **AT_ONCE,
            )
            picker.input(getattr(self, f"tell_{use.name}"), [self.owner, picker], told, **AT_ONCE)

    def open_after(self, event) -> None:
        """Fill the page once the visitor is known."""
        event.then(self.open, self.owner, [*self.view.parts, *self.sources.picks], **QUIET)

    def example_when(self, tab: gr.Tab) -> None:
        """Only a visitor who opens the tab makes the desk read an example."""
        inputs = [self.example.seen, *self.form.widgets, self.owner, *self.sources.picks]
        tab.select(self.show_example, inputs, [self.example.shown, self.example.seen], **QUIET)

    # -- answers: the form --------------------------------------------------------------------------------------
    def choose_data(self, data: object) -> dict:
        """Show the settings that this choice of data needs."""
        form = dict(zip((item.name for item in self.form.items), self.form.widgets, strict=True))
        return {
            **self.sources.shown_for(data),
            form["examples"]: gr.update(visible=data != "none"),
            form["train_task"]: gr.update(visible=data in ("real", "random")),
        }

    def expect(self, *found) -> str:
        """The sentence under the student."""
        student = found[[item.name for item in self.form.items].index("student")]
        try:
            config = self.form.config(found)
        except UserError:
            config = None
        return student_markup(student if isinstance(student, str) else "", config)

    def show_example(self, seen: object, *found):
        """What a training example looks like to the student that the form names."""
        try:
            config = self.form.config(found)
        except UserError as error:
            config = error
        yield from self.example.show(config, seen)

    def upload_train(self, owner: str, file: object) -> dict:
        return self._upload(owner, TRAIN, file)

    def upload_test(self, owner: str, file: object) -> dict:
        return self._upload(owner, TEST, file)

    def tell_train(self, owner: str, key: object) -> str:
        return self.sources.told(owner, TRAIN, key)

    def tell_test(self, owner: str, key: object) -> str:
        return self.sources.told(owner, TEST, key)

    def _upload(self, owner: str, use, file: object) -> dict:
        owner = owner if is_owner(owner) else new_owner()
        train = use is TRAIN
        picker, told = (
            (self.sources.train, self.sources.train_told) if train else (self.sources.test, self.sources.test_told)
        )
        key, said = self.sources.upload(owner, use, file)
        if key is None:
            return {self.owner: owner, told: said}
        choices = self.sources.store.choices(owner, use)
        return {
            self.owner: owner,
            told: said,
            picker: gr.update(choices=choices if train else [("none", ""), *choices], value=key),
        }

    def _spoken(self, config: BenchConfig, owner: str, *picks) -> BenchConfig:
        """The config as the command line shows it: no path of this machine."""
        names = self.sources.spoken(owner, *picks)
        changes = {"data_path": names[config.data]} if config.data_path and names.get(config.data) else {}
        changes |= {"test_file": names["test"]} if config.test_file and names["test"] else {}
        return replace(config, **changes)

    # -- answers: the run ---------------------------------------------------------------------------------------
    def open(self, owner: str) -> dict:
        """A page is opened or reloaded: the same visitor, their live run, else their newest, else a recorded one."""
        return {**self.view.show(owner, None), **self.sources.offer(owner)}

    def start(self, owner: str, preset: str, *found) -> dict:
        """Start a new run with what the form holds; a bad value is said at the form, and nothing is lost."""
        owner = owner if is_owner(owner) else new_owner()
        try:
            config = self.form.config(found)
            key, run = self.shelf.new(owner, STUDY, preset if preset in self.form.names else None, as_json(config))
            self.runner.start(run, "")
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
        return self.view.show(owner, told(event, "key"))

    def compare(self, owner: str, event: gr.EventData) -> str:
        """Two rows of the table were picked."""
        keys = told(event, "keys")
        runs = [self.shelf.open(owner, key) for key in keys] if isinstance(keys, list) and len(keys) == 2 else []
        if len(runs) != 2 or None in runs:
            return error_markup(UserError("These are not two of your runs.", "two rows of the table", "Tick two."))
        return compare_markup(*runs)

    def pick_question(self, owner: str, key: object, event: gr.EventData) -> dict:
        return self.ask.pick(owner, key, told(event, "number"))

    def copy_settings(self, owner: str, key: str | None) -> dict:
        """The form as the run on screen was started."""
        run, form = self.shelf.open(owner, key), self.form
        if run is None:
            return {form.message: ""}
        found = run.config()
        preset = found["preset"] if found["preset"] in form.names else form.names[0]
        try:
            values, picks = form.values(found["config"]), self.sources.found(owner, found["config"])
            changes, command = form.told_of(preset, form.config([*values, owner, *picks]), True, owner, *picks)
        except UserError as error:  # a run of an older version, or its data is gone
            return {form.message: error_markup(error)}
        told = {form.about: form.about_markup(preset), form.changes: changes, form.command: command, form.message: ""}
        picked = dict(zip(self.sources.picks, picks, strict=True))
        return {form.preset: preset, **dict(zip(form.widgets, values, strict=True)), **picked, **told}

    def _own(self, owner: str, key: str | None):
        """The visitor's own run behind a key. Recorded runs are for looking at."""
        return self.shelf.open(owner, key) if isinstance(key, str) and not is_recorded(key) else None


def told(event: gr.EventData, name: str) -> object:
    """A field of what the browser sent, or None: anyone may send anything."""
    try:
        return getattr(event, name)
    except (AttributeError, TypeError):
        return None
