"""What is new in a run since a page last looked: the rows after its cursors, and whether it must draw afresh.

Keeps no state of a visitor's: `seen` goes out to the page's session and comes back. What was made of a recorded run is
kept for the next visitor. Knows the run folder; no study and no widget.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.runs.folder import RunDir

RESULTS = "results"
MOST_KEPT = 4  # of each page; a message takes up to 0.5 MB


@dataclass(frozen=True)
class Read:
    """A part of the page and the files of rows that it is made of.

    `content(run, rows, fresh)` makes its message: `rows` maps each file's name to the rows after the last look, all of
    them where the part is drawn afresh.
    """

    part: str
    files: tuple[str, ...]
    content: Callable[[RunDir, dict[str, list[dict]], bool], dict]


@dataclass(frozen=True)
class Made:
    """What is new in a run: each part's content, all rows of results, and the cursors behind them; None: nothing."""

    parts: dict[str, dict | None]
    results: list[dict] | None
    cursors: dict[str, int]


class Kept:
    """What was made of whole runs that nobody computes any more, the latest few: to read and thin the rows of one takes
    0.1 to 0.2 s of a processor, at every visit. Whoever is given it must not change it."""

    def __init__(self):
        self._found: dict[object, tuple[object, Made]] = {}

    def of(self, run: RunDir, make: Callable[[], Made]) -> Made:
        """`make()`, or what it made while the run's files were the same."""
        stamp = files_of(run)
        before, made = self._found.pop(run.path, (None, None))
        if before != stamp:
            made = make()
        self._found[run.path] = stamp, made
        for oldest in list(self._found)[:-MOST_KEPT]:
            self._found.pop(oldest, None)
        return made


def files_of(run: RunDir) -> frozenset[tuple[str, int, int]]:
    """Name, size and time of change of all that lies in a run's folder."""
    with os.scandir(run.path) as found:
        return frozenset((one.name, (facts := one.stat()).st_size, facts.st_mtime_ns) for one in found)


def first_look(key: str) -> dict:
    """The memory of a page that has not seen anything of the run `key`."""
    return {"key": key, "worker": None, "cursors": None, "sent": {}, "status": ""}


def remembered(seen: object) -> bool:
    """Whether this is what `first_look` or `look` gave out; a page may send anything."""
    return isinstance(seen, dict) and first_look("").keys() <= seen.keys() and isinstance(seen["sent"], dict)


def look(run: RunDir, seen: dict, reads: Sequence[Read], kept: Kept | None = None) -> tuple[dict, dict]:
    """`(news, seen)`. News holds a message for each part and all rows of `results`, each None when nothing changed.

    A new worker may have cut files back on resume, so its first rows come as a whole redraw. Messages are numbered: a
    widget that finds a gap asks for a whole redraw. `kept`: for a run that nobody computes any more.
    """
    worker = run.status().get("worker")
    fresh = seen["cursors"] is None or seen["worker"] != worker
    if fresh and kept is not None:
        made = kept.of(run, lambda: whole(run, reads))
    else:
        made = whole(run, reads) if fresh else since(run, reads, seen["cursors"])
    sent, news = dict(seen["sent"]), {RESULTS: made.results}
    for part, content in made.parts.items():
        news[part] = None
        if content is not None:
            sent[part] = sent.get(part, 0) + 1
            news[part] = {"run": seen["key"], "fresh": fresh, "number": sent[part]} | content
    return news, {**seen, "worker": worker, "cursors": made.cursors, "sent": sent}


def whole(run: RunDir, reads: Sequence[Read]) -> Made:
    """All that there is."""
    rows, cursors = rows_after(run, reads, {})
    parts = {read.part: read.content(run, {name: rows[name] for name in read.files}, True) for read in reads}
    return Made(parts, rows[RESULTS], cursors)


def since(run: RunDir, reads: Sequence[Read], before: dict[str, int]) -> Made:
    """What came after the cursors `before`."""
    rows, cursors = rows_after(run, reads, before)
    parts = dict.fromkeys(read.part for read in reads)
    for read in reads:
        if any(rows[name] for name in read.files):
            parts[read.part] = read.content(run, {name: rows[name] for name in read.files}, False)
    if not rows[RESULTS]:
        return Made(parts, None, cursors)
    # with a cursor at 0 all of them have just been read
    return Made(parts, run.rows(RESULTS) if before.get(RESULTS) else rows[RESULTS], cursors)


def rows_after(
    run: RunDir, reads: Sequence[Read], before: dict[str, int]
) -> tuple[dict[str, list[dict]], dict[str, int]]:
    """New rows and the next cursor of every file that is read, and of results."""
    files = dict.fromkeys([*(name for read in reads for name in read.files), RESULTS])
    found = {name: rows_since(run, name, before.get(name, 0)) for name in files}
    return {name: rows for name, (rows, _) in found.items()}, {name: cursor for name, (_, cursor) in found.items()}


def rows_since(run: RunDir, name: str, cursor: int) -> tuple[list[dict], int]:
    """Rows after byte `cursor` and the next cursor; one that a resume left in the middle of a line starts over."""
    try:
        return run.rows_since(name, cursor)
    except ValueError:
        return run.rows_since(name, 0)
