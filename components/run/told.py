"""Panels of one widget: one that is told of new rows, one that asks the desk too, and cards of markup.

A study's panels are classes like these. Every event names a run, which the shelf checks. Knows no study and no file.
"""

from collections.abc import Callable

import gradio as gr

from backend.errors import UserError
from backend.runs.folder import RunDir
from components.frame.events import sent
from components.frame.failure import error_markup
from components.run.feed import Read
from components.run.panel import Look, Panel

QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
ANSWERED = {**QUIET, "trigger_mode": "multiple"}  # a visitor may ask the next thing before the answer is there
Ask = Callable[[object, RunDir, dict], dict]


def card(name: str) -> gr.HTML:
    """An empty card whose value is markup."""
    return gr.HTML("", elem_id=name, elem_classes="ds-card", apply_default_css=False)


class Told(Panel):
    """A widget that draws what it is told of new rows, and asks for a whole redraw where it missed some."""

    def __init__(self, view, read: Read, widget: gr.HTML):
        super().__init__(view)
        self.reads, self.widget = (read,), widget

    @property
    def parts(self) -> list:
        return [self.widget]

    def look(self, look: Look) -> dict:
        news = look.news[self.reads[0].part]
        return {self.widget: news} if news else {}

    def nothing(self) -> dict:
        return {self.widget: {}}

    def bind(self, page) -> None:
        self.widget.resync(self.view.show, [page.owner, self.view.picker], self.view.parts, **QUIET)


class Asked(Told):
    """A widget whose questions the desk answers. `FIELDS`: what the browser sends with one."""

    FIELDS: tuple[str, ...] = ()

    def answered(self, owner: str, event: gr.EventData, ask: Ask) -> dict:
        """`ask(desk, run, said)` of a run that this visitor may see; what is wrong with it is said instead."""
        found, number = self.view.opened(owner, event), sent(event, "number")
        if found is None:
            return gr.skip()
        run, key = found
        about = {"run": key, "number": number if type(number) is int else None}
        said = {name: sent(event, name) for name in self.FIELDS}
        try:
            return about | {"answer": ask(self.view.desk, run, said)}
        except UserError as error:
            return about | {"error": self.view.shelf.veiled(key, error_markup(error))}


class Summed(Panel):
    """Markup of the summary, written at first sight and at the end."""

    def __init__(self, view):
        super().__init__(view)
        self.card = card(self.name)

    @property
    def parts(self) -> list:
        return [self.card]

    def nothing(self) -> dict:
        return {self.card: ""}
