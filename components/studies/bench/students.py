"""The list of students, and the sentence under the picker: how large, and whose licence.

Knows the registry's figures. Knows no widget.
"""

import re
from html import escape

from backend.core.models.registry import KNOWN, Entry, find


def student_choices() -> tuple[tuple[str, str], ...]:
    return tuple((f"{entry.id} · {size(entry)}", entry.id) for entry in KNOWN)


def size(entry: Entry) -> str:
    millions = entry.parameters / 1e6
    return (
        f"{millions / 1000:.1f} B"
        if millions >= 1000
        else f"{millions:.0f} M"
        if millions >= 10
        else f"{millions:.1f} M"
    )


def student_markup(student: str) -> str:
    """What it takes is said once, under the start button."""
    entry = find(student)
    if entry is None:
        return (
            f'<p class="ds-student ds-quiet">{escape(student[:120]) or "This student"} is not in the list. '
            "The name of a model on the hub, a folder or a .gguf file may work too.</p>"
        )
    notes = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(entry.notes))
    gated = '<b class="ds-badge ds-gated">gated</b> ' if entry.gated else ""
    return (
        f'<p class="ds-student ds-quiet" data-gated="{str(entry.gated).lower()}">{gated}'
        f"{size(entry)} parameters, licence: {escape(entry.licence)}. "
        f"<small>{notes}</small></p>"
    )
