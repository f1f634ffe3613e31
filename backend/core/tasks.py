"""Tasks: the table of benchmarks, what one question is, and how a row of data becomes one.

Knows the columns of the two layouts ("arc" as allenai/ai2_arc, "mmlu" as cais/mmlu) and every way a row can be wrong.
Does not know where rows come from (text_data.py), nor tokens and models.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.core.errors import UserError
from backend.core.prompts import (
    LETTERS,
    Example,
    few_shot_prompt,
    letters_prompt,
    question_prompt,
    subject_description,
)

LAYOUTS = ("arc", "mmlu")


@dataclass(frozen=True)
class Question:
    """A question with its options; `answer` is the index of the right one."""

    id: str
    question: str
    options: tuple[str, ...]
    answer: int
    subject: str | None = None


@dataclass(frozen=True)
class TaskSpec:
    """A benchmark. `bundled` is a folder under assets/, `hub_path` a data set on the hub; at least one is given."""

    name: str
    layout: str
    hub_path: str | None = None
    hub_config: str | None = None
    bundled: str | None = None
    splits: tuple[str, ...] = ("train", "validation", "test")
    shots: int = 0
    metric: str = "acc"


TASKS: dict[str, TaskSpec] = {
    "pocket_science": TaskSpec("pocket_science", "arc", bundled="pocket_science"),
    "pocket_mmlu": TaskSpec("pocket_mmlu", "mmlu", bundled="pocket_mmlu", splits=("dev", "test"), shots=5),
    "arc_easy": TaskSpec("arc_easy", "arc", hub_path="allenai/ai2_arc", hub_config="ARC-Easy"),
    # cais/mmlu has a file called auxiliary_train, but it holds other data sets: it is not MMLU, so it is not a split.
    "mmlu": TaskSpec(
        "mmlu", "mmlu", hub_path="cais/mmlu", hub_config="all", splits=("dev", "validation", "test"), shots=5
    ),
}


def find_task(name: str) -> TaskSpec:
    if name in TASKS:
        return TASKS[name]
    known = ", ".join(TASKS)
    raise UserError(f"There is no task called {name!r}.", f"one of {known}", "Choose a task from that list.")


def to_example(question: Question, spec: TaskSpec, shots: Sequence[Question] = ()) -> Example:
    """What a model reads and should answer. arc: the text of the option; mmlu: its letter, under the solved `shots`."""
    if spec.layout == "arc":
        return Example(question_prompt(question.question), question.options[question.answer])
    solved = [_lettered(shot) for shot in shots]
    asked = _lettered(question)
    description = subject_description(question.subject or "general knowledge")
    return Example(few_shot_prompt(description, solved, asked.prompt), asked.answer)


def continuations(question: Question, spec: TaskSpec) -> tuple[str, ...]:
    """What the model may answer, one text for each option."""
    return question.options if spec.layout == "arc" else tuple(LETTERS[: len(question.options)])


def _lettered(question: Question) -> Example:
    return Example(letters_prompt(question.question, question.options), LETTERS[question.answer])


@dataclass(frozen=True)
class Place:
    """Where a row stands, for messages: the file and the row number, from 1."""

    file: str
    row: int

    def error(self, column: str, found: str, expected: str) -> UserError:
        where = f"{self.file}, row {self.row}, column `{column}`: {found}."
        return UserError(where, expected, "Correct this row or remove it.")


def read_row(row: object, layout: str, place: Place) -> Question:
    """One decoded row as a Question, or UserError naming file, row and column."""
    if not isinstance(row, dict):
        raise place.error("(the whole row)", f"{_kind(row)}", "an object with named columns")
    return _read_arc(row, place) if layout == "arc" else _read_mmlu(row, place)


def _read_arc(row: dict, place: Place) -> Question:
    choices = _column(row, "choices", place)
    if not isinstance(choices, dict):
        raise place.error("choices", _kind(choices), "an object with the lists `text` and `label`")
    options = _texts(choices, "text", "choices.text", place)
    labels = _texts(choices, "label", "choices.label", place)
    if len(labels) != len(options):
        found = f"{len(labels)} labels for {len(options)} texts"
        raise place.error("choices.label", found, "one label for each text")
    if len(set(labels)) != len(labels):
        raise place.error("choices.label", f"the same label twice in {list(labels)}", "different labels")
    key = _text(row, "answerKey", "answerKey", place)
    if key not in labels:
        raise place.error("answerKey", f"unknown answer key {key[:40]!r}", f"one of {', '.join(labels)}")
    return Question(
        _text(row, "id", "id", place), _text(row, "question", "question", place), options, labels.index(key)
    )


def _read_mmlu(row: dict, place: Place) -> Question:
    question, subject = _text(row, "question", "question", place), _text(row, "subject", "subject", place)
    options = _texts(row, "choices", "choices", place)
    answer = _column(row, "answer", place)
    if type(answer) is not int:
        raise place.error("answer", _kind(answer), "a whole number, 0 for the first option")
    if not 0 <= answer < len(options):
        raise place.error("answer", f"unknown answer {str(answer)[:40]}", f"a number from 0 to {len(options) - 1}")
    name = _text(row, "id", "id", place) if "id" in row else f"{subject}/{place.row}"
    return Question(name, question, options, answer, subject)


def _column(row: dict, column: str, place: Place, shown: str | None = None) -> object:
    if column not in row:
        present = ", ".join(f"`{str(name)[:40]}`" for name in list(row)[:8]) or "no columns"
        raise place.error(shown or column, f"the column is missing; the row has {present}", "this column in every row")
    return row[column]


def _text(row: dict, column: str, shown: str, place: Place) -> str:
    return _checked_text(_column(row, column, place, shown), shown, place)


def _texts(row: dict, column: str, shown: str, place: Place) -> tuple[str, ...]:
    values = _column(row, column, place, shown)
    if not isinstance(values, list):
        raise place.error(shown, _kind(values), "a list of texts")
    if not 2 <= len(values) <= len(LETTERS):
        raise place.error(shown, f"{len(values)} option{'s' * (len(values) != 1)}", f"2 to {len(LETTERS)} options")
    return tuple(_checked_text(value, f"{shown}[{i}]", place) for i, value in enumerate(values))


def _checked_text(value: object, shown: str, place: Place) -> str:
    if not isinstance(value, str):
        raise place.error(shown, _kind(value), "a text")
    if not value.strip():
        raise place.error(shown, "an empty text", "a text with at least one letter")
    if any("\ud800" <= letter <= "\udfff" for letter in value):  # half a character: no tokenizer can encode it
        raise place.error(shown, "half of a Unicode surrogate pair", "a text of whole characters")
    return value


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return f"{names.get(type(value), 'a number')} instead"
