"""The sentence under the picker of students: how large one is, and whose licence it has.

Knows the registry's figures. Knows no widget.
"""

import re
from html import escape

from backend.core.models.registry import find
from components.form.offers import size


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
