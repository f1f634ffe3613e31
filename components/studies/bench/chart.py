"""The bench's live chart as a widget: a constant template and bench_chart.js after curves.js.

Plotly comes from the pip package.

Knows no rows: its value is what components.studies.bench.feed makes.
"""

from pathlib import Path

import gradio as gr

from components.frame.scripts import script
from components.studies.text_distillation.chart import PLOTLY

SCRIPT = Path(__file__).with_suffix(".js")
TEMPLATE = """
<section class="ds-chart ds-bench-chart" data-points="0">
  <header><h2>Is it learning?</h2>
    <div class="ds-switch" role="group" aria-label="What the chart shows">
      <button type="button" data-view="training" aria-pressed="true">Training</button>
      <button type="button" data-view="scoring" aria-pressed="false">Scoring</button>
    </div></header>
  <div class="ds-switch ds-tasks" role="group" aria-label="Which task" hidden></div>
  <div class="ds-wait"><svg viewBox="0 0 400 120" aria-hidden="true"><path d="M6 104H394" stroke-dasharray="3 7"/>
    <path d="M6 18C60 60 90 86 150 92S270 98 394 100" stroke-dasharray="1 9" stroke-width="4"/></svg>
    <p>Curves appear within seconds of Start.</p></div>
  <div class="ds-plot" role="figure" hidden></div>
  <p class="ds-key ds-chart-key" hidden></p>
</section>
"""


def bench_chart() -> gr.HTML:
    """The widget. Its value is `{run, fresh, number, kind, tune, validate, score}`; it fires `resync` after a gap."""
    gr.set_static_paths([PLOTLY])
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT, after=["panels/curves.js"]),
        elem_id="bench-chart",
        apply_default_css=False,
        plotly=PLOTLY.as_posix(),
    )
