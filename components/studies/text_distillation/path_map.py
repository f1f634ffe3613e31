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
  <header><h2>Does the student follow the expert's path?</h2><p class="ds-quiet" data-said></p></header>
  <svg class="ds-map" role="img" preserveAspectRatio="xMidYMid meet"></svg>
  <p class="ds-keys ds-quiet"><span data-key="expert">expert, on all the data</span>
    <span data-key="student">student, on the prompts</span>
    <span data-key="first">student, on the starting questions</span>
    <span data-key="ring">rings: equal matching loss</span></p>
  <h3>Remaining distance, layer by layer</h3>
  <div class="ds-heat" role="list"></div>
  <p class="ds-quiet">1 = the layer learned nothing, 0 = it reached the expert. Wide cells are layers in which the
    expert moved a lot.</p>
  <details class="ds-more-on"><summary>How to read the map</summary>
    <p>The horizontal axis runs from the expert's start to its end; the vertical axis shows how far a state is from
      this line. Nothing is lost in this plane: the squared distance to the expert's end is exactly the matching loss.
      The direction away from the line differs from state to state, so two dots that coincide need not be the same
      state.</p>
    <p>The map always shows the first segment of the first expert's trajectory. The curve shows the segment that each
      update drew, and the sentence below the curve is about held-out experts. So one update has three matching
      losses.</p>
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
