"""Discard, asked twice and in place: the button of a visitor's own run, and discard.js beside this file.

Its value is `{run, live}` or `{}`. It fires `discard` with `run` after the second click. Knows no run folder.
"""

from pathlib import Path

import gradio as gr

from components.frame.scripts import script

SCRIPT = Path(__file__).with_suffix(".js")
TEMPLATE = """
<div class="ds-discard" hidden>
  <button type="button" data-ask></button>
  <span role="group" aria-label="Really discard?" hidden><b>Really discard?</b>
    <button type="button" data-really>Discard</button><button type="button" data-keep>Keep</button></span>
</div>
"""


def discard_button() -> gr.HTML:
    return gr.HTML(
        {},
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT),
        elem_id="discard",
        apply_default_css=False,
    )
