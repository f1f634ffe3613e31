"""Reading: any file of questions, prompts or conversations as questions, with what was understood of it.

The one reader behind training, scoring, the page and `describe`. Layouts are files (layouts/); every row must have the
layout of the first. Does not know formats (table_formats.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.core.text import usage
from backend.core.text.answers import chosen, counted_from, usual_readings
from backend.core.text.cells import ABSENT, blank, missing, named_columns, text_at, value_at
from backend.core.text.hub import is_hub_name, named_rows
from backend.core.text.layout_files import Layout
from backend.core.text.places import Place
from backend.core.text.recognise import Recogniser, nearest, unknown
from backend.core.text.rows import Parts, read_parts, row_id
from backend.core.text.tables import Table, read_table
from backend.core.text.tasks import Question

COUNTED_FROM = 0  # where the answers of the benchmarks on the hub begin
OPTION_LAYOUTS = {"own_options": "arc", "own_letters": "mmlu"}  # how they are asked, as a layout of tasks.py
NumberedRows = Sequence[tuple[Place, object]]


@dataclass(frozen=True)
class Reading:
    """A file as it was understood. `columns` says what became of which column, `task` which task asks its questions."""

    layout: str
    task: str
    questions: list[Question]
    columns: dict[str, str]
    unused: tuple[str, ...]
    warnings: tuple[str, ...]


def read_file(path: str | Path, answers_from: int | None = None, options: bool = False) -> Reading:
    """Every row of a file, or of a data set of the hub. UserError names the row and the column that is wrong.

    `answers_from` says where the numbers among the answers begin, 0 or 1; without it the file has to tell. With
    `options` free answers are refused.
    """
    table = Table(named_rows(str(path))) if is_hub_name(path) else read_table(path)
    return read(table.rows, answers_from, table.remarks, options=options)


def read_options(rows: NumberedRows, layout: str) -> list[Question]:
    """Rows of a benchmark, by the layout of its task: mmlu must have subjects, arc's are not looked at."""
    return read(rows, COUNTED_FROM, subjects=layout == "mmlu", options=True).questions


def read(
    rows: NumberedRows,
    answers_from: int | None = None,
    remarks: Iterable[str] = (),
    subjects: bool | None = None,
    options: bool = False,
) -> Reading:
    """Rows of any source. `remarks` are warnings of whoever read them.

    `subjects` says whether rows must have a subject (None: where they have one), `options` whether they must have
    options.
    """
    named = [(place, named_columns(row, place)) for place, row in rows]
    parts = _parts(named, options)
    layout = parts[0][1]
    if options and not layout.options:
        place, row = named[0]
        raise missing(row, "A" if place.header else "choices", place, "questions with options")
    usage.check_overlooked(named, layout)
    usage.check_loose_options(named, parts, layout)
    base = counted_from(parts, answers_from)
    usual = usual_readings(parts, base)
    subject = _subject(named, layout, subjects)
    ids = _column_of_all(named, layout.id)
    questions = [
        _question(row, part, layout, subject, ids, (base, usual))
        for (_, row), (part, layout) in zip(named, parts, strict=True)
    ]
    if ids:
        _check_ids(questions, parts, ids)
    columns, unused = usage.columns_of(named, layout)
    task = "own_letters" if subject else layout.task
    warnings = usage.warnings_of(parts, layout, base, unused, [*remarks])
    return Reading(layout.name, task, questions, columns, unused, tuple(warnings))


def _parts(named: list[tuple[Place, dict]], options: bool) -> list[tuple[Parts, Layout]]:
    """Every row by the layout that its own columns tell, which must be the first row's."""
    recogniser, first, found = Recogniser(), None, []
    for place, row in named:
        layout = recogniser.layout(row, place)
        if layout is None:
            layout = first or nearest(row, options)[0]
            if first is None and any(value_at(row, path) is ABSENT for path in layout.needs):
                raise unknown(row, place, options)
            read_parts(row, layout, place)  # it says which column is wrong
            raise usage.wrong_kind(row, layout, place)
        if first is not None and layout != first:
            raise usage.another_kind(row, layout, first, place, named[0][0])
        first = layout
        part = read_parts(row, layout, place)
        usage.check_hidden_options(row, part, layout)
        found.append((part, layout))
    return found


def _subject(named: list[tuple[Place, dict]], layout: Layout, wanted: bool | None) -> str:
    """The column of subjects that is used, if any."""
    if wanted is False:
        return ""
    path = layout.subject or ("subject" if wanted else "")
    if wanted and all(value_at(row, path) is ABSENT for _, row in named):
        raise missing(named[0][1], path, named[0][0])
    return _column_of_all(named, path)


def _column_of_all(named: list[tuple[Place, dict]], path: str) -> str:
    """The path, where rows have it, or nothing where all are blank. UserError for the first row without it."""
    if not path or all(blank(value_at(row, path)) for _, row in named):
        return ""
    without = next(((place, row) for place, row in named if value_at(row, path) is ABSENT), None)
    if without is None:
        return path
    raise missing(without[1], path, without[0])


def _question(
    row: dict, parts: Parts, layout: Layout, subjects: str, ids: str, counting: tuple[int, set[str]]
) -> Question:
    place = parts.place
    answer = 0 if parts.answer is ABSENT else chosen(parts, layout, *counting)
    subject = text_at(row, subjects, place) if subjects else None
    name = row_id(row, ids, place) if ids else f"{subject or 'row'}/{place.row}"
    return Question(name, parts.question, parts.options, answer, subject, parts.turns)


def _check_ids(questions: list[Question], parts: list[tuple[Parts, Layout]], path: str) -> None:
    seen: dict[str, int] = {}
    for question, (part, _) in zip(questions, parts, strict=True):
        if question.id in seen:
            found = f"{question.id[:80]!r} was already used in row {seen[question.id]}"
            raise part.place.error(path, found, "a different id in every row")
        seen[question.id] = part.place.row
