"""What may be inherited: how much each module changes from step to step, beside the harm of inheriting it, as a widget.

A constant template and inherited.js beside this file. Knows changes.jsonl, harms.jsonl and modules.jsonl.
"""

from collections.abc import Mapping
from pathlib import Path

import gradio as gr

from backend.runs.folder import LIVE_STATES, RunDir
from backend.study import Study
from components.frame.scripts import script
from components.panels import saving
from components.run.feed import Read
from components.studies.a_sdm import reading

SCRIPT = Path(__file__).with_suffix(".js")
TEMPLATE = f"""
<section class="ds-sdm ds-sdm-inherited" data-rows="0" {saving.drawn()}>{saving.MENU}
  <header><h2>What may be inherited?</h2></header>
  <p class="ds-quiet" data-wait>The heat map appears here when the full model was watched at every step.</p>
  <div data-shown hidden>
    <p class="ds-quiet" data-terms>Left: how much the output of a part changes from one step to the next, as a share of
      its length. Right: what is left of the picture when that part alone inherits at every second step.</p>
    <div class="ds-sdm-picks"><div class="ds-switch" role="group" aria-label="Level"><button type="button"
        data-level="block" aria-pressed="true">Blocks</button><button type="button" data-level="layer"
        aria-pressed="false">Layers</button><button type="button" data-level="unit" aria-pressed="false">Units</button>
        </div><label>Order<select data-order><option value="run">as they run</option><option value="change">by
        change</option><option value="harm">by harm</option></select></label></div>
    <svg class="ds-sdm-heat" role="img"></svg>
    <p class="ds-key"><span class="ds-sdm-key" data-of="change">changes more</span>
      <span class="ds-sdm-key" data-of="output">whole output inherited</span>
      <span class="ds-sdm-key" data-of="branch">branch alone inherited</span></p>
    <p class="ds-quiet" data-said data-terms></p>
  </div>
</section>
"""


def inherited_view() -> gr.HTML:
    """The widget."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT),
        elem_id="inherited",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def inherited_reader(study: Study) -> Read:
    """What the widget is told: every module with its changes, and the harm of each reading."""

    def news(run: RunDir, rows: Mapping[str, list[dict]], fresh: bool) -> dict:
        changes, harms = reading.changes(run.rows("changes")), reading.harms(run.rows("harms"))
        told = {name for name, *_ in harms} | changes.keys()
        modules = [
            [one["id"], one["title"], one["level"]] for one in reading.modules(run.rows("modules")) if one["id"] in told
        ]
        live = run.status()["state"] in LIVE_STATES
        return {"modules": modules, "changes": changes, "harms": harms, "live": live}

    return Read("inherited", ("changes", "harms", "modules"), news)
