"""The failure doctor's card: what happened, why, and a button that starts the run again with other settings.

The study diagnoses; a study that cannot has no card. What a run says of itself is escaped. Knows no rule and no study
by name.
"""

import json
from functools import lru_cache
from html import escape
from pathlib import Path

import gradio as gr

from backend.errors import UserError
from backend.runs.folder import LIVE_STATES, RunDir
from backend.settings import build, from_saved
from backend.study import Diagnosis, Study, find, resolve
from components.form import form_values

WATCHED_BYTES = 4096  # a live run is examined again when its log has grown by so much, about a dozen updates
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
    return gr.HTML("", js_on_load=CARD_JS, elem_id="doctor", elem_classes="ds-if-any", apply_default_css=False)


def diagnosed(study: Study, run: RunDir, key: str) -> str:
    """The card for a run; empty for one that is well."""
    status = run.status()
    said = (status.get("error") or {}).get("found", "")
    return doctor_markup(diagnosis(study, run), key, status.get("state") in LIVE_STATES, said)


def diagnosis(study: Study, run: RunDir) -> Diagnosis | None:
    """What is wrong with a run; looked up again only when something happened."""
    if not study.diagnose:
        return None
    log, status = run.path / "metrics.jsonl", run.status()
    state, error = status.get("state"), json.dumps(status.get("error"), sort_keys=True)
    size = log.stat().st_size if log.exists() else 0
    return _examined(study.name, run.path, state, error, size // WATCHED_BYTES if state in LIVE_STATES else size)


@lru_cache(maxsize=64)
def _examined(study: str, path: Path, state: str, error: str, size: int) -> Diagnosis | None:
    """`state`, `error` and `size` only say when to look again."""
    run, known = RunDir(path), find(study)
    try:
        config = build(known.config, from_saved(known.config, run.config()["config"]))
        return resolve(known.diagnose)(config, run.status(), run.rows("metrics"))
    except UserError:  # a run of an older version, whose settings are no longer known
        return None


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
    """A value as `--set` reads it; a step size in few digits."""
    return escape(f"{value:g}" if isinstance(value, float) else form_values.spell(value)) or "empty"
