"""Chapters: panels closed until somebody wants them, a line each. The lines are the contents of the page.

One widget writes all lines, for a widget of its own each would weigh 5 kB; its script remembers what a visitor has
opened. Knows titles; no run and no study.
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import gradio as gr

from components.frame.scripts import script

SCRIPT = Path(__file__).with_suffix(".js")


@contextlib.contextmanager
def chapter(name: str) -> Iterator[None]:
    """What is made inside is hidden until the line with its title is pressed. Made inside a Blocks context."""
    with gr.Column(elem_id=f"chapter-{name}", elem_classes=["ds-chapter", "ds-closed"]):
        yield


def chapter_lines(titles: Mapping[str, str]) -> gr.HTML:
    """The lines, by the name of their chapter. The widget itself shows nothing."""
    return gr.HTML(
        dict(titles),
        html_template="",
        js_on_load=script(SCRIPT),
        elem_id="chapters",
        elem_classes="ds-unseen",
        apply_default_css=False,
    )
