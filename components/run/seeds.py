"""Other seeds: the runs that differ from the one on screen in their seed alone, and what they come to together.

A closed chapter of every study whose settings have a seed. The figures are backend/runs/seeds.py's. Everything a
browser sends is checked here; everything from files is escaped. Knows no study by name.
"""

import dataclasses
import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

import gradio as gr

from backend.core.scoring.scored import LOWER
from backend.errors import UserError
from backend.runs.folder import RunDir, list_runs
from backend.runs.seeds import SEED, Spread, gains, group, has_seed, seed_of, spreads
from backend.settings import FILE, as_json, build, describe, from_saved
from backend.study import Study
from components.frame.events import sent
from components.frame.failure import error_markup
from components.frame.scripts import script
from components.frame.words import STATES, change, is_better, unit
from components.panels import saving, tables
from components.panels.results import arm, own_model, regime
from components.run.panel import Look, Panel
from components.run.shelf import Shelf, is_own, is_owner, new_owner
from components.run.starting import Wanted, start_once

QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
SCRIPT = Path(__file__).with_name("seeds.js")
MOST = 9  # further runs at once
BROUGHT = "seeds"  # a folder in that of a recorded run


class Seeds(Panel):
    """Looked up when a run comes on screen and when it ends: the others are seldom news."""

    name, title, closed = "seeds", "Other seeds", True

    def __init__(self, view):
        super().__init__(view)
        self.seeds = gr.HTML(
            "", js_on_load=script(SCRIPT), elem_id="seeds", elem_classes="ds-card", apply_default_css=False
        )

    @property
    def parts(self) -> list:
        return [self.seeds]

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended):
            return {}
        return {self.seeds: seeds_markup(self.view.study, self.view.shelf, look.owner, look.key, look.run)}

    def nothing(self) -> dict:
        return {self.seeds: ""}

    def bind(self, page) -> None:
        told = [page.owner, page.form.message, *page.view.parts]
        self.page = page
        self.seeds.repeat(self.repeat, page.owner, told, **QUIET)
        self.seeds.visit(page.life.visit, page.owner, page.view.parts, **QUIET)

    def repeat(self, owner: str, event: gr.EventData) -> dict:
        """Start the run on screen again with the next seeds, and show the first of them."""
        page, key, times = self.page, sent(event, "run"), sent(event, "times")
        owner = owner if is_owner(owner) else new_owner()
        run = page.shelf.open(owner, key) if isinstance(key, str) else None
        if run is None or type(times) is not int or not 0 < times <= MOST:
            return page.view.show(owner, key if isinstance(key, str) else None)
        keys, error = [], ""
        try:
            for config in repeats(page.study, page.shelf, owner, key, run, times):
                wanted = Wanted(page.study.name, run.config()["preset"], config, run.status().get("stages") or "")
                keys.append(start_once(page.shelf, page.runner, owner, wanted))
        except UserError as found:  # those before it are on their way
            error = error_markup(found)
        return {page.owner: owner, page.form.message: error, **page.view.show(owner, keys[0] if keys else key)}


def repeats(study: Study, shelf: Shelf, owner: str, key: str, run: RunDir, times: int) -> list[dict]:
    """The settings of a run with the next seeds that nobody has used. Raises UserError where it cannot be repeated."""
    if not has_seed(study):
        raise UserError("This study has no seed.", "a setting called seed", "Change another setting.")
    config = build(study.config, from_saved(study.config, run.config()["config"]))
    files = [item.name for item in describe(study.config) if item.kind == FILE and getattr(config, item.name)]
    if files and not is_own(key):
        said = f"This run was started with someone else's file ({', '.join(files)})."
        raise UserError(
            said, "a run of your own, or one without files", "Copy this run's settings, then choose your own file."
        )
    last = max(seed_of(study, one) for one in siblings(study, shelf, owner, run))
    found = [as_json(dataclasses.replace(config, **{SEED: last + more})) for more in range(1, times + 1)]
    for one in found:
        shelf.host.admit(study.config, one)
    return found


def siblings(study: Study, shelf: Shelf, owner: str, run: RunDir) -> list[RunDir]:
    """The run, and those that this visitor may see and that differ in their seed alone.

    A recorded run may bring others of its form in a folder `seeds`: what they came to, and nothing to look at.
    """
    others = [one for _, one in shelf.everything(owner) if one.path != run.path]
    brought = [one for place in (run, *shelf.recorded()) for one in list_runs(place.path / BROUGHT)]
    return group(study, run, [*others, *brought])


def finished(runs: Sequence[RunDir]) -> list[RunDir]:
    """Those that were scored to their end."""
    return [one for one in runs if one.status()["state"] == "finished" and one.rows("results")]


# -- markup ---------------------------------------------------------------------------------------------------------
def seeds_markup(study: Study, shelf: Shelf, owner: str, key: str, run: RunDir) -> str:
    """The runs, their spread, and a button for more; empty for a run whose settings this version does not know."""
    if not has_seed(study) or run.config()["study"] != study.name:
        return ""
    keys = {one.path: name for name, one in shelf.everything(owner)} | {run.path: key}
    runs = siblings(study, shelf, owner, run)
    scored = finished(runs)
    found = gains(study, scored) if len(scored) > 1 else []
    drawn = [one for one in found if one.metric == _first_metric(study, found)]
    own = own_model(study, run.config()["config"])
    drawn.sort(key=lambda one: (one.student != own, one.student, one.regime != "ordinary"))
    return (
        f'<section class="ds-seeds" data-run="{escape(key)}" data-runs="{len(runs)}">'
        f"<p>{said(len(runs), len(scored))}</p>{''.join(picture(study, one, scored) for one in drawn)}"
        f"{listed(study, runs, keys, key)}{more()}{numbers(study, scored)}</section>"
    )


