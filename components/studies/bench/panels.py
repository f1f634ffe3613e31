"""The panels that only the bench shows: results before and after, what the student read, questions to it, all runs.

Joins each widget with what the view tells it. Every event names a run, which the shelf checks.
"""

import gradio as gr

from backend.errors import UserError
from components.form.config_form import error_markup
from components.frame.events import sent
from components.run.panel import Look, Panel
from components.studies.bench.ask_panel import AskPanel
from components.studies.bench.compared import compare_markup, compare_view
from components.studies.bench.example import run_example
from components.studies.bench.results import results_markup
from components.studies.bench.table import RunsTable

QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
AT_ONCE = {"show_progress": "hidden", "api_visibility": "private", "queue": False}


class Results(Panel):
    """Before against after; a run that ended writes its summary last."""

    name = "results"

    def __init__(self, view):
        super().__init__(view)
        self.results = gr.HTML("", elem_id="results", elem_classes="ds-card", apply_default_css=False)
        self.example = gr.HTML("", elem_id="run-example", apply_default_css=False)

    @property
    def parts(self) -> list:
        return [self.results, self.example]

    def look(self, look: Look) -> dict:
        told = {self.results: results_markup(look.run)} if look.results is not None or look.ended else {}
        return told | ({self.example: run_example(look.run)} if look.another or look.ended else {})

    def nothing(self) -> dict:
        return {self.results: "", self.example: ""}


class Ask(Panel):
    """One question for the student as it is and as it was tuned."""

    name = "ask"

    def __init__(self, view):
        super().__init__(view)
        self.ask = AskPanel(view.shelf, view.desk)

    @property
    def parts(self) -> list:
        return self.ask.parts

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended or look.results is not None):
            return {}
        return self.ask.follow(look.owner, look.key, look.another)

    def nothing(self) -> dict:
        return self.ask.follow("", None, True)

    def pick(self, owner: str, key: object, event: gr.EventData) -> dict:
        return self.ask.pick(owner, key, sent(event, "number"))

    def bind(self, page) -> None:
        ask, which = self.ask, [page.owner, self.view.picker]
        ask.head.pick(self.pick, which, [ask.question, ask.options, ask.answer], **QUIET)
        ask.go.click(ask.ask, [*which, ask.question, ask.options], ask.answer, **QUIET)


class Table(Panel):
    """All runs; two of them can be compared question by question."""

    name = "table"

    def __init__(self, view):
        super().__init__(view)
        self.runs, self.compared = RunsTable(view.shelf), compare_view()

    @property
    def parts(self) -> list:
        return self.runs.parts

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended or look.results is not None):
            return {}
        return self.runs.follow(look.owner, look.key, look.another)

    def nothing(self) -> dict:
        return self.runs.follow("", None, True)

    def open_run(self, owner: str, event: gr.EventData) -> dict:
        """A name in the table was clicked."""
        return self.view.show(owner, sent(event, "key"))

    def compare(self, owner: str, event: gr.EventData) -> str:
        """Two rows of the table were picked."""
        keys, shelf = sent(event, "keys"), self.view.shelf
        runs = [shelf.open(owner, key) for key in keys] if isinstance(keys, list) and len(keys) == 2 else []
        if len(runs) != 2 or None in runs:
            return error_markup(UserError("These are not two of your runs.", "two rows of the table", "Tick two."))
        return compare_markup(*runs)

    def close(self) -> str:
        return ""

    def bind(self, page) -> None:
        self.runs.table.open_run(self.open_run, page.owner, self.view.parts, **QUIET)
        self.runs.table.compare(self.compare, page.owner, self.compared, **QUIET)
        self.compared.shut(self.close, None, self.compared, **AT_ONCE)
