"""Curves against scratch, and the step at which each arm reaches scratch's end, as a widget.

A constant template and reach.js beside this file; its value is what `news` makes. Knows metrics.jsonl and summary.json.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import gradio as gr

from backend.runs.folder import LIVE_STATES, RunDir
from backend.study import Study
from components.frame.scripts import script
from components.panels import saving
from components.panels.thinning import short
from components.run.feed import Read
from components.studies.tiny_clip import reading, words

SCRIPT = Path(__file__).with_suffix(".js")
COLUMNS = ("step", "seconds", *words.METRICS)  # of a point, behind its arm and seed
GHOST = (  # what will stand here
    '<svg viewBox="0 0 400 100" aria-hidden="true"><path d="'
    "M6 96H394 M6 90C40 20 70 14 394 12 M6 90C70 60 130 44 394 40 M6 90C140 84 220 66 394 58"
    '"/></svg>'
)
TEMPLATE = f"""
<section class="ds-tiny ds-tiny-reach" data-points="0" {saving.drawn()}>{saving.MENU}
  <header><h2>When is a student as good as scratch at its end?</h2></header>
  <div class="ds-tiny-wait" data-wait>{GHOST}
    <p class="ds-quiet">The curves appear here when the step sizes are chosen.</p></div>
  <div data-shown hidden>
    <div class="ds-tiny-picks"><label>Figure<select data-pick="metric"></select></label>
      <div class="ds-switch" role="group" aria-label="Over what"><button type="button" data-over="step"
        aria-pressed="true">Updates</button><button type="button" data-over="seconds" aria-pressed="false">Processor
        seconds</button></div></div>
    <svg class="ds-tiny-curves" role="img"></svg>
    <div class="ds-tiny-arms" role="group" aria-label="Arms: click one to highlight it"></div>
    <ul class="ds-tiny-crossings"></ul>
    <p class="ds-quiet" data-terms data-how></p>
  </div>
</section>
"""


def reach_view() -> gr.HTML:
    """The widget. It fires `resync` when it missed a message."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT),
        elem_id="reach",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def reach_reader(study: Study) -> Read:
    """What the widget is told of new rows, with the arms as the study calls them."""

    def news(run: RunDir, rows: Mapping[str, list[dict]], fresh: bool) -> dict:
        summary = run.summary()
        found = list(points(rows["metrics"], reading.step_sizes(summary)))
        told = {"points": found, "arms": list(words.arms(study, {row[0] for row in found}).items())}
        told["live"] = run.status()["state"] in LIVE_STATES
        if fresh:
            told |= {"metrics": list(words.METRICS.items()), "crossings": list(crossings(summary))}
        return told

    return Read("reach", ("metrics",), news)


def points(rows: Iterable[Mapping], lrs: Mapping[str, float]) -> Iterator[list]:
    """`[arm, seed, step, seconds, figures ...]` of each evaluation that counts; what is no number is null.

    Of the students with which step sizes were tried, those count whose size was chosen: none while a run still tries.
    """
    for row in (row for row in rows if isinstance(row.get("arm"), str)):
        chosen = row.get("phase") == "final" or (row.get("phase") == "grid" and row["arm"] in lrs)
        counts = row.get("stage") == "evaluate" and chosen and row.get("lr") == lrs.get(row["arm"], row.get("lr"))
        if counts and all(type(row.get(name)) is int for name in ("seed", "step")):
            numbers = (row.get(name) for name in COLUMNS)
            yield [row["arm"], row["seed"], *(short(n) if reading.is_number(n) else None for n in numbers)]


def crossings(summary: Mapping) -> Iterator[list]:
    """`[metric, arm, seed, step or null, seconds or null, of]` of each student, as the engine found them."""
    for metric in words.METRICS:
        for arm, found in reading.crossings(summary, metric).items():
            yield from ([metric, arm, one.seed, one.step, one.seconds, one.of] for one in found)
