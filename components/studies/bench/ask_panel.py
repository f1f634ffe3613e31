"""Ask both: one question for the student as it is and as it was tuned, side by side. Widgets, and what they show.

The answers come from the desk, a process of its own; here is only what may be asked and how an answer looks. A student
is taken from a run that the visitor may see, never from what they type.
"""

from html import escape
from pathlib import Path
from typing import Protocol

import gradio as gr

from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.studies.bench.words import learned
from components.frame.failure import error_markup
from components.panels.questions import questions_of
from components.run.shelf import Shelf
from components.studies.bench import words

SUGGESTED = 4
FALLBACK = "pocket_science"
LONGEST = 6000  # characters of a question and its options together; the desk has finer limits
TIMEOUT_S = 120
PICK_JS = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-example]");
  if (button) trigger("pick", { number: Number(button.dataset.example) });
});
"""
START = '<p class="ds-quiet" data-state="empty">Pick a question above or write your own.</p>'


class Desk(Protocol):
    """What answers: backend.desk.desk.Desk, or a stand-in in tests."""

    def request(self, kind: str, timeout_s: float = ..., **fields) -> dict:
        """Raises UserError."""


class AskPanel:
    """Made inside a Blocks context."""

    def __init__(self, shelf: Shelf, desk: Desk):
        self.shelf, self.desk = shelf, desk
        with gr.Column(elem_classes="ds-card", elem_id="bench-ask"):
            self.head = gr.HTML(head_markup(None, []), js_on_load=PICK_JS, elem_id="ask-head", apply_default_css=False)
            self.question = gr.Textbox(
                label="Question", lines=1, max_lines=8, elem_id="ask-question", max_length=LONGEST
            )
            self.options = gr.Textbox(
                label="Options",
                info="One per line, at least two.",
                lines=3,
                max_lines=10,
                elem_id="ask-options",
                max_length=LONGEST,
            )
            self.go = gr.Button("Ask", elem_id="ask-go", variant="primary")
            self.answer = gr.HTML(START, elem_id="ask-answer", apply_default_css=False)

    @property
    def parts(self) -> list:
        return [self.head, self.answer]

    def follow(self, owner: str, key: str | None, another: bool) -> dict:
        """Another run on screen has its own questions to click, and was asked nothing yet."""
        run = self.shelf.open(owner, key)
        return {self.head: head_markup(run, suggestions(run)), **({self.answer: START} if another else {})}

    def pick(self, owner: str, key: object, number: object) -> dict:
        """Put a suggested question into the fields."""
        found = suggestions(self.shelf.open(owner, key))
        if type(number) is not int or not 0 <= number < len(found):
            return {self.answer: START}
        question, options = found[number]
        return {self.question: question, self.options: "\n".join(options), self.answer: START}

    def ask(self, owner: str, key: object, question: object, options: object):
        """Yields what to show: that it is being asked, then the answers or what went wrong."""
        run = self.shelf.open(owner, key)
        if run is None:
            yield error_markup(UserError("No run is on screen.", "one of your runs", "Choose a run above."))
            return
        yield waiting_markup()
        try:
            asked, lines = read_question(question, options)
            config = run.config()["config"]
            adapter = tuned_folder(run)
            found = self.desk.request(
                "ask",
                timeout_s=TIMEOUT_S,
                student=config["student"],
                question=asked,
                options=lines,
                adapter=str(adapter) if adapter else None,
                bos=config.get("bos", "auto"),  # runs made before have none
            )
            yield answer_markup(found, config)
        except UserError as error:
            yield error_markup(error)


def read_question(question: object, options: object) -> tuple[str, list[str]]:
    """What was typed, or UserError. The desk checks lengths and doubles."""
    if not isinstance(question, str) or not question.strip():
        raise UserError("The question is empty.", "a text", "Type a question or pick one.")
    lines = [line.strip() for line in options.splitlines() if line.strip()] if isinstance(options, str) else []
    if len(lines) < 2:
        raise UserError(
            f"There {'is 1 option' if len(lines) == 1 else 'are no options'}.", "two or more", "Write one per line."
        )
    if len(question) + sum(map(len, lines)) > LONGEST:
        raise UserError("This is too long.", f"at most {LONGEST:,} characters", "Shorten it.")
    return question.strip(), lines


def tuned_folder(run: RunDir) -> Path | None:
    """The first tuned student of a run, once it is saved whole."""
    folder = run.artifacts / "adapters" / "seed-0"
    saved = any((folder / name).is_file() for name in ("adapter_config.json", "config.json"))
    return folder if saved else None


def suggestions(run: RunDir | None) -> list[tuple[str, tuple[str, ...]]]:
    """A few of the run's own questions, spread over its test; bundled ones where its own are not on this machine."""
    if run is None:
        return []
    config = run.config()["config"]
    asked = (questions_of(config, task) for task in [*config["tasks"], FALLBACK])
    found = next((some for some in asked if some and len(some[0].options) > 1), [])  # a question needs options here
    chosen = found[:: max(1, len(found) // SUGGESTED)][:SUGGESTED]
    return [(question.question, question.options) for question in chosen]


# -- markup ---------------------------------------------------------------------------------------------------------
def head_markup(run: RunDir | None, suggested: list[tuple[str, tuple[str, ...]]]) -> str:
    chips = "".join(
        f'<button type="button" data-example="{number}" translate="no">{escape(_short(question))}</button>'
        for number, (question, _) in enumerate(suggested)
    )
    state, said = tuned_state(run)
    return (
        f'<div class="ds-ask" data-tuned="{state}"><header><h2>Ask before and after</h2>'
        f'<p class="ds-quiet">{said}</p></header>'
        f'<div class="ds-switch" role="group" aria-label="Example questions">{chips}</div></div>'
    )


def tuned_state(run: RunDir | None) -> tuple[str, str]:
    if run is None:
        return "none", "Choose a run first."
    config = run.config()["config"]
    if tuned_folder(run):
        return "ready", "The first tuned student answers beside the untuned one."
    if config["data"] == "none":
        return "none", "Nothing was tuned in this run: the student answers as it is."
    if run.status()["state"] == "finished":
        return "none", "This run came without its tuned weights: the student answers as it is."
    return "waiting", "Not yet tuned: until then the student answers as it is."


def waiting_markup() -> str:
    return (
        '<div class="ds-answers ds-asking" data-state="waiting" role="status"><div class="ds-loading"></div>'
        '<div class="ds-loading"></div><p class="ds-quiet">Asking. The first question loads the student.</p></div>'
    )


def answer_markup(found: dict, config: dict) -> str:
    kind = words.KINDS.get(config["data"], "none")
    cards = student_card("Before", "as it is", "none", found["base"])
    if found.get("tuned"):
        cards += student_card("After", learned(config), kind, found["tuned"])
    return f'<div class="ds-answers" data-state="ready">{cards}</div>'


def student_card(title: str, about: str, kind: str, answers: dict) -> str:
    rows = "".join(
        option_row(option["text"], option["probability"], number == answers["choice"])
        for number, option in enumerate(answers["options"])
    )
    cut = (
        '<p class="ds-quiet">The question was too long for the student, so its beginning was cut off.</p>'
        if answers["truncated"]
        else ""
    )
    heading = f"<h3>{escape(title)} <small>{escape(about)}</small></h3>"
    generated = escape(answers["generation"])
    spoken = f'<q translate="no">{generated}</q>' if generated else "<q>(nothing)</q>"
    says = f"<span>In its own words</span>{spoken}"
    return (
        f'<article class="ds-answering ds-{kind}">{heading}<ul>{rows}</ul><p class="ds-says">{says}</p>{cut}</article>'
    )


def option_row(text: str, probability: float, picked: bool) -> str:
    return (
        f'<li class="{"ds-picked" if picked else ""}"><span translate="no">{escape(text)}</span>'
        f'<div><i style="width:{100 * probability:.1f}%"></i></div><b>{100 * probability:.0f} %</b></li>'
    )


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most].rsplit(' ', 1)[0]} …"
