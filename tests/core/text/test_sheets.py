"""Sheets as spreadsheets and pandas leave them: CSV with remains, workbooks, and what of them is refused."""

import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from backend.core.text.reading import read_file
from backend.errors import UserError
from tests.core.text.malformed import upload

SHEETS = {
    "sep": b"sep=;\nquestion;A;B;answer\nWhere?;here;there;A\n",
    "quoted sep": b'"sep=|"\r\nquestion|A|B|answer\r\nWhere?|here|there|A\r\n',
    "index of pandas": b",question,A,B,answer\n0,Where?,here,there,A\n",
    "trailing comma": b"question,A,B,answer,\nWhere?,here,there,A,\n",
    "trailing comma of rows": b"question,A,B,answer\nWhere?,here,there,A,\n",
    "trailing comma of the header": b"question,A,B,answer,\nWhere?,here,there,A\n",
    "empty columns": b"question,,A,B,answer,,\nWhere?,,here,there,A,,\n",
    "named empty columns": b"question,subject,id,A,B,C,D,answer\nWhere?,,,here,there,,,A\n",
}


@pytest.mark.parametrize("content", SHEETS.values(), ids=SHEETS)
def test_what_spreadsheets_and_pandas_leave_behind_is_read(tmp_path, content):
    [question] = read_file(upload(tmp_path, "a.csv", content)).questions
    assert (question.question, question.options, question.answer) == ("Where?", ("here", "there"), 0)


def workbook(folder: Path, *rows: list, sheets: tuple[str, ...] = ()) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for title in sheets:
        book.create_sheet(title)
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def test_numbers_of_a_workbook_are_texts_and_other_sheets_are_told(tmp_path):
    file = workbook(tmp_path, [], ["question", "A", "B", "answer"], ["How many?", 4, 2.5, "A"], sheets=("Notes",))
    reading = read_file(file)
    assert reading.questions[0].options == ("4", "2.5")
    assert reading.questions[0].id == "row/3"
    assert reading.warnings == ("Only the first of 2 sheets is read, `Sheet`.",)


@pytest.mark.parametrize(
    ("cell", "kind"), [("=1+2", "formula without a stored result"), (datetime(2026, 1, 2), "datetime")]
)
def test_a_formula_and_a_date_are_refused_by_row_and_column_and_nothing_is_computed(tmp_path, cell, kind):
    file = workbook(tmp_path, ["question", "A", "B", "answer"], ["How many?", "4", cell, "A"])
    with pytest.raises(UserError, match=f"row 2, column `B`: a value of the kind {kind}"):
        read_file(file)


def test_a_workbook_that_unpacks_to_more_than_it_may_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 80_000_000)
    assert (tmp_path / "a.xlsx").stat().st_size < 100_000
    with pytest.raises(UserError, match=r"a\.xlsx unpacked is larger than 32 MiB"):
        read_file(tmp_path / "a.xlsx")
