"""Chapters: panels closed until somebody wants them, a line each. The lines are the contents of the page.

A widget and its script, which remembers what a visitor has opened. Knows titles; no run and no study.
"""

import contextlib
from collections.abc import Iterator
from html import escape
from pathlib import Path

import gradio as gr

from components.frame.scripts import script

SCRIPT = Path(__file__).with_suffix(".js")
HEAD = """<div class="ds-chapter-line"><button type="button" aria-expanded="false" aria-controls="chapter-{name}">
<b>{title}</b></button></div>"""


@contextlib.contextmanager
def chapter(name: str, title: str) -> Iterator[None]:
    """What is made inside is hidden until the line with its title is pressed. Made inside a Blocks context."""
    with gr.Column(elem_id=f"chapter-{name}", elem_classes=["ds-chapter", "ds-closed"]):
        gr.HTML(
            name,
            html_template=HEAD.format(name=escape(name), title=escape(title)),
            js_on_load=script(SCRIPT),
            elem_id=f"chapter-{name}-head",
            elem_classes="ds-chapter-head",
            apply_default_css=False,
        )
        yield
