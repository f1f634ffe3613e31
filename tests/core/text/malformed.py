"""Malformed uploads: one row each, with the words that the refusal must hold. Made here; no fixture files.

Also the small builders of well-formed files that the tests of uploads share.
"""

import csv
import io
import json
import os
import zipfile
from pathlib import Path

import pandas

from backend.core.text.places import LIMITS
from tests import tiny

HEADER = b"question,A,B,C,answer\n"
FIRST = b"Which animal gives milk?,a cow,a stone,iron,A\n"


def arc(**changes) -> dict:
    return tiny.arc_rows()[0] | changes


def mmlu(**changes) -> dict:
    return tiny.mmlu_rows()[0] | changes


def without(row: dict, column: str) -> dict:
    return {name: value for name, value in row.items() if name != column}


def lines(*rows: object) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def sheet(*rows: list, delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def parquet(*rows: dict) -> bytes:
    buffer = io.BytesIO()
    pandas.DataFrame(list(rows)).to_parquet(buffer)
    return buffer.getvalue()


def repeated_columns() -> bytes:
    import pyarrow  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    buffer = io.BytesIO()
    column = pyarrow.array(["x"])
    pyarrow.parquet.write_table(pyarrow.Table.from_arrays([column, column], names=["question", "question"]), buffer)
    return buffer.getvalue()


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


def nested(levels: int) -> list:
    return [nested(levels - 1)] if levels > 1 else ["x"]


def upload(folder: Path, name: str, content: bytes) -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


MANY = [f"A{letter}" for letter in "ABCD"]
THIRTY = [*(chr(65 + i) for i in range(26)), *MANY]
TWO_ROWS = parquet(mmlu(), mmlu(question="Why?"))

# file name, content, what the message must say
MALFORMED = {
    "UTF-16": ("a.csv", (HEADER + FIRST).decode().encode("utf-16"), "a.csv, row 1: the text is in UTF-16"),
    "UTF-16 without mark": ("a.csv", HEADER.decode().encode("utf-16-le"), "a.csv, line 1: byte 2, behind `q`, is NUL"),
    "latin-1 CSV": ("a.csv", HEADER + FIRST + b"caf\xe9?,a,b,c,A\n", "line 3: byte 4, behind `caf`, is not UTF-8"),
    "latin-1 JSON": ("a.json", b'[{"id": "caf\xe9"}]', "line 1: byte 13, behind "),
    "NUL byte": ("a.csv", HEADER + b"Why\0?,a,b,c,A\n", "line 2: byte 4, behind `Why`, is NUL"),
    "NUL in a JSON text": ("a.jsonl", lines(mmlu(question="Wh\0y")), "row 1, column `question`: a NUL"),
    "half a surrogate": ("a.jsonl", lines(arc(), arc(id="x", question="\ud83d")), "row 2, column `question`: half of"),
    "half a surrogate in a name": ("a.jsonl", lines({"\ud83d": 1}), "no known layout has `\\ud83d`"),
    "half a surrogate in CSV": ("a.csv", HEADER + b"\xed\xa0\xbd?,a,b,c,A\n", "line 2: byte 1 is not UTF-8"),
    "no answer column": ("a.csv", sheet(["question", "A", "B"], ["Why?", "x", "y"]), "row 1, column `answer`: the"),
    "no question column": ("a.csv", sheet(["stem", "A", "B", "answer"], ["?", "x", "y", "A"]), "column `question`: t"),
    "no subject in row 2": ("a.jsonl", lines(mmlu(), without(mmlu(), "subject")), "row 2, column `subject`: the co"),
    "no answerKey": ("a.jsonl", lines(without(arc(), "answerKey")), "row 1, column `answerKey`: the column is missing"),
    "no id in ARC": ("a.jsonl", lines(arc(), without(arc(), "id")), "row 2, column `id`: the column is missing"),
    "renamed question": (
        "a.csv",
        HEADER.replace(b"question", b"Questions") + FIRST,
        "Rename `Questions` to `question`",
    ),
    "renamed answer": ("a.csv", HEADER.replace(b"answer", b"Answers") + FIRST, "Rename `Answers` to `answer`"),
    "almost a subject": ("a.jsonl", lines(without(mmlu(), "subject") | {"Subject": "x"}), "row 1, column `Subject`"),
    "almost an id": ("a.csv", b"ID," + HEADER + b"7," + FIRST, "row 1, column `ID`: an unknown name that is close to"),
    "a gap in the options": ("a.csv", sheet(["question", "A", "B", "D", "answer"], [*"?xyzA"]), "row 1, column `C`"),
    "choices in CSV": ("a.csv", sheet(["question", "choices", "answer"], ["?", "['x']", "0"]), "row 1, column `choic"),
    "huge file": ("a.jsonl", None, "a.jsonl is larger than 32 MiB."),
    "too many rows": ("a.jsonl", b"{}\n" * (LIMITS.rows + 1), "a.jsonl has more than 100,000 rows."),
    "huge cell in CSV": (
        "a.csv",
        HEADER + FIRST + b"?,a," + b"x" * 200_000 + b",c,A",
        "row 3, column `B`: a text of 200,0",
    ),
    "huge cell in JSON": (
        "a.jsonl",
        lines(mmlu(question="x" * 100_001)),
        "row 1, column `question`: a text of 100,001",
    ),
    "huge number": ("a.jsonl", b'{"answer": ' + b"9" * 5000 + b"}", "row 1: not valid JSON"),
    "empty CSV": ("a.csv", b"", "a.csv is empty"),
    "empty parquet": ("a.parquet", b"", "a.parquet is empty"),
    "empty array": ("a.json", b"[]", "a.json is empty"),
    "blank JSON": ("a.json", b" \n ", "a.json is empty"),
    "blank lines only": ("a.csv", b"\n \n,,\n", "a.csv is empty"),
    "only a header": ("a.csv", HEADER, "a.csv has a header and no rows"),
    "no rows in parquet": ("a.parquet", pandas.DataFrame({"a": []}).to_parquet(), "is empty"),
    "nested too deeply": (
        "a.jsonl",
        lines(mmlu(), mmlu(choices=nested(9))),
        "row 2, column `choices`: lists or objects",
    ),
    "nested without end": ("a.json", b"[" * 100_000, "row 1: nested more than 8 deep"),
    "objects without end": ("a.jsonl", lines(mmlu()) + b'{"a":' * 100_000, "row 2: nested more than 8 deep"),
    "arrays instead of objects": ("a.json", b'[["Why?", "x"]]', "row 1: a list instead"),
    "an array of names": ("a.json", b'["Why?"]', "row 1: a text instead"),
    "an array in JSON lines": ("a.jsonl", b'[{"question": "Why?"}]', "row 1: a list instead"),
    "a single object": ("a.json", lines(mmlu()), "row 1: one object instead of an array of rows"),
    "JSON lines as JSON": ("a.json", lines(mmlu(), mmlu()), "name the file .jsonl if each of its lines is a row"),
    "cut off": (
        "a.json",
        b'[{"question": "Why?"},\n {"ques',
        "row 1: not valid JSON (Unterminated string starting at, l",
    ),
    "a comma too many": ("a.jsonl", lines(mmlu()) + b'{"a": 1,}\n', "row 2: not valid JSON"),
    "a name twice in JSON": ("a.jsonl", b'{"id": "a", "id": "b"}', "row 1: not valid JSON (the name `id` stands twice"),
    "duplicate ids": (
        "a.jsonl",
        lines(arc(), arc(id="x"), arc()),
        "row 3, column `id`: 'toy_0' was already used in row 1",
    ),
    "duplicate ids in CSV": (
        "a.csv",
        b"id," + HEADER + (b"7," + FIRST) * 2,
        "row 3, column `id`: '7' was already used",
    ),
    "duplicate columns": ("a.csv", sheet(["question", "A", "A", "answer"], ["?", *"xyA"]), "row 1, column `A`: the na"),
    "duplicate columns in parquet": (
        "a.parquet",
        repeated_columns(),
        "row 1, column `question`: the name stands twice",
    ),
    "unnamed column": ("a.csv", b"question,A,B,,answer\n?,x,y,z,A\n", "row 1: cell 4 of the header is empty"),
    "a short row": (
        "a.csv",
        HEADER + FIRST + b"Why?,x,y,A\n",
        "row 3, column `answer`: no such cell; the row has 4 cell",
    ),
    "a long row": ("a.csv", HEADER + b"Who, then?,x,y,z,A\n", "row 2, column `answer`: cells behind the last column"),
    "an unclosed quote": ("a.csv", HEADER + FIRST + b'"Why?,x,y,z,A\n' + FIRST, "row 3: a quotation mark is opened"),
    "text behind a quote": ("a.csv", HEADER + b'"Why" not?,x,y,z,A\n', "row 2: text behind a closing quotation mark"),
    "wrong answer key": ("a.jsonl", lines(arc(answerKey="Z")), "row 1, column `answerKey`: unknown answer key 'Z'"),
    "answer letter too far": (
        "a.csv",
        HEADER + FIRST.replace(b",A\n", b",D\n"),
        "row 2, column `answer`: unknown answer 'D'",
    ),
    "answer number too far": (
        "a.csv",
        HEADER + FIRST.replace(b",A\n", b",4\n"),
        "row 2, column `answer`: unknown answer '4'",
    ),
    "answer below zero": ("a.jsonl", lines(mmlu(answer=-1)), "row 1, column `answer`: unknown answer -1"),
    "answer to a blank option": ("a.csv", HEADER + b"Why?,x,y,,C\n", "row 2, column `answer`: unknown answer 'C'"),
    "answer of two minds": (
        "a.csv",
        HEADER + b"1+1?,1,2,3,1\n" + b"1-1?,1,0,3,0\n",
        "row 2, column `answer`: '1' is the number of one option",
    ),
    "answer null": ("a.jsonl", lines(mmlu(answer=None)), "row 1, column `answer`: null"),
    "answer blank": ("a.csv", HEADER + b"Why?,x,y,z,\n", "row 2, column `answer`: an empty text"),
    "answer NaN": ("a.jsonl", lines(mmlu(answer=float("nan"))), "row 1, column `answer`: NaN (not a number)"),
    "answer NaN in parquet": (
        "a.parquet",
        parquet(mmlu(), mmlu(answer=None)),
        "row 1, column `answer`: a number with a decimal point",
    ),
    "answer true": ("a.jsonl", lines(mmlu(answer=True)), "row 1, column `answer`: true or false"),
    "option false": ("a.jsonl", lines(mmlu(choices=["x", False])), "row 1, column `choices[1]`: true or false"),
    "option a number": ("a.jsonl", lines(mmlu(choices=["x", 3.14])), "row 1, column `choices[1]`: a number"),
    "one option": ("a.jsonl", lines(mmlu(choices=["x"], answer=0)), "row 1, column `choices`: 1 option."),
    "one option in CSV": ("a.csv", HEADER + b"Why?,x,,,A\n", "row 2, column `A`: 1 option."),
    "no option in CSV": ("a.csv", HEADER + b"Why?,,,,A\n", "row 2, column `A`: 0 options."),
    "30 options": ("a.jsonl", lines(mmlu(choices=THIRTY)), "row 1, column `choices`: 30 options."),
    "30 options in CSV": (
        "a.csv",
        sheet(["question", *THIRTY, "answer"], ["?", *THIRTY, "A"]),
        "column `AD`: 30 options.",
    ),
    "a blank option between": ("a.csv", HEADER + b"Why?,x,,z,A\n", "row 2, column `B`: an empty text"),
    "zip as CSV": ("a.csv", zipped(), "a.csv, row 1: the file is a zip archive or a spreadsheet workbook"),
    "png as CSV": ("a.csv", b"\x89PNG\r\n\x1a\n\0\0", "a.csv, row 1: the file is a PNG picture"),
    "parquet as JSON": ("a.jsonl", parquet(mmlu()), "a.jsonl, row 1: the file is a parquet file"),
    "a zip as workbook": ("a.xlsx", zipped(), "a.xlsx, row 1: from here on the file is damaged"),
    "CSV as workbook": ("a.xlsx", HEADER + FIRST, "a.xlsx, row 1: the file is no workbook"),
    "an old workbook": ("a.xls", b"\xd0\xcf\x11\xe0", "a.xls ends in .xls."),
    "no ending": ("data", FIRST, "data ends in nothing"),
    "CSV as parquet": ("a.parquet", HEADER + FIRST, "a.parquet, row 1: the file is not parquet"),
    "damaged parquet": (
        "a.parquet",
        TWO_ROWS[:200] + b"\xff" * 300 + TWO_ROWS[500:],
        "a.parquet, row 1: from here on the file is damaged",
    ),
    "cut-off parquet": ("a.parquet", TWO_ROWS[:-20], "a.parquet, row 1: from here on the file is damaged"),
    "wrong types in parquet": (
        "a.parquet",
        parquet(arc(choices={"text": [1, 2], "label": ["A", "B"]})),
        "row 1, column `choices.text[0]`: a number",
    ),
    "dates in parquet": (
        "a.parquet",
        parquet(mmlu(question=pandas.Timestamp(0))),
        "column `question`: a value of the kind Timestamp",
    ),
    "bytes in parquet": (
        "a.parquet",
        parquet(mmlu(question=b"Why?")),
        "row 1, column `question`: a value of the kind bytes",
    ),
    "texts in parquet": ("a.parquet", parquet(mmlu(choices="x,y")), "row 1, column `choices`: a text"),
}


def malformed_file(folder: Path, name: str, content: bytes | None) -> Path:
    file = upload(folder, name, content or b"")
    if content is None:  # a file of holes: large, and made in no time
        os.truncate(file, LIMITS.bytes + 1)
    return file
