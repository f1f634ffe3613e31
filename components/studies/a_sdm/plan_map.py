"""The map of steps and blocks: what is computed, inherited or dead, and the editor of plans, as a widget.

A constant template, rules.js and plan_map.js beside this file. What a plan costs is worked out in the browser; the desk
measures it. Knows modules.jsonl, harms.jsonl, settings.jsonl and what the desk answers; no model.
"""

from collections.abc import Mapping
from pathlib import Path

import gradio as gr

from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.study import Study
from components.frame.scripts import script
from components.run.feed import Read
from components.studies.a_sdm import presets, reading

SCRIPTS = tuple(Path(__file__).with_name(f"{name}.js") for name in ("rules", "plan_grid", "plan_map"))
QUESTION, TIMEOUT_S = "a_sdm_measure", 120.0
MEASURED = ("speed8", "speed8_low", "speed8_high", "psnr", "psnr_se", "right", "right_se", "n")
TEMPLATE = """
<section class="ds-sdm ds-sdm-map" data-state="empty" data-ms="0">
  <header><h2>Which part of the net runs at which step?</h2></header>
  <p class="ds-quiet" data-wait>The map appears here when the modules of the net are timed.</p>
  <div data-shown hidden>
    <p class="ds-quiet" data-terms>A row is a part of the net, a column a step of the sampler. Press a cell to let a
      part inherit what it gave before instead of computing it; press the name of a row or the number of a step for all
      of it. What nobody reads then is dead: it costs nothing.</p>
    <div class="ds-sdm-picks">
      <label>Inherit<select data-what></select></label>
      <label>Steps computed<select data-when></select></label>
      <label>A plan of this run<select data-plan></select></label>
      <label>Layers inherit<select data-reading><option value="branch">their branch</option>
        <option value="output">their whole output</option></select></label></div>
    <div class="ds-sdm-grid"></div>
    <p class="ds-key"><span class="ds-sdm-key" data-of="computed">computed</span>
      <span class="ds-sdm-key" data-of="inherited">inherited</span>
      <span class="ds-sdm-key" data-of="dead">dead</span></p>
    <dl class="ds-sdm-numbers" aria-live="polite"></dl>
    <div class="ds-sdm-buttons"><button type="button" class="ds-button" data-measure>Measure</button>
      <button type="button" class="ds-button" data-race>Race this plan</button>
      <button type="button" class="ds-button" data-clear>Clear</button>
      <button type="button" class="ds-button" data-download>Download plan</button>
      <label class="ds-button ds-sdm-file"><span>Open a plan</span><input type="file" accept=".json,application/json"
        data-open></label></div>
    <p class="ds-sdm-refused" data-refused role="alert"></p>
    <div data-error></div>
    <p class="ds-quiet" data-how data-terms></p>
  </div>
</section>
"""


def map_view() -> gr.HTML:
    """The widget. It fires `measure` with `run`, `plan` and a `number`."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(*SCRIPTS),
        elem_id="plan-map",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def map_reader(study: Study) -> Read:
    """What the widget is told: modules with their costs, harms, what can be filled in, and plans that were measured."""

    def news(run: RunDir, rows: Mapping[str, list[dict]], fresh: bool) -> dict:
        settings = reading.settings(run.rows("settings"))
        told = {"harms": reading.harms(run.rows("harms")), "steps": reading.steps_of(settings)}
        told["plans"] = [
            {key: one[key] for key in ("id", "title", "plan", "speed8", "psnr")}
            for one in settings
            if one["plan"] and one["family"] == "inherit"
        ]
        if fresh or rows["modules"]:
            found = run.rows("modules")
            told["modules"] = reading.modules(found)
            told["parts"] = presets.parts(found)
            told["sets"] = presets.sets(told["steps"])
        return told

    return Read("map", ("modules", "harms", "settings"), news)


def measured(desk: object, run: RunDir, said: Mapping) -> dict:
    """What the desk measures of a plan. Raises UserError for what is no plan."""
    plan = reading.plan_of(said["plan"])
    if plan is None or not plan["inherit"]:
        raise UserError("Nothing is inherited in this plan.", "a plan that inherits something", "Press a cell.")
    found = desk.request(QUESTION, timeout_s=TIMEOUT_S, run=str(run.path), plan=plan)
    return {key: reading.number(found.get(key)) for key in MEASURED}
