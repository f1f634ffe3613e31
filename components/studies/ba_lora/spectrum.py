"""The singular values of the logits of one batch: at the start, now and at the end, as a widget.

A constant template and spectrum.js beside this file; its value is what `spectrum_news` makes. Knows spectra.jsonl.
"""

from pathlib import Path

import gradio as gr

from backend.runs.folder import LIVE_STATES, RunDir
from components.frame.scripts import script
from components.panels import saving
from components.run.feed import Read
from components.studies.ba_lora import words
from components.studies.ba_lora.reading import spectra

SCRIPT = Path(__file__).with_suffix(".js")
TEMPLATE = f"""
<section class="ds-spectrum" data-rows="0" {saving.drawn()}>{saving.MENU}
  <header><h2>Spectrum of the logits</h2>
    <div class="ds-switch"><button type="button" data-centre aria-pressed="false">Centre rows</button></div></header>
  <p class="ds-quiet" data-wait="live">The singular values of one batch appear here when an arm begins to train.</p>
  <p class="ds-quiet" data-wait="over" hidden>This run recorded no singular values.</p>
  <div data-shown hidden>
    <div class="ds-picks"><label>Arm<select data-pick="arm"></select></label>
      <label>Seed<select data-pick="seed"></select></label></div>
    <p class="ds-quiet" data-said></p>
    <div class="ds-moments"></div>
    <p class="ds-key"><span class="ds-key-made" data-top></span><span class="ds-key-none">the others</span>
      <span>log scale, the same in every picture</span></p>
    <div class="ds-ratios"></div>
    <p class="ds-quiet">Over Σσ (nuclear norm) the best is any matrix of rank k; over ‖Z‖_F (Frobenius norm) it is
      k equal singular values. One may rise while the other falls. Adding a constant to all logits of a row changes no
      probability, but it changes both ratios; with centred rows it does not.</p>
  </div>
</section>
"""


def spectrum_view() -> gr.HTML:
    """The widget. It fires `resync` when it missed a message."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT),
        elem_id="spectrum",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def spectrum_reader(study):
    """What the widget is told of new rows, with the arms as the study calls them."""

    def news(run: RunDir, rows: dict[str, list[dict]], fresh: bool) -> dict:
        config = run.config()["config"]
        k = config.get("top_singular")
        k = k if type(k) is int and k > 0 else 10
        found = spectra(rows["spectra"], k)
        arms = words.arms(study, {row["arm"] for row in found}, config)
        told = {"k": k, "arms": {arm.name: arm.title for arm in arms}, "live": run.status()["state"] in LIVE_STATES}
        return told | {"rows": thinned(found) if fresh else found}

    return Read("spectrum", ("spectra",), news)


def thinned(found: list[dict]) -> list[dict]:
    """All ratios, values where bars are drawn: of each student the first row, the middle one and the latest."""
    steps: dict[tuple, list[int]] = {}
    for row in found:
        steps.setdefault((row["arm"], row["seed"]), []).append(row["step"])
    drawn = {who: {mine[0], mine[len(mine) // 2], mine[-1]} for who, mine in steps.items()}
    return [row if row["step"] in drawn[row["arm"], row["seed"]] else without_values(row) for row in found]


def without_values(row: dict) -> dict:
    return {name: value for name, value in row.items() if name not in ("values", "centred")}
