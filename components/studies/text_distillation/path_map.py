"""The map of the student's way beside its expert's, as a widget: a constant template and path_map.js beside this file.

Knows no rows: its value is what snapshots.py makes.
"""

from pathlib import Path

import gradio as gr

from components.frame.scripts import script
from components.panels import saving

SCRIPT = Path(__file__).with_suffix(".js")
TEMPLATE = f"""
<section class="ds-path" data-paths="0" {saving.drawn()}>{saving.MENU}
  <header><h2>Does it walk the expert's way?</h2><p class="ds-quiet" data-said></p></header>
  <svg class="ds-map" role="img" preserveAspectRatio="xMidYMid meet"></svg>
  <p class="ds-keys ds-quiet"><span data-key="expert">expert, on all the data</span>
    <span data-key="student">student, on the prompts</span>
    <span data-key="first">student, on the starting questions</span>
    <span data-key="ring">rings: equal matching loss</span></p>
  <h3>What is left, layer by layer</h3>
  <div class="ds-heat" role="list"></div>
  <p class="ds-quiet">1 = the layer learned nothing, 0 = it arrived. A wide cell is a layer in which the expert moved a
    lot.</p>
  <details class="ds-more-on"><summary>How to read the map</summary>
    <p>To the right is the way from the expert's start to its end; upwards is how far beside it a state lies. Nothing
      is lost in this plane: the squared distance to the expert's end is the matching loss, exactly. Which way "beside"
      points differs from state to state, so two dots that meet here need not be the same state.</p>
    <p>The map always shows the first stretch of the first expert's way. The curve shows the stretch that each update
      drew, and the sentence below it experts that no prompt followed: so one update has three matching losses.</p>
  </details>
</section>
"""


def path_map() -> gr.HTML:
    """The widget. Its value is `{run, fresh, number, paths}`; it fires `resync` when it missed a message."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT),
        elem_id="path",
        elem_classes="ds-card",
        apply_default_css=False,
    )
