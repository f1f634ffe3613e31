"""What if: the widget below the wall, and what is asked of the desk when somebody changed a text.

The wall's editor and this widget's script keep the edits, for the visitor's session; each question brings all of them.
Nothing that the browser sends is trusted: the run is opened by the shelf, the edits are read by the desk.
"""

from collections.abc import Iterator
from pathlib import Path

import gradio as gr

from backend.desk.follow import follow
from backend.errors import UserError
from backend.limits.rate import Rate
from backend.runs.folder import LIVE_STATES, RunDir
from backend.studies.text_distillation.edits import texts_of
from components.frame.events import sent
from components.frame.failure import error_markup
from components.frame.scripts import script
from components.panels import paired
from components.panels.questions import questions_of
from components.run.panel import Look, Panel
from components.studies.text_distillation.what_if_view import answer_markup, figures

SCRIPTS = (Path(__file__).with_suffix(".js"), paired.SCRIPT)
TIMEOUT_S = 300.0
QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None, "trigger_mode": "multiple"}
TEMPLATE = """
<section class="ds-whatif" data-state="empty" aria-label="What if?">
  <header><h2 tabindex="-1">What if?</h2></header>
  <div class="ds-whatif-wait" role="status" hidden>
    <progress max="1" value="0" aria-label="How far the students are"></progress>
    <p class="ds-quiet" data-said></p></div>
  <div data-error></div>
  <div data-answer></div>
  <div class="ds-whatif-past" hidden><h3>Your changes</h3><ol></ol>
    <button type="button" data-all>Undo all</button></div>
</section>
"""


def what_if_widget() -> gr.HTML:
    """The widget. It fires `ask` with `run`, `edits` and a `number` for a changed text, and `warm` with `run` once
    somebody begins to change one."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(*SCRIPTS),
        elem_id="what-if",
        elem_classes="ds-card",
        apply_default_css=False,
    )


class WhatIf(Panel):
    """Change one of the final texts; fresh students say what that changes."""

    name = "what_if"

    def __init__(self, view):
        super().__init__(view)
        self.widget = what_if_widget()
        waited = view.shelf.host.waited
        self.rate = Rate(waited.a_minute if waited else None)

    @property
    def parts(self) -> list:
        return [self.widget]

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended):
            return {}
        ready = look.status["state"] not in LIVE_STATES
        return {self.widget: {"run": look.key, "texts": final_texts(look.run) if ready else []}}

    def nothing(self) -> dict:
        return {self.widget: {"run": None, "texts": []}}

    def ask_what_if(self, owner: str, event: gr.EventData) -> Iterator[dict]:
        """How far the students are, then what changed. Whatever is wrong with an edit is said, and nothing is lost."""
        found, number = self.view.opened(owner, event), sent(event, "number")
        if found is None:
            yield gr.skip()
            return
        run, key = found
        about = {"run": key, "number": number if type(number) is int else None}
        try:
            self.rate.admit(owner if isinstance(owner, str) else "")
            for said in self._asked(run, sent(event, "edits")):
                if "news" in said:
                    yield {**about, "share": said["news"]["share"]}
                else:
                    yield {**about, "answer": self._answer(run, key, said["result"], sent(event, "edits"))}
        except UserError as error:
            yield {**about, "error": self.view.shelf.veiled(key, error_markup(error))}

    def warm_up(self, owner: str, event: gr.EventData) -> None:
        """Train the students of the unedited texts, and load what they need, while the visitor is still typing."""
        if (found := self.view.opened(owner, event)) is None:
            return
        try:
            self.rate.admit(owner if isinstance(owner, str) else "")
            for _ in self._asked(found[0], []):
                pass
        except UserError:
            return  # the question itself will say so

    def _asked(self, run: RunDir, edits: object) -> Iterator[dict]:
        host = self.view.shelf.host.kind
        return follow(self.view.desk, "what_if", TIMEOUT_S, run=str(run.path), edits=edits, host=host)

    def _answer(self, run: RunDir, key: str, found: dict, edits: object) -> dict:
        config = run.config()["config"]
        asked = {question.id: question for question in questions_of(config, config["task"])}
        markup = self.view.shelf.veiled(key, answer_markup(found, asked, key, edits))
        return {"markup": markup, "texts": found["texts"], "figures": figures(found)}

    def bind(self, page) -> None:
        self.widget.ask(self.ask_what_if, page.owner, self.widget, **QUIET)
        self.widget.warm(self.warm_up, page.owner, None, **QUIET)


def final_texts(run: RunDir) -> list[dict]:
    """What may be changed; nothing before there are texts."""
    try:
        return [{"slot": text.slot, "question": text.question, "answer": text.answer} for text in texts_of(run)]
    except UserError:
        return []
