"""The prompt wall as a widget: a constant template, wall.js after marked_words.js, and the editor of final texts.

Knows no rows: its value is what snapshots.py makes. Prompts are untrusted text and never part of the template.
"""

from pathlib import Path

import gradio as gr

from components.frame.scripts import script

SCRIPT = Path(__file__).with_name("wall.js")
EDITOR = Path(__file__).with_name("wall_edit.js")
TEMPLATE = """
<section class="ds-wall" data-snapshots="0">
  <header><h2>What do the prompts say?</h2>
    <p class="ds-quiet" data-note></p></header>
  <div class="ds-scrub" hidden>
    <button type="button" data-play>Play</button>
    <input type="range" min="0" max="0" value="0" step="1" aria-label="Update">
    <output></output>
    <button type="button" data-latest hidden>Latest</button>
    <select data-speed aria-label="Playback speed"></select>
    <button type="button" data-pin aria-pressed="false" title="Marks the words that differ"></button>
    <button type="button" data-slow>Slow motion</button>
    <button type="button" data-branch hidden>New run from here</button>
  </div>
  <div class="ds-wait"><svg viewBox="0 0 400 70" aria-hidden="true"><path stroke-width="8" stroke-linecap="round"
    d="M8 14H110M8 34H90M8 54H60M150 14H240M150 34H252M150 54H190M290 14H380M290 34H350M290 54H392"/></svg>
    <p>The prompts appear here and change as they are learned.</p></div>
  <div class="ds-grid"></div>
  <p class="ds-more"><button type="button" data-more hidden></button><span class="ds-unsent ds-quiet" hidden></span></p>
</section>
"""


def prompt_wall() -> gr.HTML:
    """The widget. Its value is `{run, fresh, number, snapshots, branches}`; it fires `resync` when it missed a message,
    and `branch` with `run` and `step`."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(EDITOR, SCRIPT),
        elem_id="wall",
        elem_classes="ds-card",
        apply_default_css=False,
    )
