"""Rows of a run folder made few and short enough to draw: pure functions, nothing else.

Knows of a row only the column that is drawn. Knows no widget, no colour, no file, no visitor and no study.
"""

from collections.abc import Sequence

MOST_POINTS = 2000  # more than a wide screen has pixels; a longer history is thinned when it is first shown


def short(value: float | int | None, digits: int = 4) -> float | int | None:
    """Four digits are more than a pixel shows, and short enough for a tick."""
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def thin(rows: Sequence[dict], most: int = MOST_POINTS, column: str = "loss") -> list[dict]:
    """At most `most` rows that look the same drawn: of every stretch the lowest and the highest `column` stay."""
    rows = list(rows)
    if len(rows) <= most:
        return rows

    def height(row: dict) -> float:
        value = row.get(column)
        return value if isinstance(value, (int, float)) else 0.0

    stretches = most // 2
    kept = []
    for number in range(stretches):
        stretch = rows[number * len(rows) // stretches : (number + 1) * len(rows) // stretches]
        pair = {id(row): row for row in (min(stretch, key=height), max(stretch, key=height))}
        kept += sorted(pair.values(), key=stretch.index)
    kept[-1] = rows[-1]  # the latest value is the one people read
    return kept


def evenly(rows: Sequence[dict], most: int) -> list[dict]:
    """At most `most` rows, the first and the last among them."""
    rows = list(rows)
    if len(rows) > most > 1:
        rows = [rows[round(i * (len(rows) - 1) / (most - 1))] for i in range(most)]
    return rows
