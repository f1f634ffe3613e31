"""Affinity matrices of teacher and student over the steps, as a widget.

A constant template and affinity.js beside this file: the browser gets cosines once and makes shares, differences and KL
of them at every move of a slider. Knows affinities.jsonl and the first rows of pictures.jsonl.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import gradio as gr

from backend.runs.folder import LIVE_STATES, RunDir
from backend.study import Study
from components.frame.scripts import script
from components.panels import saving
from components.panels.thinning import short
from components.panels.thumbnails import thumbnails
from components.run.feed import Read
from components.studies.tiny_clip import reading, words

SCRIPT = Path(__file__).with_suffix(".js")
MOST = 16  # pairs that a matrix is drawn of
SCALE = 50.0  # the logit scale that the released code fixes, where a run does not say its own
GHOST = (  # what will stand here
    '<svg viewBox="0 0 400 100" aria-hidden="true"><path d="'
    "M20 6h88v88h-88z M20 28h88 M20 50h88 M20 72h88 M42 6v88 M64 6v88 M86 6v88 M156 6h88v88h-88z M156 "
    "28h88 M156 50h88 M156 72h88 M178 6v88 M200 6v88 M222 6v88 M292 6h88v88h-88z M292 28h88 M292 50h88 "
    "M292 72h88 M314 6v88 M336 6v88 M358 6v88"
    '"/></svg>'
)
TEMPLATE = f"""
<section class="ds-tiny ds-tiny-affinity" data-matrices="0" {saving.drawn()}>{saving.MENU}
  <header><h2>Which caption belongs to which picture?</h2></header>
  <div class="ds-tiny-wait" data-wait>{GHOST}
    <p class="ds-quiet">The matrices appear here when the first student begins to train.</p></div>
  <div data-shown hidden>
    <div class="ds-tiny-picks"><label>Student<select data-pick="who"></select></label>
      <div class="ds-switch" role="group" aria-label="Direction"><button type="button" data-way="rows"
        aria-pressed="true">Picture to captions</button><button type="button" data-way="columns"
        aria-pressed="false">Caption to pictures</button></div></div>
    <div class="ds-tiny-sliders"><label><span>Update</span><input type="range" data-step min="0" step="1">
        <output></output></label>
      <label><span>Logit scale</span><input type="range" data-scale min="0" max="100" step="1"><output></output></label>
    </div>
    <div class="ds-tiny-matrices"></div>
    <p class="ds-key"><span class="ds-tiny-key" data-of="teacher">teacher, or the teacher says more</span>
      <span class="ds-tiny-key" data-of="student">student, or the student says more</span></p>
    <p class="ds-quiet" data-terms data-said aria-live="polite"></p>
    <div class="ds-tiny-cell" aria-live="polite"></div>
  </div>
</section>
"""


def affinity_view() -> gr.HTML:
    """The widget. It fires `resync` when it missed a message."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT),
        elem_id="affinity",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def affinity_reader(study: Study) -> Read:
    """What the widget is told of new rows, with the arms as the study calls them."""

    def news(run: RunDir, rows: Mapping[str, list[dict]], fresh: bool) -> dict:
        found = list(matrices(rows["affinities"]))
        told = {"matrices": found, "arms": list(words.arms(study, {row[0] for row in found}).items())}
        told["live"] = run.status()["state"] in LIVE_STATES
        if fresh or rows["pictures"]:
            shown = thumbnails(run.rows("pictures"), MOST)
            told["pairs"] = [{"text": one["text"], "src": one["src"]} for one in shown]
        scale = run.config()["config"].get("scale")
        return told | {"scale": scale if reading.is_number(scale) and 0 < scale <= 1000 else SCALE}

    return Read("affinity", ("affinities", "pictures"), news)


def matrices(rows: Iterable[Mapping]) -> Iterator[list]:
    """`[who, step, cosines]` of each row whose matrix is square; of a step's several step sizes the last row counts."""
    for row in rows:
        cosines = row.get("cosines")
        if isinstance(row.get("who"), str) and type(row.get("step")) is int and is_square(cosines):
            yield [row["who"], row["step"], [[short(value, 4) for value in line[:MOST]] for line in cosines[:MOST]]]


def is_square(cosines: object) -> bool:
    """Whether it is a square of numbers, of two pairs at least."""
    lines = cosines if isinstance(cosines, list) else []
    return len(lines) > 1 and all(is_line(line, len(lines)) for line in lines)


def is_line(line: object, length: int) -> bool:
    return isinstance(line, Sequence) and len(line) == length and all(map(reading.is_number, line))
