"""What a run warns of itself, as markup: what was found, what was expected, what to do. Everything is escaped.

Knows no run and no study.
"""

from collections.abc import Callable
from html import escape


def notices(warnings: object, named: Callable[[object], str] = str) -> str:
    """The `warnings` of a summary.json, as a list; `named` calls things in a sentence as people call them."""
    shown = [notice(part, named) for part in warnings if isinstance(part, dict)] if isinstance(warnings, list) else []
    return f'<ul class="ds-notices">{"".join(shown)}</ul>' if shown else ""


def notice(part: dict, named: Callable[[object], str]) -> str:
    kind = str(part.get("kind", "note"))
    return (
        f'<li class="ds-notice" data-kind="{escape(kind)}"><svg viewBox="0 0 24 24" width="20" height="20" '
        'aria-hidden="true"><path d="M12 3 22 20H2Z" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linejoin="round"/><path d="M12 10v5M12 17.4v.2" stroke="currentColor" stroke-width="2.2" '
        f'stroke-linecap="round"/></svg><div><b>{escape(named(part.get("found", "")))}</b>'
        f"<p>Expected {escape(str(part.get('expected', '')))}. {escape(str(part.get('next_step', '')))}</p></div></li>"
    )
