"""The curves of several runs over one another: a constant template, overlay.js after what it shares with other scripts.

Knows no rows: its value is a message of components.compare.feed.
"""

from pathlib import Path

import gradio as gr

from components.frame.scripts import script
from components.panels import saving
from components.panels.chart import PLOTLY, SMOOTHING

SCRIPT = Path(__file__).with_suffix(".js")
TEMPLATE = """
<section class="ds-overlay" data-runs="0" data-points="0" {saves}>{menu}
  <header><h2>Who learns faster?</h2>
    <div class="ds-switch" role="group" aria-label="Vertical axis">
      <button type="button" data-view="loss" aria-pressed="true">Matching loss</button>
      <button type="button" data-view="cosine" aria-pressed="false">Direction</button>
      <button type="button" data-view="regulariser" aria-pressed="false">Distance to real tokens</button>
    </div>
    <div class="ds-switch" role="group" aria-label="Horizontal axis">
      <button type="button" data-axis="step" aria-pressed="true">Updates</button>
      <button type="button" data-axis="elapsed" aria-pressed="false">Seconds</button>
    </div></header>
  <div class="ds-wait"><svg viewBox="0 0 400 120" aria-hidden="true"><path d="M6 16H394" stroke-dasharray="3 7"/>
    <path d="M6 18C70 20 90 70 150 78S270 96 394 102" stroke-dasharray="1 9" stroke-width="4"/></svg>
    <p data-wait>The curves of the chosen runs appear here.</p></div>
  <div class="ds-plot" role="figure" hidden></div>
  {smoothing}
  <p class="ds-quiet" data-note hidden></p>
</section>
"""


def overlay() -> gr.HTML:
    """The widget; it fires `resync` after a gap."""
    gr.set_static_paths([PLOTLY])
    return gr.HTML(
        None,
        html_template=TEMPLATE.format(smoothing=SMOOTHING, saves=saving.drawn(), menu=saving.MENU),
        js_on_load=script(SCRIPT),
        elem_id="compare-chart",
        elem_classes="ds-card",
        apply_default_css=False,
        plotly=PLOTLY.as_posix(),
    )
