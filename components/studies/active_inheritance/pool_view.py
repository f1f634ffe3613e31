"""The pool as a picture, as a widget: a constant template and pool_view.js beside this file.

It has no value: the candidates' panel tells it in the browser what there is and what is kept. Knows no file.
"""

from pathlib import Path

import gradio as gr

from components.frame.scripts import script
from components.panels import saving

SCRIPT = Path(__file__).with_suffix(".js")
TEMPLATE = f"""
<section class="ds-pool" data-texts="0">
  <h2>The pool and what is kept</h2><p class="ds-quiet" data-said>The texts appear here while the pool grows.</p>
  <div class="ds-pool-parts" hidden>
    <figure class="ds-scatter" {saving.drawn()}>{saving.MENU}<figcaption><label>Across
        <select data-axis="x"></select></label> <label>Upwards <select data-axis="y"></select></label></figcaption>
      <svg viewBox="0 0 440 340" role="img"></svg>
      <p class="ds-key"><span class="ds-key-none">candidate</span><span class="ds-key-made">kept</span></p></figure>
    <figure class="ds-histogram" {saving.drawn()}>{saving.MENU}<figcaption data-shift></figcaption>
      <svg viewBox="0 0 440 340" role="img"></svg>
      <p class="ds-key"><span class="ds-key-none">candidates</span><span class="ds-key-made">kept</span></p></figure>
  </div>
  <section class="ds-correlations" {saving.drawn()} hidden>{saving.MENU}<h3>Which attributes go together?</h3>
    <p class="ds-quiet" data-pairs></p><div class="ds-matrix"></div></section>
</section>
"""


def pool_view() -> gr.HTML:
    """The widget."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT),
        elem_id="pool",
        elem_classes="ds-card",
        apply_default_css=False,
    )
