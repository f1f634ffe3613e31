"""Rows become questions: the columns of three spellings, and every way a row can be wrong.

The spellings: "arc" (`question`, `choices` with the lists `text` and `label`, `answerKey`; as allenai/ai2_arc), "mmlu"
(`question`, `choices` as a list, `answer` as a number from 0; as cais/mmlu) and "flat", for spreadsheets (`question`,
the options in columns `A`, `B`, `C`, ..., `answer` as a letter or a number from 0). Any of them may be read for either
layout; the layout only says what else a row must have: mmlu a `subject`, arc none.
Knows nothing of files and formats beyond a row's place.
"""

import math
from collections.abc import Iterable
from difflib import get_close_matches
from string import ascii_uppercase

from backend.core.text.places import Foreign, Place, printable
from backend.core.text.prompts import LETTERS
from backend.core.text.tasks import Question

# As a spreadsheet names its columns; more than there are letters for options, so that too many can be counted.
OPTION_COLUMNS = (*ascii_uppercase, *(f"A{letter}" for letter in ascii_uppercase))


def to_questions(rows: Iterable[tuple[Place, object]], layout: str) -> list[Question]:
    """Every row as a Question, or UserError for the first that is wrong or has an id that was there before."""
    questions, seen = [], {}
    for place, row in rows:
        question = read_row(row, layout, place)
        if question.id in seen:
            found = f"{question.id[:80]!r} was already used in row {seen[question.id]}"
            raise place.error("id", found, "a different id in every row")
        seen[question.id] = place.row
        questions.append(question)
    return questions


def read_row(row: object, layout: str, place: Place) -> Question:
    """One decoded row as a Question, or UserError naming file, row and column."""
    columns = named_columns(row, place)
    spelling = _spelling(columns, layout, place)
    options, answer = READERS[spelling](columns, place)
    question = text_of(columns, "question", place)
    subject = text_of(columns, "subject", place) if layout == "mmlu" else None
    name = _id(columns, place) if "id" in columns or spelling == "arc" else f"{subject or 'row'}/{place.row}"
    return Question(name, question, options, answer, subject)


def named_columns(row: object, place: Place) -> dict:
    """The row, where it has named columns at all."""
    if not isinstance(row, dict):
        raise place.error("", _kind(row), "an object with named columns")
    return row


def text_of(row: dict, column: str, place: Place, shown: str = "") -> str:
    """A column that must hold a text, as it is. `shown` is its name in messages, where it lies inside another."""
    return _checked_text(_column(row, column, place, shown), shown or column, place)


def close_name(name: str, names: Iterable[object], cutoff: float = 0.7) -> str | None:
    """The name among `names` that was probably meant by `name`: another case, a letter too many or too few."""
    lowered = {str(other).lower(): str(other) for other in names}
    return next((lowered[close] for close in get_close_matches(name.lower(), lowered, 1, cutoff)), None)


def _spelling(row: dict, layout: str, place: Place) -> str:
    if "choices" not in row and ("A" in row or place.header):  # a file with a header has only texts, never lists
        return "flat"
    if place.header:
        advice = "Give every option a column of its own, or give the file as .jsonl."
        raise place.of_header().error(
            "choices", "a cell cannot hold a list", "the options in `A`, `B` and so on", advice
        )
    named = [spelling for spelling, column in (("mmlu", "answer"), ("arc", "answerKey")) if column in row]
    return layout if len(named) != 1 else named[0]


def _read_arc(row: dict, place: Place) -> tuple[tuple[str, ...], int]:
    choices = _column(row, "choices", place)
    if not isinstance(choices, dict):
        raise place.error("choices", _kind(choices), "an object with the lists `text` and `label`")
    options = _texts(choices, "text", "choices.text", place)
    labels = _texts(choices, "label", "choices.label", place)
    if len(labels) != len(options):
        found = f"{len(labels)} labels for {len(options)} texts"
        raise place.error("choices.label", found, "one label for each text")
    if len(set(labels)) != len(labels):
        raise place.error("choices.label", f"the same label twice in {str(list(labels))[:80]}", "different labels")
    key = text_of(row, "answerKey", place)
    if key not in labels:
        expected = f"one of {printable(', '.join(labels), 80)}"
        raise place.error("answerKey", f"unknown answer key {key[:40]!r}", expected)
    return options, labels.index(key)


