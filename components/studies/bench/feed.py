"""What is new in a bench run since a page last looked, as the columns its chart draws.

Keeps no state of its own: `seen` goes out to the page's session and comes back. Knows the run folder; no widget.
"""

from collections.abc import Sequence

from backend.runs.folder import RunDir
from components.panels.thinning import MOST_POINTS, short, thin
from components.run.feed import rows_since
from components.studies.bench import words

FILES = ("metrics", "results")
COLUMNS = {
    "tune": ("line", "step", "loss"),
    "validate": ("line", "step", "acc", "n"),
    "score": ("who", "task", "done", "total", "acc", "low", "high"),
}


def first_look(key: str) -> dict:
    """The memory of a page that has not seen anything of the run `key`."""
    return {"key": key, "worker": None, "cursors": None, "chart": 0, "status": ""}


def look(run: RunDir, seen: dict) -> tuple[dict, dict]:
    """`(news, seen)`. News holds `chart` (None when nothing changed) and `results` (True when there are new rows).

    A new worker may have cut files back on resume, so its first rows come as a whole redraw. Messages to the chart are
    numbered: one that finds a gap asks for a whole redraw.
    """
    worker = run.status().get("worker")
    fresh = seen["cursors"] is None or seen["worker"] != worker
    cursors = dict.fromkeys(FILES, 0) if fresh else dict(seen["cursors"])
    rows = {}
    for name in FILES:
        rows[name], cursors[name] = rows_since(run, name, cursors[name])
    seen = {**seen, "worker": worker, "cursors": cursors}
    news = {"chart": None, "results": fresh or bool(rows["results"])}
    if fresh or rows["metrics"]:
        seen["chart"] += 1
        kind = words.KINDS.get(run.config()["config"]["data"], "none")
        numbered = {"run": seen["key"], "fresh": fresh, "number": seen["chart"], "kind": kind, "lr": chosen_lr(run)}
        news["chart"] = numbered | columns(thin_lines(rows["metrics"]) if fresh else rows["metrics"])
    return news, seen


def chosen_lr(run: RunDir) -> str | None:
    """The step size that won, as a line's name spells it: its run of the grid is the first student."""
    lr = run.summary().get("lr")
    return f"{lr:g}" if isinstance(lr, (int, float)) else None


def columns(rows: Sequence[dict]) -> dict[str, dict[str, list]]:
    """The rows of each stage as columns. A line's name says what it is: `grid 0.005 0` or `final 0.005 0`."""
    named = [{**row, "line": line_name(row)} for row in rows]
    return {
        stage: {key: [short(row.get(key)) for row in named if row.get("stage") == stage] for key in keys}
        for stage, keys in COLUMNS.items()
    }


def line_name(row: dict) -> str:
    return f"{row.get('phase', '')} {row.get('lr', 0):g} {row.get('seed', 0)}" if "lr" in row else ""


def thin_lines(rows: Sequence[dict], most: int = MOST_POINTS) -> list[dict]:
    """`thin` for each line by itself, so that no student crowds out another."""
    lines: dict[tuple, list[dict]] = {}
    for row in rows:
        lines.setdefault((row.get("stage"), line_name(row), row.get("who"), row.get("task")), []).append(row)
    return [row for line in lines.values() for row in thin(line, max(2, most // len(lines)))]
