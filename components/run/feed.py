"""What is new in a run since a page last looked: the rows after its cursors, and whether it must draw afresh.

Keeps no state of its own: `seen` goes out to the page's session and comes back. Knows the run folder; no widget.
"""

from backend.runs.folder import RunDir
from backend.runs.lineage import snapshot_steps
from components.panels.thinning import MOST_PROMPTS, expert_columns, matching_columns, paths, snapshots, thin_stages


def first_look(key: str) -> dict:
    """The memory of a page that has not seen anything of the run `key`."""
    return {"key": key, "worker": None, "cursors": None, "chart": 0, "wall": 0, "path": 0, "status": ""}


def look(run: RunDir, seen: dict, parts: tuple | None = None) -> tuple[dict, dict]:
    """`(news, seen)`. News holds `chart`, `wall`, `path` and `results`, each None when nothing changed.

    `parts`, of another page, are like `PARTS` and take their place.

    A new worker may have cut files back on resume, so its first rows come as a whole redraw. Messages to chart and wall
    are numbered: one that finds a gap asks for a whole redraw.
    """
    worker = run.status().get("pid_started")
    fresh = seen["cursors"] is None or seen["worker"] != worker
    parts = PARTS if parts is None else parts
    files = [*(name for _, name, _ in parts), "distilled", "results"]
    cursors = dict.fromkeys(files, 0) if fresh else dict(seen["cursors"])
    rows = {}
    for name in files:
        rows[name], cursors[name] = rows_since(run, name, cursors[name])
    seen = {**seen, "worker": worker, "cursors": cursors}
    news = dict.fromkeys(part for part, _, _ in parts)
    news["results"] = run.rows("results") if fresh or rows["results"] else None
    for part, name, content in parts:
        if fresh or rows[name] or (part == "wall" and rows["distilled"]):
            seen[part] += 1
            news[part] = {"run": seen["key"], "fresh": fresh, "number": seen[part], **content(rows[name], fresh)}
    if news["wall"]:
        news["wall"] |= {"branches": snapshot_steps(run), "finished": finished(rows["distilled"])}
    return news, seen


def finished(rows: list[dict]) -> list[dict]:
    """The texts that were scored in the end, slot by slot; `reverted` to the real question or not."""
    told = [row.get("provenance") or {} for row in rows[:MOST_PROMPTS]]
    return [{"text": one["text"], "reverted": one.get("reverted") is True} for one in told if "text" in one]


def path_news(rows: list[dict], fresh: bool) -> dict:
    return {"paths": paths(rows) if fresh else paths(rows, len(rows))}


def rows_since(run: RunDir, name: str, cursor: int) -> tuple[list[dict], int]:
    """The same as RunDir.rows_since; a cursor that a resume left in the middle of a line starts over."""
    try:
        return run.rows_since(name, cursor)
    except ValueError:
        return run.rows_since(name, 0)


def chart_news(rows: list[dict], fresh: bool) -> dict:
    rows = thin_stages(rows) if fresh else rows
    return {"matching": matching_columns(rows), "experts": expert_columns(rows)}


def wall_news(rows: list[dict], fresh: bool) -> dict:
    return {"snapshots": snapshots(rows) if fresh else snapshots(rows, len(rows))}


PARTS = (("chart", "metrics", chart_news), ("wall", "prompts", wall_news), ("path", "paths", path_news))
