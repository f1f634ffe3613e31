"""The failure doctor's card: what happened, why, and a button that starts the run again with other settings.

A diagnosis in, markup out. What a run says of itself is escaped. Knows no rule and no run folder.
"""

from html import escape

import gradio as gr

from backend.studies.text_distillation.doctor import Diagnosis
from components.form import form_values

CARD_JS = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-cure]");
  if (!button) return;
  button.disabled = true;  // one click, one run
  trigger("cure", { run: button.dataset.cure });
});
"""


def doctor_view() -> gr.HTML:
    """Empty, or the card. It fires `cure` with `run`."""
    return gr.HTML("", js_on_load=CARD_JS, elem_id="doctor", apply_default_css=False)


def doctor_markup(found: Diagnosis | None, key: str, live: bool, said: str = "") -> str:
    """`said`: what the head of the run says already, and the card need not repeat."""
    if found is None:
        return ""
    title = "This run is in trouble" if live else "What went wrong"
    go = "Stop, fix the settings and run again" if live else "Fix the settings and run again"
    rows = "".join(
        f"<li><code>{escape(name)}</code> <s>{_spelled(old)}</s> → <b>{_spelled(new)}</b></li>"
        for name, (old, new) in found.changes.items()
    )
    button = f'<button type="button" data-cure="{escape(key)}">{go}</button>'
    cure = f'<ul translate="no">{rows}</ul>{button}' if rows else ""
    head = "" if found.found == said else f"<p><b>{escape(found.found)}</b></p>"
    return (
        f'<section class="ds-doctor" data-kind="{escape(found.kind)}" aria-label="The doctor">'
        f"<h3>{title}</h3>{head}<p>{escape(found.cause)}</p>{cure}</section>"
    )


def _spelled(value: object) -> str:
    """As `--set` reads it; a step size in few digits."""
    return escape(f"{value:g}" if isinstance(value, float) else form_values.spell(value)) or "empty"
