"""Uploaded files: questions to score and examples to learn, of any format and layout, found out from the columns.

Knows which columns tell what. Does not know formats (table_formats.py) nor how a row is read (rows.py). Everything here
is a pure function of one file: an upload that fails has changed nothing.
"""

from collections.abc import Sequence
from pathlib import Path

from backend.core.text.places import LIMITS, Place, printable
from backend.core.text.prompts import Example, question_prompt
from backend.core.text.rows import close_name, named_columns, text_of, to_questions
from backend.core.text.table_formats import READERS
from backend.core.text.tables import read_rows
from backend.core.text.tasks import Question, file_task, to_example
from backend.errors import UserError

SHOWN_EXAMPLES = 3
SHOWN_CHARACTERS = 1000


def accepted() -> str:
    """What may be uploaded, as a sentence for the page."""
    return (
        f"A file that ends in {', '.join(READERS)}: at most {LIMITS.size}, {LIMITS.rows:,} rows and "
        f"{LIMITS.characters:,} characters in a cell."
    )


def read_questions(path: str | Path) -> tuple[str, list[Question]]:
    """The layout and every question of a file. Raises UserError naming the row and the column that is wrong.

    A file with subjects is asked as MMLU is, letters under a line that names the subject. One without has nothing to
    put into that line, so it is asked as ARC is, with the options' texts; `answerKey` says the same by itself.
    """
    rows = read_rows(path)
    layout = _layout(rows)
    return layout, to_questions(rows, layout)


def read_examples(path: str | Path, limit: int | None = None) -> list[Example]:
    """Training examples of a file, the first `limit` of them; the whole file is checked. Raises UserError.

    The columns decide: `prompt` (all that is read before the answer, kept as it is) and `answer`; or questions with
    options; or `question` and a free `answer`. Blanks around an answer are dropped: an Example brings its own.
    """
    if limit is not None and limit < 1:
        raise UserError(f"The limit is {limit}.", "a whole number from 1", "Leave the limit out to use every example.")
    rows = read_rows(path)
    place, first = rows[0]
    columns = named_columns(first, place)
    if "prompt" in columns:
        return [_prompted(row, place) for place, row in rows][:limit]
    if {"choices", "A", "answerKey"} & columns.keys():
        layout = _layout(rows)
        spec = file_task(Path(path).name, layout)
        return [to_example(question, spec) for question in to_questions(rows, layout)][:limit]
    if "question" in columns:
        return [_free(row, place) for place, row in rows][:limit]
    raise _no_examples(columns, place.of_header())


def summary(examples: Sequence[Example]) -> dict:
    """For the page: `count`, `longest` and `shortest` text in characters, and the first three, cut where very long."""
    lengths = [len(example.text) for example in examples]
    shown = [{"prompt": _cut(e.prompt), "answer": _cut(e.answer)} for e in examples[:SHOWN_EXAMPLES]]
    return {
        "count": len(lengths),
        "longest": max(lengths, default=0),
        "shortest": min(lengths, default=0),
        "shown": shown,
    }


def _cut(text: str) -> str:
    """A text short enough to show. Of a long one the end stays: the answer follows there."""
    return text if len(text) <= SHOWN_CHARACTERS else f"… {text[-SHOWN_CHARACTERS:]}"


def _prompted(row: object, place: Place) -> Example:
    row = named_columns(row, place)
    return Example(text_of(row, "prompt", place), text_of(row, "answer", place).strip())


def _free(row: object, place: Place) -> Example:
    row = named_columns(row, place)
    return Example(question_prompt(text_of(row, "question", place)), text_of(row, "answer", place).strip())


def _no_examples(columns: dict, place: Place) -> UserError:
    present = ", ".join(f"`{printable(str(name))}`" for name in list(columns)[:8]) or "no columns"
    expected = "`prompt` and `answer`, or `question` and `answer`, or questions with options"
    close = {meant: close_name(meant, columns) for meant in ("prompt", "question")}
    advice = next((f"Rename `{printable(name)}` to `{meant}`." for meant, name in close.items() if name), "")
    found = f"the column is missing; the row has {present}"
    return place.error("prompt", found, expected, advice or "Rename the columns.")


def _layout(rows: list[tuple[Place, object]]) -> str:
    """Which layout the columns of all rows speak for. A name that is almost `subject` or `id` is not overlooked."""
    places: dict[str, Place] = {}
    for place, row in rows:
        for name in row if isinstance(row, dict) else ():
            places.setdefault(name, place)
    for column in ("subject", "id"):
        close = None if column in places else close_name(column, places, cutoff=0.85)
        if close:
            found = f"an unknown name that is close to `{column}`"
            advice = f"Rename `{printable(close)}` to `{column}`, or remove it."
            raise places[close].of_header().error(printable(close), found, f"`{column}` or no such column", advice)
    return "mmlu" if "subject" in places and "answerKey" not in places else "arc"
