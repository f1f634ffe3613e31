"""The glossary as a widget: the field's words explained where they stand, formulas beside the knobs they belong to.

All definitions are in assets/glossary.json; glossary.js finds the words on the page. Knows no run.
"""

import json
from functools import cache
from pathlib import Path

import gradio as gr

from components.frame.scripts import script

SCRIPT = Path(__file__).with_suffix(".js")
WORDS = Path(__file__).parents[2] / "assets" / "glossary.json"
LIST = '<details class="ds-table ds-glossary"><summary>Glossary</summary><dl></dl></details>'


@cache
def terms() -> tuple[dict, ...]:
    """`term`, `forms` it is written in, `says`, and where there is one `formula` and `knobs`: setting -> formula."""
    return tuple(json.loads(WORDS.read_text(encoding="utf-8")))


def formula(term: str) -> str:
    """The formula of a term of the glossary. Raises KeyError for a term without one."""
    return {found["term"]: found for found in terms()}[term]["formula"]


def glossary_view() -> gr.HTML:
    """The widget: every word in a list, folded away, and the script that explains them in place. It needs no server.

    The words come with the scripts, which a browser keeps, and not with each page."""
    return gr.HTML(
        None,
        html_template=LIST,
        js_on_load=script(SCRIPT),
        elem_id="glossary",
        elem_classes="ds-aside",
        apply_default_css=False,
    )
