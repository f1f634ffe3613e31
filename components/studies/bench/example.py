"""What a training example looks like to the model: its tokens, those it only reads in grey, those it learns in colour.

Markup from what the engine tells (`shown`: examples as lists of `{"text", "taught"}`); every text is escaped.
"""

import json
from html import escape

import gradio as gr

from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.studies.bench.config import BenchConfig
from components.form.config_form import Unready
from components.studies.bench.ask_panel import Desk

MOST_TOKENS = 400
NUMBER = 2
ASKED = ("student", "data", "train_task", "data_dir", "data_path", "examples", "seed")
TIMEOUT_S = 60


class ExamplePanel:
    """Made inside a Blocks context, on the form. Asks the desk, and only when something of it has changed."""

    def __init__(self, desk: Desk):
        self.desk = desk
        self.seen = gr.State("")
        self.shown = gr.HTML(empty("Choose data to learn from."), elem_id="bench-example", apply_default_css=False)

    def show(self, config: BenchConfig | UserError, seen: object):
        """Yields `(markup, what is shown)`: that it is being read, then the examples or what went wrong."""
        if isinstance(config, UserError):
            yield (
                empty(config.next_step if isinstance(config, Unready) else "Check the settings above first."),
                "",
            )
            return
        wanted = {name: getattr(config, name) for name in ASKED}
        stamp = json.dumps(wanted)
        if stamp == seen:
            yield gr.skip(), gr.skip()
            return
        if config.data == "none":
            yield empty("Nothing is learned: the student is scored as it is."), stamp
            return
        yield waiting(), ""
        try:
            yield example_markup(self.desk.request("example", timeout_s=TIMEOUT_S, number=NUMBER, **wanted)), stamp
        except UserError as error:
            yield failed(error), ""


def example_markup(found: dict) -> str:
    """Up to three examples and one line of facts."""
    shown = [part for part in found.get("shown") or [] if isinstance(part, dict)]
    said = ["".join(map(token, part["tokens"][:MOST_TOKENS])) for part in shown]
    cards = "".join(f'<li class="ds-tokens" translate="no">{tokens}</li>' for tokens in said)
    return (
        f'<div class="ds-example" data-state="ready"><ol>{cards}</ol>'
        '<p class="ds-key"><span class="ds-key-read">read, not learned</span><span class="ds-key-taught">learned</span>'
        f"<span>{escape(facts(found))}</span></p></div>"
    )


def token(part: dict) -> str:
    """One token. A blank in front is part of it and stays visible as the gap before it."""
    text = str(part.get("text", ""))
    shown = escape(text).replace("\n", '<b class="ds-break" title="new line">↵</b><br>')
    return f"<mark>{shown}</mark>" if part.get("taught") else f"<span>{shown}</span>"


def facts(found: dict) -> str:
    said = [f"{found['examples']:,} examples"] if isinstance(found.get("examples"), int) else []
    said += (
        [f"the longest has {found['tokens_longest']:,} tokens"] if isinstance(found.get("tokens_longest"), int) else []
    )
    return ", ".join(said)


def waiting() -> str:
    said = "Loading an example. For a new student, its tokenizer is loaded first."
    return f'<div class="ds-example ds-asked" data-state="waiting" role="status"><p class="ds-quiet">{said}</p></div>'


def empty(reason: str) -> str:
    return f'<div class="ds-example ds-quiet" data-state="empty">{escape(reason)}</div>'


def failed(error: UserError) -> str:
    return (
        f'<div class="ds-example ds-notice" data-state="failed"><div><b>{escape(error.found)}</b>'
        f"<p>{escape(error.next_step)}</p></div></div>"
    )


def run_example(run: RunDir) -> str:
    """The examples that a run really taught, folded away; nothing before the run wrote them."""
    try:
        found = json.loads((run.path / "example.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return (
        f'<details class="ds-table ds-taught"><summary>What the student read</summary>{example_markup(found)}</details>'
    )
