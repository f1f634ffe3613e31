"""The prompts of several runs in columns: a constant template, and compare_prompts.js after what it shares with others.

Knows no rows: its value is a message of components.compare.feed. Prompts are untrusted and never part of the template.
"""

from pathlib import Path

import gradio as gr

from components.frame.scripts import script

SCRIPT = Path(__file__).with_suffix(".js")
TEMPLATE = """
<section class="ds-vs-prompts" data-slots="0">
  <header><h2>What do their prompts say?</h2><p class="ds-quiet" data-note></p></header>
  <div class="ds-scrub" hidden><label><span>Progress so far</span>
    <input type="range" min="0" max="100" value="100" step="1" aria-label="Share of each run's progress so far"></label>
    <output></output></div>
  <p class="ds-quiet" data-none>Their prompts appear here.</p>
  <div class="ds-vs-grid"></div>
  <p class="ds-more"><button type="button" data-more hidden></button></p>
</section>
"""


def prompt_columns() -> gr.HTML:
    """The widget; it fires `resync` after a gap."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT),
        elem_id="compare-prompts",
        elem_classes="ds-card",
        apply_default_css=False,
    )
