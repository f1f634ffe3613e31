"""What the wall and the map are told of a run: snapshots of the prompts, and the student's way at each.

Knows the columns of prompts.jsonl, paths.jsonl and distilled.jsonl; no widget and no visitor.
"""

from backend.runs.folder import RunDir
from backend.runs.lineage import snapshot_steps
from components.run.feed import Read
from components.studies.text_distillation.snapshots import MOST_PROMPTS, paths, snapshots


def wall_news(run: RunDir, rows: dict[str, list[dict]], fresh: bool) -> dict:
    """The snapshots, from which updates the run may be branched, and the texts that were scored in the end."""
    found = rows["prompts"]
    told = snapshots(found) if fresh else snapshots(found, len(found))
    return {"snapshots": told, "branches": snapshot_steps(run), "finished": finished(rows["distilled"])}


def finished(rows: list[dict]) -> list[dict]:
    """The texts that were scored in the end, slot by slot; `reverted` to the real question or not."""
    told = [row.get("provenance") or {} for row in rows[:MOST_PROMPTS]]
    return [{"text": one["text"], "reverted": one.get("reverted") is True} for one in told if "text" in one]


def path_news(run: RunDir, rows: dict[str, list[dict]], fresh: bool) -> dict:
    """The student's path and the expert's at each snapshot."""
    found = rows["paths"]
    return {"paths": paths(found) if fresh else paths(found, len(found))}


WALL = Read("wall", ("prompts", "distilled"), wall_news)
PATH = Read("path", ("paths",), path_news)
