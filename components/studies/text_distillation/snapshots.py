"""Rows of prompts.jsonl and paths.jsonl made few and short enough for the wall and the map of paths.

Knows the columns of these two files; no widget, no colour, no file and no visitor.
"""

from collections.abc import Sequence

from components.panels.thinning import evenly, short

MOST_SNAPSHOTS = 60
MOST_PROMPTS = 48


def paths(rows: Sequence[dict], most: int = MOST_SNAPSHOTS) -> list[dict]:
    """Rows of paths.jsonl for the map, evenly chosen. The expert's way is the same in all: only the first says it."""
    return [
        {
            "step": row["step"],
            "student": _short_points(row["student"]),
            "layers": [{name: short(value) for name, value in layer.items()} for layer in row["layers"]],
        }
        | ({} if number else {"expert": _short_points(row["expert"])})
        for number, row in enumerate(evenly(rows, most))
    ]


def _short_points(points: Sequence[Sequence[float | None]]) -> list[list[float | None]]:
    return [[short(value) for value in point] for point in points]


def snapshots(rows: Sequence[dict], most: int = MOST_SNAPSHOTS) -> list[dict]:
    """Snapshots for the prompt wall, evenly chosen with the first and the last, each no larger than the wall."""
    return [
        {
            "step": row["step"],
            "total": len(row["prompts"]),
            "prompts": [{**p, "changed": short(p["changed"])} for p in row["prompts"][:MOST_PROMPTS]],
        }
        | ({"round": row["round"]} if "round" in row else {})  # of a search, behind the last update
        for row in evenly(rows, most)
    ]
