"""Any number of students against one, as a table: what each answers more or less, and where they disagree.

The statistics are core/scoring/compare.py's. Everything from files is escaped. Knows no run and no study.
"""

from collections.abc import Sequence
from html import escape

from backend.core.scoring.compare import Paired, disagreement
from components.frame.words import change, is_better, two
from components.panels import saving, tables

Name = tuple[str, str]  # what a student learned from, and its model
HEADS = ("Student", "Right", "Difference", "95 %", "Only this one", "Only the reference", "Disagree")
HOW = "The intervals are simultaneous at 95 %, so they are wider than that of a single pair."


def against_markup(reference: Name, found: Sequence[tuple[Name, Paired]]) -> str:
    """`found`: names and comparisons with the reference, in the order of the table; empty for fewer than two."""
    if len(found) < 2:
        return ""
    reach = max(0.05, *(abs(bound) for _, result in found for bound in (result.low, result.high))) * 1.05
    rows = [row(name, result, reach) for name, result in found]
    return (
        f'<section class="ds-against" data-rows="{len(rows)}" {numbers(reference, found)}>{saving.MENU}'
        f"<h3>All compared with {said(reference)}</h3>"
        f'<p class="ds-quiet">Sorted by the number of disagreements with it over the {found[0][1].n:,} questions. {HOW}'
        f'</p><div class="ds-table"><div>{tables.table(HEADS, rows)}</div></div></section>'
    )


def said(name: Name) -> str:
    """What a student learned from, and its model, which nobody translates."""
    return f'{escape(name[0])} <small translate="no">{escape(name[1])}</small>'


def row(name: Name, result: Paired, reach: float) -> tuple[str, ...]:
    """One student. A dot with its whisker stands in the cell of the difference."""

    towards = 1 if is_better(1.0, result.metric) else -1

    def place(value: float) -> str:
        return f"{50 + 50 * towards * value / reach:.1f}%"

    low, high = sorted((result.low, result.high), key=lambda value: towards * value)
    dot = (
        f'<span class="ds-difference" data-noise="{str(result.inside_noise).lower()}" aria-hidden="true"><u></u>'
        f'<s style="left:{place(low)};right:calc(100% - {place(high)})"></s>'
        f'<i style="left:{place(result.difference)}"></i></span>'
    )
    bounds = f"{change(result.low, result.metric)} to {change(result.high, result.metric)}"
    moved = change(result.difference, result.metric)
    flips = (len(result.gained), len(result.lost), disagreement(result))
    return (said(name), two(result.mean_a), f"{dot}{moved}", bounds, *(f"{n:,}" for n in flips))


def numbers(reference: Name, found: Sequence[tuple[Name, Paired]]) -> str:
    """Every comparison, for whoever saves or copies the table."""
    heads = ("student", "reference", "right", "reference right", "difference", "95 % from", "95 % to")
    rows = (
        (
            ", ".join(name),
            ", ".join(reference),
            r.mean_a,
            r.mean_b,
            r.difference,
            r.low,
            r.high,
            len(r.gained),
            len(r.lost),
            r.n,
        )
        for name, r in found
    )
    return saving.saves("against", (*heads, "only it", "only the reference", "questions"), rows)
