"""Lessons: short walks through the page that drive its real controls and end in a question. A widget and its script.

The words are in assets/lessons.json. Knows no run: what a lesson shows is whatever run is on screen.
"""

import json
from pathlib import Path

import gradio as gr

from components.frame.scripts import script

SCRIPT = Path(__file__).with_suffix(".js")
WORDS = Path(__file__).parents[2] / "assets" / "lessons.json"
END = (
    "In short: an expert learns from all the questions, and its path is recorded. A few prompts are changed until a "
    "student that reads only them follows the same path. Turning the prompts into text loses some of this, "
    "which is why random questions are hard to beat. Now try it yourself: the line below the start button shows the "
    "cost of a run."
)
TEMPLATE = """
<section class="ds-lessons" aria-label="Lessons">
  <p data-new><b>New here?</b> Five lessons of two or three minutes, on the run below.</p>
  <div class="ds-lesson-list" role="group" aria-label="Lessons"></div>
  <p class="ds-alone" hidden><span>One lesson, and what it needs.</span>
    <button type="button" data-again>Open the lesson</button>
    <button type="button" data-everything>Show everything</button></p>
  <details class="ds-teach"><summary>For teachers</summary>
    <p>This link opens the page with one lesson and hides what the lesson does not need.</p>
    <div><select aria-label="Lesson of the link"></select>
      <input type="text" readonly aria-label="Teacher's link" translate="no">
      <button type="button" data-teach>Copy the teacher's link</button></div>
    <p data-copied role="status"></p></details>
  <div class="ds-lesson" role="region" aria-label="Lesson" hidden>
    <header><b data-title></b><span class="ds-quiet" data-place></span>
      <button type="button" data-leave aria-label="Leave the lesson">Leave</button></header>
    <div data-body aria-live="polite"></div>
    <footer><button type="button" data-go="-1">Back</button><button type="button" data-go="1">Next</button></footer>
  </div>
</section>
"""


def lessons() -> list[dict]:
    return json.loads(WORDS.read_text(encoding="utf-8"))


def lessons_view() -> gr.HTML:
    """The widget. It needs no server once the page is loaded."""
    return gr.HTML(
        None,
        end=END,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT),
        elem_id="lessons",
        apply_default_css=False,
    )
