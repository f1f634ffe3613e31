"""The table of bench runs: who learned what from what, how well, when. Two of them can be picked to be compared.

Markup and a small script beside this file; everything from a run folder is escaped. Fires `open_run` with a key and
`compare` with two.
"""

import time
from html import escape
from pathlib import Path

import gradio as gr

from backend.core.scoring.scored import JUDGING, LOWER
from backend.runs.folder import RunDir
from backend.runs.results import summarise_results
from backend.studies.bench.files import BASE
from backend.studies.bench.words import METHODS, learned, task_name
from components.frame.scripts import script
from components.frame.words import two
from components.run.shelf import RECORDED, Shelf
from components.run.status import chip as status_chip
from components.studies.bench import words
from components.studies.bench.results import bounds, percent

SCRIPT = Path(__file__).with_suffix(".js")
SHOWN = 8  # more are folded away
HEADS = ("Student", "Learned from", "Result", "Questions", "When", "State")


class RunsTable:
    """Made inside a Blocks context."""

    def __init__(self, shelf: Shelf):
        self.shelf = shelf
        self.table = gr.HTML(
            "", js_on_load=script(SCRIPT), elem_id="bench-runs", elem_classes="ds-card", apply_default_css=False
        )

    @property
    def parts(self) -> list:
        return [self.table]

    def follow(self, owner: str, key: str | None, another: bool) -> dict:
        return {self.table: table_markup(self.shelf, owner, key)}


def table_markup(shelf: Shelf, owner: str, on_screen: str | None) -> str:
    """Every run this visitor may see, newest first, the recorded ones last."""
    runs = shelf.everything(owner)
    if not runs:
        return ""
    rows = [row_markup(key, run, key == on_screen, hidden=number >= SHOWN) for number, (key, run) in enumerate(runs)]
    heads = "".join(f'<th scope="col">{name}</th>' for name in HEADS)
    more = f'<button type="button" data-more>Show all {len(runs)}</button>' if len(runs) > SHOWN else ""
    return (
        f'<section class="ds-runs" data-runs="{len(runs)}"><header><h2>All runs</h2>'
        '<p class="ds-quiet">Tick two to compare them question by question.</p></header>'
        f'<table><thead><tr><th scope="col"><span class="ds-hidden">Compare</span></th>{heads}</tr></thead>'
        f'<tbody>{"".join(rows)}</tbody></table><p class="ds-more">{more}'
        '<button type="button" class="ds-go" data-compare disabled>Compare two</button></p></section>'
    )


def row_markup(key: str, run: RunDir, on_screen: bool, hidden: bool) -> str:
    config, status = run.config()["config"], run.status()
    state, recorded = status.get("state", "queued"), key.startswith(f"{RECORDED}/")
    when = "recorded" if recorded else ago(status.get("started_at"))
    how = METHODS.get(config["method"], config["method"]) if config["data"] != "none" else ""
    bars, asked = accuracy(run, config)
    name, source = escape(key), escape(learned(config))
    marks = f"{' hidden' if hidden else ''}{' aria-current=true' if on_screen else ''}"
    tick = f'aria-label="Compare {escape(config["student"])}, {source}, {when}"{"" if asked else " disabled"}'
    chip = status_chip(state, False)
    return (
        f'<tr data-key="{name}"{marks}><td><input type="checkbox" value="{name}" {tick}></td>'
        f'<th scope="row"><button type="button" data-open="{name}" title="Show this run">'
        f"{escape(config['student'])}</button></th>"
        f'<td data-label="Learned from">{source}<small>{escape(how)}</small></td>'
        f'<td data-label="Result">{bars or "<i>not yet</i>"}</td><td data-label="Questions">{asked}</td>'
        f'<td data-label="When">{when}</td><td data-label="State">{chip}</td></tr>'
    )


def accuracy(run: RunDir, config: dict) -> tuple[str, str]:
    """For each task a bar from the run's results with its interval, and what was asked of how many students.

    Of free answers the bar is their bits per character, as long as those before the training at most.
    """
    table = [row for row in summarise_results(run.rows("results")) if row["metric"] in JUDGING]
    kind, bars, asked = words.KINDS.get(config["data"], "none"), [], []
    for task in dict.fromkeys(row["task"] for row in table):
        mine = {row["arm"] == BASE: row for row in table if row["task"] == task}
        row, before = mine.get(False, mine.get(True)), mine.get(True)
        low, high = bounds(row)
        free = row["metric"] in LOWER
        top = max(bounds(one)[1] for one in mine.values()) or 1.0 if free else 1.0
        mark = f'<u style="left:{percent(before["mean"] / top)}"></u>' if before and row is not before else ""
        bits = " bits per character, fewer is better" if free else ""
        said = f"{task_name(task)}: {row['mean']:.2f}{bits}, 95 % interval {low:.2f} to {high:.2f}"
        unit = " bits" if free else ""
        colour = "none" if row is before else kind
        bars.append(
            f'<div class="ds-mini ds-{colour}" title="{escape(said)}"><b>{two(row["mean"])}</b>'
            f'<span><i style="width:{percent(row["mean"] / top)}"></i>{mark}'
            f'<s style="left:{percent(low / top)};right:calc(100% - {percent(high / top)})"></s></span>'
            f"<small>{low:.2f} to {high:.2f}{unit}, {escape(task_name(task))}</small></div>"
        )
        asked.append(f"{row['n']:,} × {row['seeds']}")
    return "".join(bars), "<br>".join(asked)


def ago(then: object) -> str:
    """'5 min ago', '21 Nov'."""
    if not isinstance(then, (int, float)):
        return ""
    seconds = max(0.0, time.time() - then)
    if seconds < 90:
        return "just now"
    if seconds < 5400:
        return f"{round(seconds / 60)} min ago"
    if seconds < 86400:
        return f"{round(seconds / 3600)} h ago"
    return time.strftime("%d %b %Y", time.gmtime(then))
