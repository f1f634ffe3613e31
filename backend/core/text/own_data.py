"""A user's own data as a task's splits: one file that is parted here, or a folder with a file for each split.

Parting is by the text of the questions alone, so the same file is parted alike everywhere, whatever its order, and
copies of a question are never in two splits. Knows files and own tasks; not what a model reads.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, groupby
from pathlib import Path

from backend.core.text.reading import Reading, read_file
from backend.core.text.table_formats import READERS
from backend.core.text.tasks import Question, TaskSpec
from backend.errors import UserError

LEAST = 12  # questions of a file that is parted
HELD_OUT = 5  # one of so many for validation, and one for the test
MOST_HELD_OUT = 500  # in each of the two: more cost time and tell little


def own_questions(spec: TaskSpec, source: str, split: str, answers_from: int | None = None) -> list[Question]:
    """The questions of one split. Raises UserError where the source is no such data, or is of another task.

    `answers_from`: where numbers among the answers begin, 0 or 1; None where the data tells.
    """
    path = Path(source).expanduser()
    if not source:
        found = f"The task {spec.name} has no data of its own."
        raise UserError(found, "a file or folder of yours", "Name it, or choose another task.", kind="data")
    if not path.is_dir():
        return list(parted(_read(spec, path, answers_from))[split])
    files = {name: _file_of(path, name) for name in ("train", "validation", "test")}
    if files["train"] is None:
        names = ", ".join(f"train{ending}" for ending in READERS)
        found = f"{path.name} has no training file."
        raise UserError(found, f"one of {names}", "Name the file itself, or rename it.", kind="data")
    missing = tuple(name for name in ("validation", "test") if files[name] is None)
    if files[split] is not None and (split != "train" or not missing):
        return list(_read(spec, files[split], answers_from))
    return list(parted(_read(spec, files["train"], answers_from), ("train", *missing))[split])


def described_data(spec: TaskSpec, source: str, answers_from: int | None = None) -> dict:
    """What was understood of the data, as plain values: `file`, `layout`, `columns`, `unused`, `warnings`, and how many
    questions each split has. Of a folder, of its training file."""
    path = Path(source).expanduser()
    reading = _understood(spec, _file_of(path, "train") if path.is_dir() else path, answers_from)
    told = {"file": path.name, "layout": reading.layout, "columns": reading.columns, "unused": list(reading.unused)}
    splits = {split: len(own_questions(spec, source, split, answers_from)) for split in ("train", "validation", "test")}
    return told | {"warnings": list(reading.warnings), "splits": splits}


def parted(
    questions: Sequence[Question], wanted: Sequence[str] = ("train", "validation", "test")
) -> dict[str, list[Question]]:
    """The questions of each wanted split, in their old order. Those with the same text stay together.

    A fifth of all texts is held out for the test and a fifth for validation, of each at most 500; the rest is for
    training. Raises UserError for fewer than 12 different texts.
    """
    by_text = sorted(range(len(questions)), key=lambda i: (_lot(questions[i].question), i))
    groups = [list(same) for _, same in groupby(by_text, key=lambda i: questions[i].question)]
    if len(groups) < LEAST:
        found = f"There are {len(groups)} different questions."
        raise UserError(found, f"at least {LEAST}, so that some can be held out", "Give more rows.", kind="data")
    held = min(MOST_HELD_OUT, max(2, len(groups) // HELD_OUT))
    chosen, begin = {}, 0
    for split in ("test", "validation"):
        if split in wanted:
            chosen[split] = groups[begin : begin + held]
            begin += held
    chosen["train"] = groups[begin:]
    return {split: [questions[i] for i in sorted(chain.from_iterable(chosen[split]))] for split in wanted}


def _lot(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _file_of(folder: Path, split: str) -> Path | None:
    return next((file for ending in READERS if (file := folder / f"{split}{ending}").is_file()), None)


def _read(spec: TaskSpec, path: Path, answers_from: int | None) -> tuple[Question, ...]:
    return tuple(_understood(spec, path, answers_from).questions)


def _understood(spec: TaskSpec, path: Path, answers_from: int | None) -> Reading:
    """A file of this task, read once while it does not change. UserError for a file of another one."""
    try:
        facts = path.stat()
    except OSError:
        facts = None
    reading = _reading(path, answers_from, *((facts.st_mtime_ns, facts.st_size) if facts else (0, 0)))
    if reading.task != spec.name and {reading.task, spec.name} != {"own_options", "own_letters"}:
        found = f"{path.name} was read as {reading.layout}, which is not for the task {spec.name}."
        raise UserError(found, f"the task {reading.task}", f"Set task to {reading.task}.", kind="data")
    return reading


@lru_cache(maxsize=4)
def _reading(path: Path, answers_from: int | None, changed_ns: int, size: int) -> Reading:
    return read_file(path, answers_from)
