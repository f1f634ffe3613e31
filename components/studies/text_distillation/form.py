"""The form of the text distillation study: the upload of one's own file stands open, below the button that starts.

Joins the general form with the upload. Every function here may be called by anyone with anything, so each checks what
it is given. Knows the study's settings; no run.
"""

from collections.abc import Callable, Sequence

import gradio as gr

from backend.core.text.tasks import OWN_TASKS
from backend.errors import UserError
from backend.settings import describe
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.study import STUDY
from components.form.config_form import ConfigForm, Layout
from components.form.reading_panel import ReadingPanel
from components.run.own_file import FILE, OwnFile

QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
AT_ONCE = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
MODEL, TASK, COUNTED = "model", "task", "answers_from"


def request(config: DistillConfig | UserError) -> dict | str:
    """The fields of the desk's question for data of one's own; nothing is shown of any other, nor of a faulty form."""
    if isinstance(config, UserError) or config.task not in OWN_TASKS:
        return ""
    source, counted = config.own_data, config.counted_from
    return {"model": config.model, "task": config.task, "source": source, "counted_from": counted}


class DistilForm:
    """Made inside a Blocks context. `layout` makes the page's layout with what differs here, `below` what stands below
    its button."""

    def __init__(self, own: OwnFile, desk, owner: gr.BrowserState, layout: Callable[..., Layout], below):
        """`desk` says what the model reads of a file; `layout` and `below`: see the class."""
        self.own, self.owner = own, owner

        def with_upload() -> None:
            below()
            own.make()
            self.reading = ReadingPanel(desk, "reading", request, "own-reading", "", "What the model reads")

        differs = layout(below=with_upload, absent=(FILE,))
        self.form = ConfigForm(STUDY.name, STUDY.config, STUDY.presets, STUDY.leading, differs)
        self.by_name = dict(zip((item.name for item in self.form.items), self.form.widgets, strict=True))
        self.default = next(item.default for item in describe(STUDY.config) if item.name == TASK)

    @property
    def picks(self) -> list:
        return [self.owner, self.own.pick]

    @property
    def held(self) -> list:
        return [*self.form.toggles, *self.form.widgets, *self.picks]

    def bind(self, aside: Sequence, retold: Callable) -> list:
        """Answer the visitor; the events after which the form holds other settings. See ConfigForm.bind."""
        form, own, task = self.form, self.own, self.by_name[TASK]
        told = form.bind(self.picks, own.path, (), own.spoken, own.asked, aside, retold)
        read = own.button.upload(
            self.upload,
            [self.owner, own.button, self.by_name[COUNTED]],
            [self.owner, own.pick, own.told, task],
            **QUIET,
        )
        picked = own.pick.input(self.choose, [self.owner, own.pick], [own.told, task], **AT_ONCE)
        inputs = [form.preset, *self.held, *aside]
        kept = told[0].then(self.keep_task, self.picks, task, **AT_ONCE)
        chosen = [event.then(form.follow, inputs, self.told, **AT_ONCE) for event in (read, picked, kept)]
        self._show_reading()
        return [*told, *chosen]

    def _show_reading(self) -> None:
        """Typing in another setting asks nothing. One listener: two at once could show the older answer last."""
        widgets = [self.own.pick, *(self.by_name[name] for name in (MODEL, TASK, COUNTED))]
        reads = [self.reading.seen, *self.form.widgets, *self.picks]
        shows = [self.reading.shown, self.reading.seen]
        gr.on([widget.change for widget in widgets], self.read, reads, shows, trigger_mode="always_last", **QUIET)

    def read(self, seen: object, *found):
        """What the first rows of a file of one's own look like to the model that the form names."""
        try:
            config = self.form.config(found)
        except UserError as error:
            config = error
        yield from self.reading.show(config, seen)

    @property
    def told(self) -> list:
        return [self.form.message, self.form.changes, self.form.box]

    def upload(self, owner: str, file: object, counted: object = "") -> dict:
        """Keep a file, pick it, and set the task that asks its questions. A bad one is said where it was chosen."""
        own = self.own
        owner, key, said = own.upload(owner, file, counted)
        if key is None:
            return {self.owner: owner, own.told: said}
        return {
            self.owner: owner,
            own.told: said,
            own.pick: gr.update(choices=own.choices(owner), value=key, visible=True),
            self.by_name[TASK]: own.task_of(owner, key),
        }

    def keep_task(self, owner: str, key: object) -> dict | str:
        """A preset names a task of its own: the one of a picked file comes back, or the file would be left aside."""
        return self.own.task_of(owner, key) or gr.skip()

    def choose(self, owner: str, key: object) -> dict:
        """What a picked file holds, with its task; without a file the study's usual task."""
        own = self.own
        task = own.task_of(owner, key) or self.default
        return {own.told: own.describe(owner, key), self.by_name[TASK]: task}
