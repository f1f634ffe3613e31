"""The neighbour lens as a widget: a constant template, lens.js beside this file, and what it is sent when it asks.

Knows the run folder's neighbours.jsonl, vocabulary.json and facts.jsonl. Tokens are untrusted text and never part of
the template.
"""

import json
from pathlib import Path

import gradio as gr

from backend.runs.folder import RunDir
from components.frame.scripts import script
from components.panels import saving

SCRIPT = Path(__file__).with_suffix(".js")
TEMPLATE = f"""
<section class="ds-lens" hidden>
  <header><h2 tabindex="-1">Through the lens</h2>
    <button type="button" data-close aria-label="Close the lens">Close</button></header>
  <p class="ds-quiet" data-said aria-live="polite"></p>
  <div class="ds-places" role="group" aria-label="Tokens of the prompt"></div>
  <div class="ds-lens-parts" {saving.drawn()}>{saving.MENU}<div><h3>Nearest real tokens</h3><ol class="ds-near"></ol>
      <p class="ds-near-axis" aria-hidden="true"><span></span><span>distance</span><span></span></p></div>
    <figure><h3>Position in the vocabulary</h3><svg class="ds-vocabulary" role="img" viewBox="0 0 400 300"></svg>
      <p class="ds-dots ds-quiet"><span data-dot="here">this token</span>
        <span data-dot="mine">the prompt's other tokens</span> <span data-dot="cloud">the vocabulary</span></p>
      <figcaption class="ds-quiet"></figcaption></figure></div>
  <div class="ds-facts" hidden><h3>The finished prompt</h3><p translate="no" data-finished></p><ul></ul>
    <h3>Nearest real questions</h3><ul class="ds-nearest"></ul></div>
</section>
"""


def lens() -> gr.HTML:
    """The widget. It fires `look` with `run`, `slot`, `step` and `have`, the run whose map it holds already."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT),
        elem_id="lens",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def nothing(key: str, slot: object) -> dict:
    """What the lens shows where there is nothing to see."""
    return {"run": key, "slot": slot if type(slot) is int else 0, "tokens": None}


def facts_of(run: RunDir, slot: int) -> dict | None:
    """What is known of the finished prompt in a slot, with its text; None before it is finished."""
    facts = next((row for row in run.rows("facts") if row["slot"] == slot), None)
    texts = run.rows("distilled")
    if facts is None or slot >= len(texts):
        return None
    return {**facts, "of": len(texts), "text": texts[slot]["provenance"]["text"], "answer": texts[slot]["answer"]}


def sight(run: RunDir, key: str, slot: object, step: object, have: object) -> dict:
    """What the lens shows of a prompt at a step: the latest look at or before it; the map only where it is not held.

    Anything that is no slot or step of the run gives nothing to see.
    """
    rows = run.rows("neighbours")
    if type(slot) is not int or type(step) not in (int, float) or not rows:
        return nothing(key, slot)
    row = next((row for row in reversed(rows) if row["step"] <= step), rows[0])
    if not 0 <= slot < len(row["slots"]):
        return nothing(key, slot)
    found = {"run": key, "slot": slot, "step": row["step"], "tokens": row["slots"][slot], "facts": facts_of(run, slot)}
    if have != key:
        try:
            found["vocabulary"] = json.loads((run.path / "vocabulary.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return found
    return found
