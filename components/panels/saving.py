"""Charts that can be saved: the menu of a chart, and the numbers behind it as the browser finds them.

A chart is an element with `saves(...)` among its attributes and `MENU` within it; frame/panel_tools.js makes PNG, SVG,
CSV and tables to paste of it in the browser. A chart that a script draws has `drawn()` instead and says its numbers
itself. Knows no chart.
"""

import json
from collections.abc import Iterable, Sequence
from html import escape

MENU = (
    '<details class="ds-save ds-unsaved"><summary aria-label="Save this chart" title="Save this chart">'
    '<svg viewBox="0 0 24 24" width="14" height="14" aria-hidden="true"><path d="M12 3v12M6 10l6 6 6-6M4 21h16" '
    'fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"/></svg></summary>'
    '<div translate="no"><button type="button" data-save="png">PNG</button>'
    '<button type="button" data-save="svg">SVG</button><button type="button" data-save="csv">CSV</button>'
    '<button type="button" data-copy-as="markdown" title="Copy the numbers as a table in Markdown">Markdown</button>'
    '<button type="button" data-copy-as="latex" title="Copy the numbers as a table in LaTeX">LaTeX</button></div>'
    "</details>"
)


def saves(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The attribute of a chart whose numbers are these. `name`: what its file is called."""
    said = json.dumps({"name": name, "rows": [list(heads), *map(list, rows)]}, ensure_ascii=False)
    return f'data-saves="{escape(said)}"'


def drawn() -> str:
    """The attribute of a chart whose script sets the element's `saves`: `{name, rows(), figure()}`."""
    return 'data-saves=""'
