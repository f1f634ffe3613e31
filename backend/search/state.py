"""A search with its log and its place in it: stopped or killed after any round, it goes on to the same end.

Knows the run folder; the search itself is in search.py, and a study's config says what it is asked for.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from backend.core.models.readers import Reader
from backend.core.text.lengths import length_class
from backend.core.text.prompts import Example
from backend.core.text.tasks import Question, TaskSpec
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.search.moves import Draft, Material
from backend.search.search import Found, Search

STATE = "search.json"
VERSION = 5  # raise when the search goes another way by the same settings: what was begun before begins anew


@dataclass(frozen=True)
class Searched:
    """What a search came to: the best validated texts, the students it trained, the step size of each reader."""

    best: tuple[Draft, ...]
    trainings: int
    lrs: tuple[float, ...]


def search_through(
    run: RunDir,
    start: Sequence[Draft],
    step_sizes: Callable[[], Sequence[float]],
    make: Callable[[tuple[float, ...]], Search],
    say: Callable[[Found], None],
) -> Searched:
    """Search to the end, or on from where this run's search was left.

    `step_sizes` chooses one for each reader and is asked once in a search's life; `make` builds the search with them.
    `say` hears every round and may raise Stopped: the round is saved by then.
    """
    file = run.artifacts / STATE
    saved = _saved(file) or {"version": VERSION, "lrs": list(step_sizes())}
    after, trainings = found_of(saved["found"]) if "found" in saved else None, saved.get("trainings", 0)
    reached = after.round if after else -1
    run.keep_rows("metrics", lambda row: row["stage"] != "search" or row["round"] <= reached)
    for found in make(tuple(saved["lrs"])).run(start, after):
        trainings += found.row["trainings"]
        run.append("metrics", {"stage": "search", **found.row})
        saved |= {"found": asdict(found), "trainings": trainings}
        write_atomically(file, json.dumps(saved, ensure_ascii=False))
        after = found
        say(found)
    return Searched(after.best, trainings, tuple(saved["lrs"]))


def searched(file: Path) -> Searched | None:
    """What a saved search has come to by now; None where there is none."""
    saved = _saved(file)
    return saved and Searched(found_of(saved["found"]).best, saved["trainings"], tuple(saved["lrs"]))


def last_round(file: Path) -> Found | None:
    """The last round of a saved search, None where none is over."""
    saved = _saved(file)
    return found_of(saved["found"]) if saved and "found" in saved else None


def reached(file: Path) -> int:
    """The number of a saved search's last round, -1 where none is over."""
    last = last_round(file)
    return last.round if last else -1


def _saved(file: Path) -> dict | None:
    """A search of this version as it was saved; None where there is none."""
    saved = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return saved if saved.get("version") == VERSION else None


def found_of(saved: dict) -> Found:
    """A round as it was saved; `kept` is lacking in those from before there were restarts."""
    texts = {name: drafts_of(saved[name]) for name in ("drafts", "best")}
    return Found(**saved | texts | {"kept": tuple(drafts_of(one) for one in saved.get("kept", ()))})


def drafts_of(saved: list[dict]) -> tuple[Draft, ...]:
    return tuple(Draft(**one) for one in saved)


def material_of(questions: Sequence[Question], examples: Sequence[Example], own: Reader, spec: TaskSpec) -> Material:
    """All real questions as what moves draw from; answers are counted in the own reader's tokens."""
    pairs = zip(questions, examples, strict=True)
    drafts = [Draft(question.question, example.answer, question.id) for question, example in pairs]
    return Material.of(drafts, [length_class(len(example.answer), spec.free) for example in own.train.examples])
