"""An upload on a form: the picker of what was uploaded before, the button, and what was understood of a file.

Any form that takes files shows them so. Everything from a file is escaped. Knows the store of uploads; no study.
"""

from html import escape
from pathlib import Path

import gradio as gr

from backend.core.text.table_formats import READERS
from backend.errors import UserError
from components.frame.failure import error_markup
from components.frame.words import count
from components.run.shelf import is_owner
from components.run.upload_store import UploadStore, Use

NONE = ""
COUNTED = {"0": 0, "1": 1}  # where answers begin, as a form says it
LONGEST = 160  # characters of a text that are shown
# a refusal stands below what was clicked, often below the edge of the form's own scroller: it is brought into sight
SEEN_JS = """
watch("value", () => requestAnimationFrame(() => element.querySelector("[role=alert]")?.scrollIntoView({
  block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" })));
"""


def uploader(
    use: Use,
    label: str,
    prefix: str,
    most_megabytes: int,
    optional: bool,
    says: str = "Upload a file",
    seen: bool = True,
) -> tuple[gr.Dropdown, gr.UploadButton, gr.HTML]:
    """The three widgets, made where this is called. `optional`: no file at all may be picked. `says` stands on the
    button; the list is not `seen` at first where it would be empty."""
    picker = gr.Dropdown(
        [("none", NONE)] if optional else [],
        value=NONE if optional else None,
        label=label,
        info=f"{', '.join(READERS)}; at most {most_megabytes} MB.",
        interactive=True,
        filterable=False,
        visible=seen,
        elem_id=f"{prefix}{use.name}-pick",
    )
    button = gr.UploadButton(says, file_types=list(READERS), size="sm", elem_id=f"{prefix}{use.name}-upload")
    name = f"{prefix}{use.name}-told"
    told = gr.HTML("", js_on_load=SEEN_JS, elem_id=name, elem_classes="ds-if-any", apply_default_css=False)
    return picker, button, told


def keep(store: UploadStore, owner: str, use: Use, file: object, counted: object = "") -> tuple[str | None, str]:
    """Keep a file: its key, and what to say. On any fault the key is None and what was kept stays.

    `counted`: what the form's setting answers_from says; anything but 0 or 1 leaves it to the file.
    """
    path = Path(file) if isinstance(file, str) else None
    if path is None or not is_owner(owner) or not path.is_file():
        return None, error_markup(UserError("No file arrived.", "one file", "Choose it again."))
    try:
        key, found = store.keep(owner, use, path, path.name, COUNTED.get(str(counted)))
    except UserError as error:
        return None, error_markup(error)
    return key, file_markup(found, use)


def told(store: UploadStore, owner: str, use: Use, key: object) -> str:
    """What a picked file holds; nothing for none."""
    found = store.facts(owner, key)
    return file_markup(found, use) if found else ""


def file_markup(found: dict, use: Use) -> str:
    """How many, how the file was read, what became of which column, what to beware of, and the first three as the
    model reads them."""
    shown = [(escape(_end(a)), escape(_end(b))) for a, b in found["shown"]]
    rows = "".join(f"<li><span>{a}</span><b>{b}</b></li>" for a, b in shown)
    layout = found.get("layout")  # files kept before have none
    remarks = [f"Read as {layout}.", *found.get("warnings", ())] if layout else []
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in remarks)
    columns = "".join(
        f'<div><dt>{escape(role)}</dt><dd translate="no">{escape(names)}</dd></div>'
        for role, names in found.get("columns", {}).items()
    )
    return (
        f'<div class="ds-file" data-count="{found["count"]}" data-task="{escape(found.get("task", ""))}" role="status">'
        f'<strong translate="no">{escape(found["name"])}</strong>'
        f"<span>{count(found['count'], use.noun)}</span>{said}"
        f'{f"<dl>{columns}</dl>" if columns else ""}<ol translate="no">{rows}</ol></div>'
    )


def _end(text: str) -> str:
    return text if len(text) <= LONGEST else f"… {text[-LONGEST:]}"
