"""Uploaded files: questions to score, examples to learn, and a description of what was understood, all by one reader.

Everything here is a pure function of one file: an upload that fails has changed nothing. Does not know formats
(table_formats.py), columns (layouts/) nor how rows are read (reading.py).
"""

from pathlib import Path

from backend.core.text.places import LIMITS
from backend.core.text.prompts import Example
from backend.core.text.reading import OPTION_LAYOUTS, Reading, read_file
from backend.core.text.table_formats import READERS
from backend.core.text.tasks import Question, continuations, find_task, to_example
from backend.errors import UserError

SHOWN_EXAMPLES = 3
SHOWN_CHARACTERS = 1000


def accepted() -> str:
    """What may be uploaded, as a sentence for the page."""
    return (
        f"A file that ends in {', '.join(READERS)}: at most {LIMITS.size}, {LIMITS.rows:,} rows and "
        f"{LIMITS.characters:,} characters in a cell."
    )


def read_questions(path: str | Path, answers_from: int | None = None) -> tuple[str, list[Question]]:
    """How a file's questions are asked, as a layout of tasks.py, and every one. UserError names the row and the column.

    Options with subjects are asked as MMLU is, letters under a line that names the subject. Those without have nothing
    to put into that line, so they are asked as ARC is, with the options' texts. Free answers are asked as they stand.
    """
    reading = read_file(path, answers_from)
    return find_task(reading.task).layout, reading.questions


def read_examples(path: str | Path, limit: int | None = None, answers_from: int | None = None) -> list[Example]:
    """Training examples of a file, the first `limit` of them; the whole file is checked. Raises UserError."""
    if limit is not None and limit < 1:
        raise UserError(f"The limit is {limit}.", "a whole number from 1", "Leave the limit out to use every example.")
    reading = read_file(path, answers_from)
    return [as_example(question, reading.task) for question in reading.questions[:limit]]


def as_example(question: Question, task: str) -> Example:
    """What a model reads and learns of a question under one of the tasks for own files."""
    return to_example(question, find_task(task))


def describe(path: str | Path, answers_from: int | None = None) -> dict:
    """What was understood of a file: its layout, what became of its columns, and three examples as a model reads them.

    UserError where the file is refused. Texts that are very long are cut, of which the end stays.
    """
    return described(read_file(path, answers_from))


def described(reading: Reading) -> dict:
    return {
        "layout": reading.layout,
        "task": reading.task,
        "rows": len(reading.questions),
        "columns": reading.columns,
        "unused": list(reading.unused),
        "warnings": list(reading.warnings),
        "examples": [_shown(question, reading.task) for question in reading.questions[:SHOWN_EXAMPLES]],
    }


def _shown(question: Question, task: str) -> dict:
    example = as_example(question, task)
    options = continuations(question, find_task(task)) if task in OPTION_LAYOUTS else ()
    return {"prompt": _cut(example.prompt), "options": [_cut(o) for o in options], "answer": _cut(example.answer)}


def _cut(text: str) -> str:
    """A text short enough to show. Of a long one the end stays: the answer follows there."""
    return text if len(text) <= SHOWN_CHARACTERS else f"… {text[-SHOWN_CHARACTERS:]}"
