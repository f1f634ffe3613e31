"""Rows of a run folder to the numbers that the live views draw: pure functions, nothing else.

Knows the columns of prompts.jsonl and paths.jsonl; of other rows only the column that is drawn. Knows no widget, no
colour, no file and no visitor.
"""

from collections.abc import Sequence

MOST_POINTS = 2000  # more than a wide screen has pixels; a longer history is thinned when it is first shown
MOST_SNAPSHOTS = 60
MOST_PROMPTS = 48


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


def paths(rows: Sequence[dict], most: int = MOST_SNAPSHOTS) -> list[dict]:
    """Rows of paths.jsonl for the map, evenly chosen. The expert's way is the same in all: only the first says it."""
    return [
        {
            "step": row["step"],
            "student": _short_points(row["student"]),
            "layers": [{name: short(value) for name, value in layer.items()} for layer in row["layers"]],
        }
        | ({} if number else {"expert": _short_points(row["expert"])})
        for number, row in enumerate(_evenly(rows, most))
    ]


def _short_points(points: Sequence[Sequence[float | None]]) -> list[list[float | None]]:
    return [[short(value) for value in point] for point in points]


def _evenly(rows: Sequence[dict], most: int) -> list[dict]:
    """At most `most` rows, the first and the last among them."""
    rows = list(rows)
    if len(rows) > most > 1:
        rows = [rows[round(i * (len(rows) - 1) / (most - 1))] for i in range(most)]
    return rows


def snapshots(rows: Sequence[dict], most: int = MOST_SNAPSHOTS) -> list[dict]:
    """Snapshots for the prompt wall, evenly chosen with the first and the last, each no larger than the wall."""
    return [
        {
            "step": row["step"],
            "total": len(row["prompts"]),
            "prompts": [{**p, "changed": short(p["changed"])} for p in row["prompts"][:MOST_PROMPTS]],
        }
        | ({"round": row["round"]} if "round" in row else {})  # of a search, behind the last update
        for row in _evenly(rows, most)
    ]
