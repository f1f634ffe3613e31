"""What is new in a run since a page last looked: the rows after its cursors, and whether it must draw afresh.

Keeps no state of its own: `seen` goes out to the page's session and comes back. Knows the run folder; no study and no
widget.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.runs.folder import RunDir

RESULTS = "results"


@dataclass(frozen=True)
class Read:
    """A part of the page and the files of rows that it is made of.

    `content(run, rows, fresh)` makes its message: `rows` maps each file's name to the rows after the last look, all of
    them where the part is drawn afresh.
    """

    part: str
    files: tuple[str, ...]
    content: Callable[[RunDir, dict[str, list[dict]], bool], dict]


def first_look(key: str) -> dict:
    """The memory of a page that has not seen anything of the run `key`."""
    return {"key": key, "worker": None, "cursors": None, "sent": {}, "status": ""}


def remembered(seen: object) -> bool:
    """Whether this is what `first_look` or `look` gave out; a page may send anything."""
    return isinstance(seen, dict) and first_look("").keys() <= seen.keys() and isinstance(seen["sent"], dict)


def look(run: RunDir, seen: dict, reads: Sequence[Read]) -> tuple[dict, dict]:
    """`(news, seen)`. News holds a message for each part and all rows of `results`, each None when nothing changed.

    A new worker may have cut files back on resume, so its first rows come as a whole redraw. Messages are numbered: a
    widget that finds a gap asks for a whole redraw.
    """
    worker = run.status().get("worker")
    fresh = seen["cursors"] is None or seen["worker"] != worker
    files = dict.fromkeys([*(name for read in reads for name in read.files), RESULTS])
    before = {} if fresh else seen["cursors"]
    rows, cursors = {}, {}
    for name in files:
        rows[name], cursors[name] = rows_since(run, name, before.get(name, 0))
    sent, news = dict(seen["sent"]), {}
    for read in reads:
        news[read.part] = None
        if fresh or any(rows[name] for name in read.files):
            sent[read.part] = sent.get(read.part, 0) + 1
            about = {"run": seen["key"], "fresh": fresh, "number": sent[read.part]}
            news[read.part] = about | read.content(run, {name: rows[name] for name in read.files}, fresh)
    news[RESULTS] = None
    if fresh or rows[RESULTS]:  # with a cursor at 0 all of them have just been read
        news[RESULTS] = run.rows(RESULTS) if before.get(RESULTS) else rows[RESULTS]
    return news, {**seen, "worker": worker, "cursors": cursors, "sent": sent}


def rows_since(run: RunDir, name: str, cursor: int) -> tuple[list[dict], int]:
    """Rows after byte `cursor` and the next cursor; one that a resume left in the middle of a line starts over."""
    try:
        return run.rows_since(name, cursor)
    except ValueError:
        return run.rows_since(name, 0)
