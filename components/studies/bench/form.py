"""The bench's form: student, data and tasks stand open, with what they mean beside them; the rest is generated.

Joins the general form with the sources of data, the sentence under the student and the example. Every function here may
be called by anyone with anything, so each checks what it is given.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import gradio as gr

from backend.core.text.tasks import TASKS
from backend.errors import UserError
from backend.settings import FILE, describe
from backend.studies.bench.config import BenchConfig
from backend.studies.bench.study import STUDY
from backend.studies.bench.words import task_name
from components.form.config_form import ConfigForm, Layout
from components.form.offers import Offer
from components.form.reading_panel import ReadingPanel
from components.frame.failure import error_markup
from components.run.shelf import is_owner, new_owner
from components.run.upload_store import TEST, TRAIN, Use
from components.run.view import is_recorded
from components.studies.bench import words
from components.studies.bench.ask_panel import Desk
from components.studies.bench.example import request
from components.studies.bench.sources import Sources
from components.studies.bench.students import student_markup

COUNTED = "answers_from"
QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
AT_ONCE = {"show_progress": "hidden", "api_visibility": "private", "queue": False}


class BenchForm:
    """Made inside a Blocks context."""

    def __init__(self, sources: Sources, desk: Desk, owner: gr.BrowserState, layout: Callable[..., Layout]):
        """`layout` makes the page's layout with what differs here."""
        self.sources, self.desk, self.owner = sources, desk, owner
        self.form = ConfigForm(STUDY.name, STUDY.config, STUDY.presets, STUDY.leading, self._layout(layout))
        self.by_name = dict(zip((item.name for item in self.form.items), self.form.widgets, strict=True))

    @property
    def picks(self) -> list:
        return [self.owner, *self.sources.picks]

    @property
    def holds(self) -> list:
        """All that a config is made of."""
        return [*self.form.widgets, *self.picks]

    @property
    def told(self) -> list:
        return [self.form.message, self.form.changes, self.form.box]

    def _layout(self, layout: Callable[..., Layout]) -> Layout:
        tasks = {name: task_name(name) for name in TASKS}
        learnable = tuple((said, name) for name, said in tasks.items() if "train" in TASKS[name].splits)
        return layout(
            go_id="bench-start",
            prefix="bench-",
            offers={
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
            absent=[item.name for item in describe(STUDY.config) if item.kind == FILE],
        )

    def _beside_student(self) -> None:
        said = student_markup(BenchConfig().student)
        self.student_told = gr.HTML(said, elem_id="bench-student-told", apply_default_css=False)

    def _beside_task(self) -> None:
        label = '<p class="ds-label">What the student reads</p>'
        gr.HTML(label, apply_default_css=False, elem_id="bench-example-label")
        first = "Choose data to learn from."
        self.example = ReadingPanel(self.desk, "example", request, "bench-example", first)

    def bind(self, aside: Sequence) -> list:
        """Answer the visitor; the events after which the form holds other settings. `aside`: see ConfigForm.bind."""
        form, sources, by_name = self.form, self.sources, self.by_name
        picked = [pick.input for pick in sources.picks]
        told = form.bind(self.picks, sources.paths, picked, self.spoken, self.asked, aside)
        data, examples, task = by_name["data"], by_name["examples"], by_name["train_task"]
        data.change(self.choose_data, data, [sources.run, sources.train_box, examples, task], **AT_ONCE)
        latest = {"trigger_mode": "always_last"}
        gr.on([w.change for w in form.widgets], self.expect, self.holds, self.student_told, **latest, **AT_ONCE)
        reads, shows = [self.example.seen, *self.holds], [self.example.shown, self.example.seen]
        for picker, button, said, upload, tell in (
            (sources.train, sources.train_button, sources.train_told, self.upload_train, self.tell_train),
            (sources.test, sources.test_button, sources.test_told, self.upload_test, self.tell_test),
        ):
            uploaded = button.upload(
                upload, [self.owner, button, by_name[COUNTED]], [self.owner, picker, said], **QUIET
            )
            uploaded.then(form.follow, [form.preset, *self.holds, *aside], self.told, **AT_ONCE)
            uploaded.then(self.show_example, reads, shows, **QUIET)
            picker.input(tell, [self.owner, picker], said, **AT_ONCE)
        return told

    def when_opened(self, demo: gr.Blocks) -> None:
        """Only a visitor who opens the page makes the desk read an example."""
        # a preset changes settings without a hand on them; a list of sources changes whenever a page is opened
        changed = [self.by_name[name].change for name in ("student", "data", "examples", "train_task")]
        picked = [self.sources.run.input, self.sources.train.input]
        reads, shows = [self.example.seen, *self.holds], [self.example.shown, self.example.seen]
        # one listener: two at once could show the older answer last
        gr.on([demo.load, *changed, *picked], self.show_example, reads, shows, trigger_mode="always_last", **QUIET)

    # -- answers ------------------------------------------------------------------------------------------------
    def choose_data(self, data: object) -> dict:
        """Show the settings that this choice of data needs."""
        return {
            **self.sources.shown_for(data),
            self.by_name["examples"]: gr.update(visible=data != "none"),
            self.by_name["train_task"]: gr.update(visible=data in ("real", "random")),
        }

    def expect(self, *found) -> str:
        """The sentence under the student."""
        student = dict(zip(self.by_name, found, strict=False)).get("student")
        return student_markup(student if isinstance(student, str) else "")

    def show_example(self, seen: object, *found):
        """What a training example looks like to the student that the form names."""
        try:
            config = self.form.config(found)
        except UserError as error:
            config = error
        yield from self.example.show(config, seen)

    def upload_train(self, owner: str, file: object, counted: object = "") -> dict:
        return self._upload(owner, TRAIN, (file, counted), self.sources.train, self.sources.train_told)

    def upload_test(self, owner: str, file: object, counted: object = "") -> dict:
        return self._upload(owner, TEST, (file, counted), self.sources.test, self.sources.test_told)

    def tell_train(self, owner: str, key: object) -> str:
        return self.sources.told(owner, TRAIN, key)

    def tell_test(self, owner: str, key: object) -> str:
        return self.sources.told(owner, TEST, key)

    def _upload(self, owner: str, use: Use, sent: tuple, picker: gr.Dropdown, told: gr.HTML) -> dict:
        """Keep a file and pick it. A bad one is said where it was chosen, and what was picked stays.

        `sent`: the file, and where the form counts its answers from.
        """
        owner = owner if is_owner(owner) else new_owner()
        key, said = self.sources.upload(owner, use, *sent)
        if key is None:
            return {self.owner: owner, told: said}
        return {self.owner: owner, told: said, picker: gr.update(choices=self.sources.files(owner, use), value=key)}

    def spoken(self, config: BenchConfig, owner: str, *picks) -> BenchConfig:
        """The config as the command line shows it: no path of this machine."""
        names = self.sources.spoken(owner, *picks)
        changes = {"data_path": names[config.data]} if config.data_path and names.get(config.data) else {}
        changes |= {"test_file": names["test"]} if config.test_file and names["test"] else {}
        return replace(config, **changes)

    def asked(self, config: BenchConfig, owner: str, *picks) -> BenchConfig | None:
        """The config as a request may name it: the key of a recorded run in place of its path, no data of a visitor."""
        if config.test_file or config.data == "file":
            return None
        if config.data != "distilled":
            return config
        return replace(config, data_path=picks[0]) if is_recorded(picks[0]) else None

    def as_run(self, owner: str, found: Mapping) -> dict:
        """The form as a run was started; `found` is its config.json."""
        form = self.form
        preset = found["preset"] if found["preset"] in form.names else form.names[0]
        try:
            values, picks = form.values(found["config"]), self.sources.found(owner, found["config"])
            changes, box = form.told_of(preset, form.config([*values, owner, *picks]), True, owner, *picks)
        except UserError as error:  # a run of an older version, or its data is gone
            return {form.message: error_markup(error)}
        widgets: Sequence = [*form.widgets, *self.sources.picks]
        told = {form.about: form.about_markup(preset), form.changes: changes, form.box: box, form.message: ""}
        return {form.preset: preset, **dict(zip(widgets, [*values, *picks], strict=True)), **told}