def _read_mmlu(row: dict, place: Place) -> tuple[tuple[str, ...], int]:
    options = _texts(row, "choices", "choices", place)
    answer = _column(row, "answer", place)
    if type(answer) is not int:
        raise place.error("answer", _kind(answer), "a whole number, 0 for the first option")
    if not 0 <= answer < len(options):
        raise place.error("answer", f"unknown answer {str(answer)[:40]}", f"a number from 0 to {len(options) - 1}")
    return options, answer


def _read_flat(row: dict, place: Place) -> tuple[tuple[str, ...], int]:
    """A question may have fewer options than there are columns. Blanks around one stay, or scores would differ."""
    columns = _option_columns(row, place)
    while columns and (row[columns[-1]] is None or str(row[columns[-1]]).strip() == ""):
        columns.pop()
    _check_count(len(columns), place, (columns or ["A"])[-1])
    options = tuple(text_of(row, column, place) for column in columns)
    return options, _flat_answer(row, options, place)


def _option_columns(row: dict, place: Place) -> list[str]:
    _column(row, "A", place)
    _column(row, "B", place)
    count = next(i for i, name in enumerate((*OPTION_COLUMNS, None)) if name not in row)
    behind = next((name for name in LETTERS[count:] if name in row), None)
    if behind:
        found = f"the column is missing, although `{behind}` is there"
        advice = "Rename the columns behind the gap."
        raise place.of_header().error(OPTION_COLUMNS[count], found, "the columns `A`, `B`, `C` without a gap", advice)
    return list(OPTION_COLUMNS[:count])


def _flat_answer(row: dict, options: tuple[str, ...], place: Place) -> int:
    value = _column(row, "answer", place)
    answer = str(value)[:40] if type(value) is int else _checked_text(value, "answer", place).strip()
    last = len(options) - 1
    expected = f"a letter from A to {LETTERS[last]}, or a number from 0 (which is option A) to {last}"
    letters, numbers = list(LETTERS[: last + 1]), [str(i) for i in range(last + 1)]
    if answer.upper() in letters:
        return letters.index(answer.upper())
    if answer not in numbers:
        raise place.error("answer", f"unknown answer {answer[:40]!r}", expected)
    chosen = int(answer)
    if answer in options and options.index(answer) != chosen:
        found = f"{answer!r} is the number of one option and the text of another"
        raise place.error("answer", found, "a letter, which cannot be mistaken")
    return chosen


READERS = {"arc": _read_arc, "mmlu": _read_mmlu, "flat": _read_flat}


def _id(row: dict, place: Place) -> str:
    value = _column(row, "id", place)
    return str(value) if type(value) is int and abs(value) < 10**18 else _checked_text(value, "id", place)


def _column(row: dict, column: str, place: Place, shown: str = "") -> object:
    if column in row:
        return row[column]
    present = ", ".join(f"`{printable(str(name))}`" for name in list(row)[:8]) or "no columns"
    close = close_name(column, row)
    advice = f"Rename `{printable(close)}` to `{column}`." if close else "Add the column, or rename the one you meant."
    found = f"the column is missing; the row has {present}"
    raise place.of_header().error(shown or column, found, "this column in every row", advice)


def _texts(row: dict, column: str, shown: str, place: Place) -> tuple[str, ...]:
    values = _column(row, column, place, shown)
    if not isinstance(values, list):
        raise place.error(shown, _kind(values), "a list of texts")
    _check_count(len(values), place, shown)
    return tuple(_checked_text(value, f"{shown}[{i}]", place) for i, value in enumerate(values))


def _check_count(count: int, place: Place, shown: str) -> None:
    if not 2 <= count <= len(LETTERS):
        raise place.error(shown, f"{count} option{'s' * (count != 1)}", f"2 to {len(LETTERS)} options")


def _checked_text(value: object, shown: str, place: Place) -> str:
    if not isinstance(value, str):
        raise place.error(shown, _kind(value), "a text")
    if not value.strip():
        raise place.error(shown, "an empty text", "a text with at least one letter")
    if any("\ud800" <= letter <= "\udfff" for letter in value):  # half a character: no tokenizer can encode it
        raise place.error(shown, "half of a Unicode surrogate pair", "a text of whole characters")
    if "\0" in value:
        raise place.error(shown, "a NUL character", "a text of readable characters")
    return value


def _kind(value: object) -> str:
    if isinstance(value, Foreign):
        return f"a value of the kind {printable(value.kind)} instead"
    if isinstance(value, float) and math.isnan(value):
        return "NaN (not a number) instead"
    if isinstance(value, float):
        return "a number with a decimal point instead"
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return f"{names.get(type(value), 'a number')} instead"
