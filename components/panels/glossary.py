"""The glossary as a widget: the field's words explained where they stand, formulas beside the knobs they belong to.

All definitions are in assets/glossary.json; glossary.js finds the words on the page. Knows no run.
"""

import json
from functools import cache
from html import escape
from pathlib import Path

import gradio as gr

from components.frame.scripts import script

SCRIPT = Path(__file__).with_suffix(".js")
WORDS = Path(__file__).parents[2] / "assets" / "glossary.json"


@cache
def terms() -> tuple[dict, ...]:
    """`term`, `forms` it is written in, `says`, and where there is one `formula` and `knobs`: setting -> formula."""
    return tuple(json.loads(WORDS.read_text(encoding="utf-8")))


def formula(term: str) -> str:
    """The formula of a term of the glossary. Raises KeyError for a term without one."""
    return {found["term"]: found for found in terms()}[term]["formula"]


def glossary_view() -> gr.HTML:
    """The widget: every word in a list, folded away, and the script that explains them in place. It needs no server."""
    return gr.HTML(
        list(terms()),
        html_template=list_markup(),
        js_on_load=script(SCRIPT),
        elem_id="glossary",
        elem_classes="ds-aside",
        apply_default_css=False,
    )


def list_markup() -> str:
    """The whole glossary as a list, in the order of the alphabet."""
    rows = "".join(
        f"<dt>{escape(found['term'])}</dt><dd>{escape(found['says'])}{formula_markup(found.get('formula'))}</dd>"
        for found in sorted(terms(), key=lambda found: found["term"].lower())
    )
    return f'<details class="ds-table ds-glossary"><summary>Glossary</summary><dl>{rows}</dl></details>'


def formula_markup(said: str | None) -> str:
    return f'<span class="ds-knob" translate="no">{escape(said)}</span>' if said else ""
