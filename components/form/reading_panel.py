"""What a training example looks like to the model: its tokens, those it only reads in grey, those it learns in colour.

Markup from what the engine tells (`shown`: examples as lists of `{"text", "taught"}`); every text is escaped. A panel
for any form asks the desk for it. Knows no study.
"""

import json
from collections.abc import Callable, Mapping
from html import escape

import gradio as gr

from backend.errors import UserError

MOST_TOKENS = 400
NUMBER = 2
TIMEOUT_S = 60


class ReadingPanel:
    """Made inside a Blocks context, on a form. Asks the desk, and only when something of it has changed.

    `kind` is the desk's question, which the study answers. `request` of the form is `request(config) -> fields | str`:
    what to ask with, or, where there is nothing to show, why.
    """

    def __init__(self, desk, kind: str, request: Callable, name: str, first: str, title: str = ""):
        """`desk` answers by its `request`, `name` the element's id, `first` what stands there before anything is asked.

        `title` stands above the examples, where nothing else on the form says what they are.
        """
        self.desk, self.kind, self.request, self.title = desk, kind, request, title
        self.seen = gr.State("")
        self.shown = gr.HTML(empty(first), elem_id=name, elem_classes="ds-if-any", apply_default_css=False)

    def show(self, config: object, seen: object):
        """Yields `(markup, what is shown)`: that it is being read, then the examples or what went wrong."""
        wanted = self.request(config)
        if isinstance(wanted, str):
            yield empty(wanted), ""
            return
        stamp = json.dumps(wanted)
        if stamp == seen:
            yield gr.skip(), gr.skip()
            return
        yield waiting(), ""
        try:
            found = self.desk.request(self.kind, timeout_s=TIMEOUT_S, number=NUMBER, **wanted)
            yield self._titled(example_markup(found)), stamp
        except UserError as error:
            yield self._titled(failed(error)), ""

    def _titled(self, markup: str) -> str:
        return f'<p class="ds-label">{self.title}</p>{markup}' if self.title else markup


def example_markup(found: Mapping) -> str:
    """Up to three examples and one line of facts."""
    shown = [part for part in found.get("shown") or [] if isinstance(part, dict)]
    said = ["".join(map(token, part["tokens"][:MOST_TOKENS])) for part in shown]
    cards = "".join(f'<li class="ds-tokens" translate="no">{tokens}</li>' for tokens in said)
    return (
        f'<div class="ds-example" data-state="ready"><ol>{cards}</ol>'
        '<p class="ds-key"><span class="ds-key-read">read, not learned</span><span class="ds-key-taught">learned</span>'
        f"<span>{escape(facts(found))}</span></p></div>"
    )


def token(part: Mapping) -> str:
    """One token. A blank in front is part of it and stays visible as the gap before it."""
    text = str(part.get("text", ""))
    shown = escape(text).replace("\n", '<b class="ds-break" title="new line">↵</b><br>')
    return f"<mark>{shown}</mark>" if part.get("taught") else f"<span>{shown}</span>"


def facts(found: Mapping) -> str:
    said = [f"{found['examples']:,} examples"] if isinstance(found.get("examples"), int) else []
    said += (
        [f"the longest has {found['tokens_longest']:,} tokens"] if isinstance(found.get("tokens_longest"), int) else []
    )
    return ", ".join(said)


def waiting() -> str:
    said = "Loading an example. For a new student, its tokenizer is loaded first."
    return f'<div class="ds-example ds-asked" data-state="waiting" role="status"><p class="ds-quiet">{said}</p></div>'


def empty(reason: str) -> str:
    said = escape(reason)
    return f'<div class="ds-example ds-quiet" data-state="empty">{said}</div>' if said else ""


def failed(error: UserError) -> str:
    return (
        f'<div class="ds-example ds-notice" data-state="failed"><div><b>{escape(error.found)}</b>'
        f"<p>{escape(error.next_step)}</p></div></div>"
    )