def said(runs: int, scored: int) -> str:
    """How many there are, in a sentence."""
    if runs < 2:
        return "A single run can be lucky: another seed draws other questions and trains other students."
    told = f"These {runs} runs have the same settings and differ only in their seed."
    return told if scored == runs else f"{told} {scored} of them are finished and scored."


def picture(study: Study, one: Spread, runs: Sequence[RunDir]) -> str:
    """The gain of every run as a dot, their mean with its interval, and the same in words."""
    reach = max(0.05, *(abs(value) for value in (*one.values, one.low, one.high))) * 1.1

    towards = 1 if is_better(1.0, one.metric) else -1  # what was made is better on the right

    def place(value: float) -> str:
        return f"{50 + 50 * towards * value / reach:.2f}%"

    low, high = sorted((one.low, one.high), key=lambda value: towards * value)
    seeds = [seed_of(study, run) for run in runs]
    dots = "".join(
        f'<em style="left:{place(value)}" title="seed {seed}: {change(value, one.metric)}"></em>'
        for seed, value in zip(seeds, one.values, strict=True)
    )
    made, chance = escape(arm(study, one.arm).title), escape(arm(study, one.against).title)
    above = sum(is_better(value, one.metric) for value in one.values)
    bounds = f"{change(one.low, one.metric)} to {change(one.high, one.metric)}"
    mean = f"{change(one.mean, one.metric)} {unit(one.metric)} on average, 95 % interval {bounds}"
    sd = f"{one.sd:.3f}" if one.metric in LOWER else f"{100 * one.sd:.1f}"
    spread = f"Standard deviation over seeds {sd}, better in {above} of {len(one.values)} runs."
    heads = ("seed", "student", "training", "made", "chance", "difference")
    rows = [
        (seed, one.student, one.regime, one.arm, one.against, value)
        for seed, value in zip(seeds, one.values, strict=True)
    ]
    return (
        f'<figure class="ds-difference ds-of-seeds" data-noise="{str(one.low <= 0 <= one.high).lower()}" '
        f"{saving.saves('seeds', heads, rows)}>{saving.MENU}"
        f'<div role="img" aria-label="{made} minus {chance}: {mean}"><u></u>{dots}'
        f'<s style="left:{place(low)};right:calc(100% - {place(high)})"></s>'
        f'<i style="left:{place(one.mean)}"></i></div>'
        f"<p aria-hidden=true><span>{chance} better</span><span>{made} better</span></p>"
        f'<figcaption><b><bdi translate="no">{escape(one.student)}</bdi>: {mean}.</b>'
        f"<span>{escape(regime(study, one.regime).title)}. {spread}</span></figcaption></figure>"
    )


def listed(study: Study, runs: Sequence[RunDir], keys: dict, shown: str) -> str:
    """Each run with its seed and state; a click shows it."""
    rows = []
    for run in runs:
        seed, state, key = seed_of(study, run), run.status()["state"], keys.get(run.path)
        current = ' aria-current="true"' if key == shown else ""
        name = f'<button type="button" data-go="{escape(key)}"{current}>Seed {seed}</button>' if key else f"Seed {seed}"
        rows.append(f"<li>{name}<small>{escape(STATES.get(state, state))}</small></li>")
    alone = any(run.path not in keys for run in runs)
    note = '<p class="ds-quiet">Seeds without a button came with their results only.</p>' if alone else ""
    return f'<ul class="ds-seed-list">{"".join(rows)}</ul>{note}'


def more() -> str:
    return (
        '<p class="ds-more-seeds"><label>Run it again with <input type="number" min="1" '
        f'max="{MOST}" step="1" value="4" inputmode="numeric"> more seeds</label>'
        '<button type="button" data-repeat>Run again</button></p>'
    )


def numbers(study: Study, runs: Sequence[RunDir]) -> str:
    """Mean and spread over seeds of every figure, folded away."""
    if len(runs) < 2:
        return ""
    metrics = {metric.name: metric.title for metric in study.words.metrics}
    heads = ("Student", "Training", "Trained on", "Metric", "Mean", "SD over seeds", "95 %", "Runs")
    rows = (
        (
            escape(one.student), escape(regime(study, one.regime).title), escape(arm(study, one.arm).title),
            escape(metrics.get(one.metric, one.metric)), f"{one.mean:.3f}", f"{one.sd:.3f}",
            f"{one.low:.3f} to {one.high:.3f}", str(len(one.values)),
        )
        for one in spreads(runs) if math.isfinite(one.sd)
    )  # fmt: skip
    return tables.folded("All numbers", tables.table(heads, rows))


def _first_metric(study: Study, found: Sequence[Spread]) -> str:
    """The metric that stands first in the study's words, of those that are there."""
    there = {one.metric for one in found}
    return next((metric.name for metric in study.words.metrics if metric.name in there), next(iter(there), ""))
