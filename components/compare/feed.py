"""What is new in the runs that lie side by side: one message for the curves and one for the prompts, never twice a row.

Keeps no state of its own: `seen` goes out to the page's session and comes back. The rows come by run/feed.py, one
cursor a run. Knows run folders; no widget.
"""

import secrets
from collections.abc import Sequence
from itertools import accumulate

from backend.runs.folder import RunDir
from components.panels.thinning import short, thin
from components.run import feed
from components.run.feed import Read
from components.studies.text_distillation.feed import WALL

MOST_POINTS = 1000  # of each run: four of them are drawn at once
DRAWN = ("chart", "wall")
COLUMNS = {"step": "step", "loss": "matching_loss", "regulariser": "regulariser", "cosine": "cosine"}


def first_look() -> dict:
    """The memory of a page that has seen no run."""
    return {"runs": {}, **dict.fromkeys(DRAWN)}


def look(chosen: Sequence[dict], runs: dict[str, RunDir], seen: dict) -> tuple[dict, dict, set[str]]:
    """`(messages, seen, scored)`: for each part a message or None, and the keys of runs whose results are new.

    `chosen` is what every message says of all runs, in the order shown (`run`, `name`, `slot`); `runs` are the folders
    behind the keys. A run that was chosen before goes on where it was; one that is not chosen any more is forgotten,
    here and in the browser. Each message names the one it follows (`after`): who missed that one asks for a whole one.
    Raises FileNotFoundError for a run that is no longer there.
    """
    news, cursors = {}, {}
    for key, run in runs.items():
        news[key], cursors[key] = feed.look(run, seen["runs"].get(key) or feed.first_look(key), READS)
    another = list(cursors) != list(seen["runs"])
    after = {**seen, "runs": cursors}
    messages = dict.fromkeys(DRAWN)
    for part in DRAWN:
        found = [each[part] for each in news.values() if each[part]]
        if found or another or seen[part] is None:
            after[part] = secrets.token_hex(6)
            follows = {"id": after[part], "after": seen[part], "whole": seen[part] is None}
            messages[part] = {**follows, "chosen": list(chosen), "news": found}
    return messages, after, {key for key, each in news.items() if each["results"] is not None}


def curve_news(run: RunDir, rows: dict[str, list[dict]], fresh: bool) -> dict:
    """The `distil` rows as columns. `elapsed` counts seconds from the first of these rows on; None without a clock."""
    found = [row for row in rows["metrics"] if row.get("stage") == "distil"]
    clocks = [row.get("seconds") for row in found]
    if all(isinstance(seconds, (int, float)) for seconds in clocks):
        found = [row | {"elapsed": round(e, 2)} for row, e in zip(found, accumulate(clocks), strict=True)]
    found = thin(found, MOST_POINTS, COLUMNS["loss"]) if fresh else found
    elapsed = [row["elapsed"] for row in found] if all("elapsed" in row for row in found) else None
    columns = {name: [short(row.get(source)) for row in found] for name, source in COLUMNS.items()}
    return {"points": {**columns, "elapsed": elapsed}}


READS = (Read("chart", ("metrics",), curve_news), WALL)
