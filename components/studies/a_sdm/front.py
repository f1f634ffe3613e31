"""The front: speed against fidelity of everything that was tried, fewer steps as a line, as a widget.

A constant template and front.js beside this file. Knows settings.jsonl and looks.jsonl.
"""

from collections.abc import Mapping
from pathlib import Path

import gradio as gr

from backend.errors import UserError
from backend.runs.folder import LIVE_STATES, RunDir
from backend.study import Study
from components.frame.scripts import script
from components.panels import saving
from components.panels.thumbnails import address
from components.run.feed import Read
from components.studies.a_sdm import reading, words

SCRIPTS = (Path(__file__).with_name("axes.js"), Path(__file__).with_suffix(".js"))
MOST_PICTURES = 8
TEMPLATE = f"""
<section class="ds-sdm ds-sdm-front" data-points="0" {saving.drawn()}>{saving.MENU}
  <header><h2>How fast, and how much alike?</h2></header>
  <p class="ds-quiet" data-wait>Settings appear here one by one as they are measured.</p>
  <div data-shown hidden>
    <div class="ds-sdm-picks"><label>Fidelity<select data-metric></select></label>
      <div class="ds-switch" role="group" aria-label="Pictures at a time"><button type="button" data-batch="speed8"
        aria-pressed="true">8 at a time</button><button type="button" data-batch="speed1" aria-pressed="false">One
        </button></div></div>
    <svg class="ds-sdm-plot ds-sdm-scatter" role="group" aria-label="Settings: press one to see its pictures"></svg>
    <div class="ds-sdm-arms" role="group" aria-label="Families: press one to highlight it"></div>
    <p class="ds-quiet" data-how data-terms></p>
    <div class="ds-sdm-chosen" aria-live="polite"></div>
    <div data-error></div>
  </div>
</section>
"""


def front_view() -> gr.HTML:
    """The widget. It fires `see_pictures` with `run`, `setting` and a `number`."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(*SCRIPTS),
        elem_id="front",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def front_reader(study: Study) -> Read:
    """What the widget is told: every setting that was measured, and what the axes are called."""

    def news(run: RunDir, rows: Mapping[str, list[dict]], fresh: bool) -> dict:
        told = {"settings": reading.settings(run.rows("settings")), "families": list(words.FAMILIES.items())}
        told["metrics"] = [[name, title, error] for name, (title, error) in words.METRICS.items()]
        told["better"] = {"psnr": 1, "right": 1, "frechet": -1, "distance": -1}
        return told | {"live": run.status()["state"] in LIVE_STATES}

    return Read("front", ("settings",), news)


def pictures(_desk: object, run: RunDir, said: Mapping) -> dict:
    """A setting's pictures beside the full ones: `[text, full, its]` of each prompt. Raises UserError."""
    looks: dict[object, dict[str, tuple[str, str]]] = {}
    for row in run.rows("looks"):
        named = reading.is_name(row.get("setting")) and type(row.get("prompt")) is int and reading.is_name(row["text"])
        if named and (src := address(row.get("png"))):
            looks.setdefault(row["prompt"], {})[row["setting"]] = (row["text"], src)
    name = said["setting"]
    if not reading.is_name(name) or not any(name in both for both in looks.values()):
        found = "There are no pictures of this setting in the run."
        raise UserError(found, "a setting that was drawn", "Choose another point.")
    rows = [
        [both[words.FULL][0], both[words.FULL][1], both[name][1]]
        for _, both in sorted(looks.items())
        if words.FULL in both and name in both
    ]
    return {"setting": name, "pictures": rows[:MOST_PICTURES]}
