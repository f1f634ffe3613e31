"""One row of softened labels over training, as a widget: a constant template, labels.js beside this file, and what it
is sent.

The browser gets a list of what there is, then one picture's row when it is looked at. Texts are untrusted and never
part of the template. Knows labels.jsonl and pictures.jsonl.
"""

from pathlib import Path

import gradio as gr

from backend.runs.folder import LIVE_STATES, RunDir
from components.frame.scripts import script
from components.panels import saving
from components.panels.thumbnails import thumbnails
from components.studies.light_clip import reading, words

SCRIPTS = [Path(__file__).with_name(f"{name}.js") for name in ("looking", "labels")]
MOST_OTHERS = 24
TEMPLATE = f"""
<section class="ds-light-labels" data-pictures="0" data-seen="">
  <h2>How wrong are the wrong captions?</h2>
  <p class="ds-quiet" data-said>A row of softened labels appears here when an arm that softens them begins to train.</p>
  <div data-shown hidden>
    <div class="ds-light-strip" data-part="pictures" role="group" aria-label="Picture"></div>
    <div class="ds-light-choose"><label>Arm <select data-pick="arm"></select></label></div>
    <div class="ds-light-row" {saving.drawn()}>{saving.MENU}
      <div class="ds-light-mine"></div>
      <div class="ds-light-moments" role="group" aria-label="The label at each step"></div>
      <p class="ds-key"><span class="ds-key-made">its own caption</span><span class="ds-key-real">others that are true
        of it all the same</span><span class="ds-key-none">others that are not</span><span class="ds-light-key-rest">too
        small to be kept</span></p></div>
    <div class="ds-scrub"><button type="button" data-play>Play</button><input type="range" min="0" step="1"
      aria-label="Step of training"><output></output></div>
    <p class="ds-fact" data-told aria-live="polite"></p>
    <ul class="ds-light-others"></ul>
  </div>
</section>
"""


def labels_view() -> gr.HTML:
    """The widget. Its value is `news` or a `sight`; it fires `see` with `run`, `picture` and `arm`."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(*SCRIPTS),
        elem_id="labels",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def rows_of(run: RunDir) -> list[dict]:
    return [row for row in reading.shown(run, "labels") if reading.is_label(row)]


def news(run: RunDir, study) -> dict:
    """What can be looked at: pictures whose label was kept, arms, and how many rows there are."""
    rows = rows_of(run)
    there = {row["picture"] for row in rows}
    arms = words.arms(study, {row["arm"] for row in rows})
    return {
        "pictures": [one for one in thumbnails(run.rows("pictures")) if one["id"] in there],
        "arms": [[arm.name, arm.title] for arm in arms],
        "choices": [arm.name for arm in arms],
        "first": arms[0].name if arms else "",
        "rows": len(rows),
        "live": run.status()["state"] in LIVE_STATES,
    }


def sight(run: RunDir, key: str, picture: object, arm: object) -> dict:
    """The label of one picture over the steps of one arm, with the pictures whose captions it goes to."""
    about = {"run": key, "picture": picture if reading.is_whole(picture) else None, "sight": True, "asked": arm}
    mine = {
        row["step"]: {"step": row["step"], "softness": row["softness"], "others": others_of(row)}
        for row in rows_of(run)
        if row["picture"] == about["picture"] and row["arm"] == arm
    }
    shown = {one["id"] for moment in mine.values() for one in moment["others"]}
    found = [{"id": one["id"], "text": one["text"], "src": one["src"]} for one in thumbnails(run.rows("pictures"))]
    return about | {
        "moments": [mine[step] for step in sorted(mine)],
        "others": [one for one in found if one["id"] in shown],
    }


def others_of(row: dict) -> list[dict]:
    """Those that get most, the largest part first."""
    found = [{"id": one["id"], "weight": one["weight"], "true": one.get("true") is True} for one in row["others"]]
    return sorted(found, key=lambda one: -one["weight"])[:MOST_OTHERS]
