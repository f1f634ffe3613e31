"""Runs side by side: which of them are chosen and by which letter they go, and the heads that say so.

Knows the shelf and the run folder; nothing of curves, settings or results. Everything from files is escaped.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import gradio as gr

from backend.runs.folder import LIVE_STATES, ORPHANED, RunDir
from backend.studies.text_distillation.study import STUDY
from components.frame import words
from components.frame.scripts import script
from components.run.share_view import KEY
from components.run.shelf import RECORDED, Shelf
from components.run.status import chip

MOST = 4
DASHES = ("", "8 4", "2 4", "9 4 2 4")  # with the colour of the same number; the stylesheet has the colours
SCRIPT = Path(__file__).with_suffix(".js")


@dataclass(frozen=True)
class Chosen:
    """One of the runs on screen. `slot`, 0 to 3, gives its letter, colour and dash for as long as it stays."""

    key: str
    run: RunDir
    slot: int
    name: str
    status: dict

    @property
    def letter(self) -> str:
        return "ABCD"[self.slot]

    @property
    def live(self) -> bool:
        return self.status["state"] in LIVE_STATES

    def as_row(self) -> dict:
        """What the browser is told of it, beside its rows."""
        return {"run": self.key, "name": self.name, "slot": self.slot}

    def tag(self) -> str:
        """Its letter and name, as they stand above a column."""
        return f'{self.badge()} <span translate="no">{escape(self.name)}</span>'

    def badge(self) -> str:
        return f'<b class="ds-vs-badge ds-vs-{self.slot}" translate="no">{self.letter}</b>'


def runs_view() -> gr.HTML:
    """The widget. It fires `choose` with `keys` when a run is added or taken away."""
    loading = '<section class="ds-vs-runs ds-loading"></section>'
    return gr.HTML(
        loading, js_on_load=script(SCRIPT), elem_id="compare-runs", elem_classes="ds-card", apply_default_css=False
    )


def asked_for(request: gr.Request | None) -> list[str]:
    """The keys of the runs that the page's address names (`?runs=a,b`), each once."""
    found = request.query_params.get("runs") if request else None
    return [*dict.fromkeys(key for key in (found or "").split(",") if KEY.fullmatch(key))][:MOST]


def first_choice(shelf: Shelf, owner: str, on_screen: object) -> list[str]:
    """The run that was asked for and a recorded one; else the first two that there are, the recorded ones first."""
    every = [key for key, _ in shelf.everything(owner)]
    order = sorted(every, key=lambda key: not key.startswith(f"{RECORDED}/"))
    first = [on_screen] if on_screen in every else []
    return [*first, *(key for key in order if key not in first)][:2]


def slots_for(keys: Sequence[str], before: dict[str, int]) -> dict[str, int]:
    """`key -> slot`, in the order of slots: a run that stays keeps its own, a new one takes the first that is free."""
    kept = {key: before[key] for key in keys if key in before}
    free = iter(sorted(set(range(MOST)) - set(kept.values())))
    found = {key: kept[key] if key in kept else next(free) for key in keys}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def short_name(shelf: Shelf, key: str, run: RunDir) -> str:
    """What fits beside a curve: the title, and of a visitor's own run when it was begun."""
    title = shelf.title(run)
    if key.startswith(f"{RECORDED}/"):
        return title
    return f"{title} {time.strftime('%H:%M', time.gmtime(run.status().get('started_at', 0)))}"


# -- markup ---------------------------------------------------------------------------------------------------------
def runs_markup(chosen: Sequence[Chosen], choices: Sequence[tuple[str, str]], lost: int = 0) -> str:
    """The chosen runs with their letters, a picker for one more, and a word about what is missing.

    `lost`: how many runs were here a moment ago and are no more.
    """
    heads = "".join(map(head, chosen))
    return (
        f'<section class="ds-vs-runs" data-runs="{len(chosen)}"><header><h2>Runs side by side</h2>'
        f"{picker(chosen, choices)}</header>"
        f'<ul>{heads}</ul><p class="ds-quiet" role="status">{advice(chosen, choices, lost)}</p></section>'
    )


def head(one: Chosen) -> str:
    return (
        f'<li class="ds-vs-{one.slot}" data-key="{escape(one.key)}" data-state="{escape(one.status["state"])}">'
        f"{sample(one.slot)}<div>{one.tag()} {chip(one.status['state'], one.key.startswith(RECORDED))}"
        f"<small>{escape(said_of(one))}</small></div>"
        f'<button type="button" data-drop aria-label="Remove run {one.letter}" title="Remove">'
        '<svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d="M2 2L10 10M10 2L2 10" '
        'stroke="currentColor" stroke-width="1.6"/></svg></button></li>'
    )


def sample(slot: int) -> str:
    """The line as the curve draws it."""
    dash = f' stroke-dasharray="{DASHES[slot]}"' if DASHES[slot] else ""
    return (
        '<svg class="ds-vs-line" viewBox="0 0 40 6" width="40" height="6" aria-hidden="true">'
        f'<path d="M1 3H39"{dash}/></svg>'
    )


def said_of(one: Chosen) -> str:
    """A few words: what went wrong, where it was stopped, else what the run is."""
    error = one.status.get("error")
    if one.status["state"] == "failed" and error:
        return str(error.get("found", ""))
    if one.status["state"] in ("stopped", "queued", ORPHANED):
        return words.doing(one.status, STUDY.stages)
    config = one.run.config()["config"]
    return f"{words.count(config['prompts'], 'prompt')} of {config['prompt_tokens']} tokens on {config['model']}"


def picker(chosen: Sequence[Chosen], choices: Sequence[tuple[str, str]]) -> str:
    there = {one.key for one in chosen}
    options = "".join(
        f'<option value="{escape(key)}" translate="no">{escape(label)}</option>'
        for label, key in choices
        if key not in there
    )
    full = " disabled" if len(chosen) >= MOST or not options else ""
    return f'<label>Add a run<select data-add{full}><option value="">Choose</option>{options}</select></label>'


def advice(chosen: Sequence[Chosen], choices: Sequence[tuple[str, str]], lost: int) -> str:
    """What to do next, where something is missing."""
    gone = "A run that was chosen is no longer here. " if lost else ""
    if not choices:
        return gone + "There is no run yet. Distil one on the first page; it can be compared while it is running."
    if not chosen:
        return gone + "No run is chosen. Add two to see them side by side."
    if len(chosen) == 1 and len(choices) == 1:
        return gone + "This is the only run. Distil another one to compare with it."
    if len(chosen) == 1:
        return gone + "Only one run is chosen. Add another one to compare."
    if len(chosen) == MOST:
        return gone + "Four runs are the maximum. Remove one to add another."
    return gone
