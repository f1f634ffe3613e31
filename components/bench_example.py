"""What a training example looks like to the model: its tokens, those it only reads in grey, those it learns in colour.

Markup from what the engine tells (`shown`: examples as lists of `{"text", "taught"}`); every text is escaped.
"""

import json
from html import escape

from backend.runs import RunDir

MOST_TOKENS = 400


def example_markup(found: dict) -> str:
    """Up to three examples and one line of facts."""
    shown = [part for part in found.get("shown") or [] if isinstance(part, dict)]
    cards = "".join(f'<li class="ds-tokens">{"".join(map(token, part["tokens"][:MOST_TOKENS]))}</li>' for part in shown)
    return (
        f'<div class="ds-example" data-state="ready"><ol>{cards}</ol>'
        '<p class="ds-key"><span class="ds-key-read">read only</span><span class="ds-key-taught">learned</span>'
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
    return (
        '<div class="ds-example ds-loading" data-state="waiting" role="status" aria-label="Reading an example"></div>'
    )


def empty(reason: str) -> str:
    return f'<div class="ds-example ds-quiet" data-state="empty">{escape(reason)}</div>'


def run_example(run: RunDir) -> str:
    """The examples that a run really taught, folded away; nothing before the run wrote them."""
    try:
        found = json.loads((run.path / "example.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return (
        f'<details class="ds-table ds-taught"><summary>What the student read</summary>{example_markup(found)}</details>'
    )
