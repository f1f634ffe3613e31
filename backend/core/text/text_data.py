"""Questions from files: bundled, the user's own, or the hub.

Knows folders and splits, no tokens and models; leaves formats to tables.py, the meaning of a row to reading.py.
A split that a local folder has no file for is never invented, with one exception: without validation.jsonl,
`validation` is the LAST 570 rows of train.jsonl (ARC-Easy's own size; a quarter of a smaller file) and `train` is the
rest. So train and validation never overlap.
"""

from collections import defaultdict
from pathlib import Path

from backend.core.text.hub import hub_rows
from backend.core.text.own_data import own_questions
from backend.core.text.reading import read_options
from backend.core.text.tables import read_table
from backend.core.text.tasks import OWN_TASKS, Question, TaskSpec, check_layout, find_task
from backend.errors import UserError

ASSETS = Path(__file__).parents[3] / "assets"
HELD_OUT_ROWS = 570


def load_questions(
    task: str, split: str, data_dir: str | None = None, limit: int | None = None, answers_from: int | None = None
) -> list[Question]:
    """The questions of one split. `data_dir` holds <task>/<split>.jsonl or <split>.jsonl; else bundled; else the hub.
    Of an own task it is the user's file or folder, and `answers_from` where its numbers begin (own_data.py).

    `limit` keeps the first rows; with subjects, the first rows of each in turn, so that no subject is left out first.
    """
    spec = find_task(task)
    if split not in spec.splits:
        known = ", ".join(spec.splits)
        raise UserError(f"{task} has no {split} split.", f"one of {known}", _split_advice(spec, split))
    if limit is not None and limit < 1:
        raise UserError(f"The limit is {limit}.", "a whole number from 1", "Leave the limit out to use every question.")
    own = spec.name in OWN_TASKS
    questions = own_questions(spec, data_dir or "", split, answers_from) if own else _of(spec, data_dir, split)
    return questions if limit is None else _first(questions, limit)


def load_split_with_heldout(task: str, data_dir: str | None = None) -> tuple[list[Question], list[Question]]:
    """Training and validation questions, without overlap: see the top of this file for how they are parted."""
    return load_questions(task, "train", data_dir), load_questions(task, "validation", data_dir)


def load_shots(task: str, data_dir: str | None = None) -> dict[str, list[Question]]:
    """The solved examples to show before a question, by subject: the first rows of the dev split. Empty for arc."""
    spec = find_task(task)
    shots: dict[str, list[Question]] = defaultdict(list)
    for question in load_questions(task, "dev", data_dir) if spec.shots else ():
        if len(shots[str(question.subject)]) < spec.shots:
            shots[str(question.subject)].append(question)
    return dict(shots)


def load_file(path: str | Path, layout: str) -> list[Question]:
    """Every question of one file of either layout, in any format of tables.py. UserError names the row and column."""
    check_layout(layout)
    return read_options(read_table(path).rows, layout)


def _of(spec: TaskSpec, data_dir: str | None, split: str) -> list[Question]:
    folder = folder_of(spec, data_dir)
    return _from_hub(spec, split) if folder is None else _from_folder(folder, spec, split)


def folder_of(spec: TaskSpec, data_dir: str | None) -> Path | None:
    """The folder with the task's files, or None where only the hub has them. Raises UserError where it is no folder of
    this task."""
    if not data_dir:
        return ASSETS / spec.bundled if spec.bundled else None
    given = Path(data_dir).expanduser()
    for folder in (given / spec.name, given):
        if folder.is_dir() and any((folder / f"{split}.jsonl").is_file() for split in spec.splits):
            return folder
    names = " or ".join(f"{split}.jsonl" for split in spec.splits)
    found = f"{data_dir} has no data for {spec.name}." if given.is_dir() else f"{data_dir} is not a folder."
    expected = f"a folder with {spec.name}/{spec.splits[0]}.jsonl or {names}"
    raise UserError(found, expected, "Check the data folder.", kind="data")


def _from_folder(folder: Path, spec: TaskSpec, split: str) -> list[Question]:
    file = folder / f"{split}.jsonl"
    if file.is_file():
        questions = load_file(file, spec.layout)
        parted = split == "train" and "validation" in spec.splits and not (folder / "validation.jsonl").is_file()
        return questions[: -_held_out(questions)] if parted else questions
    train = folder / "train.jsonl"
    if split == "validation" and train.is_file():
        questions = load_file(train, spec.layout)
        return questions[-_held_out(questions) :]
    found, expected = f"{folder.name} has no file {split}.jsonl.", f"{file.name} beside the other splits"
    raise UserError(found, expected, _split_advice(spec, split), kind="data")


def _held_out(questions: list[Question]) -> int:
    if len(questions) < 4:
        found = f"The training file has {len(questions)} questions and there is no validation file."
        raise UserError(found, "at least 4, so that some can be held out", "Add validation.jsonl, or more questions.")
    return HELD_OUT_ROWS if len(questions) >= 2 * HELD_OUT_ROWS else len(questions) // 4


def _split_advice(spec: TaskSpec, split: str) -> str:
    if spec.layout == "mmlu" and split == "train":
        return "MMLU has no training file: to learn from it, use one half of test and score on the other half."
    if spec.layout == "mmlu" and split == "dev":
        return "The dev file holds the solved examples that are shown first: add it."
    return "Choose a split that exists, or add the file."


def _from_hub(spec: TaskSpec, split: str) -> list[Question]:
    source = f"{spec.hub_path} ({spec.hub_config}) {split}"
    advice = f"Go online once, or give a data folder that holds {spec.name}/{split}.jsonl."
    return read_options(hub_rows(spec.hub_path, spec.hub_config, split, source, advice), spec.layout)


def _first(questions: list[Question], limit: int) -> list[Question]:
    """The first `limit`, dealt over the subjects in turn, in their old order."""
    rank, dealt = defaultdict(int), []
    for position, question in enumerate(questions):
        dealt.append((rank[question.subject], position))
        rank[question.subject] += 1
    if len(rank) == 1:
        return questions[:limit]
    return [questions[position] for position in sorted(position for _, position in sorted(dealt)[:limit])]
