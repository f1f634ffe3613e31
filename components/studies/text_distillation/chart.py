"""The live chart as a widget: a constant template, chart.js after curves.js, and Plotly from the pip package.

gr.Plot rebuilds the chart at every tick and loses the zoom; this keeps it. No request leaves the server's own address.
Knows no rows: its value is what components.panels.thinning makes.
"""

from pathlib import Path

import gradio as gr
import plotly

from components.frame.scripts import script

SCRIPT = Path(__file__).with_suffix(".js")
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
TEMPLATE = """
<section class="ds-chart" data-points="0">
  <header><h2>Is it learning?</h2>
    <div class="ds-switch" role="group" aria-label="What the chart shows">
      <button type="button" data-view="matching" aria-pressed="true">Matching</button>
      <button type="button" data-view="experts" aria-pressed="false">Experts</button>
      <button type="button" data-companions aria-pressed="true">Details</button>
      <button type="button" data-log aria-pressed="true">Log scale</button>
    </div></header>
  <div class="ds-wait"><svg viewBox="0 0 400 120" aria-hidden="true"><path d="M6 16H394" stroke-dasharray="3 7"/>
    <path d="M6 18C70 20 90 70 150 78S270 96 394 102" stroke-dasharray="1 9" stroke-width="4"/></svg>
    <p>The curve starts within seconds of Distil.</p></div>
  <div class="ds-plot" role="figure" hidden></div>
</section>
"""


def live_chart() -> gr.HTML:
    """The widget. Its value is `{run, fresh, number, matching, experts}`; it fires `resync` after a gap."""
    gr.set_static_paths([PLOTLY])
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT, after=["panels/curves.js"]),
        elem_id="chart",
        apply_default_css=False,
        plotly=PLOTLY.as_posix(),
    )
