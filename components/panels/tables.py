"""Tables of numbers as markup. On a narrow screen each row stands as a few lines, every cell behind the name of its
column, so that nothing has to be scrolled sideways.

Knows no run and no study. Cells are markup that the caller has escaped; heads are plain text.
"""

from collections.abc import Iterable, Sequence
from html import escape


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(cell(*pair) for pair in zip(heads, row, strict=True))}</tr>" for row in rows)
    return f'<table class="ds-rows"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def cell(head: str, said: str) -> str:
    return f'<td data-column="{escape(head)}">{said}</td>'


def folded(summary: str, inside: str) -> str:
    """A table behind a click."""
    return f'<details class="ds-table"><summary>{escape(summary)}</summary><div>{inside}</div></details>'
