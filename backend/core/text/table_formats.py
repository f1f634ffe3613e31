"""Bytes become rows, one reader a format: JSON lines, a JSON array, CSV, TSV, parquet and workbooks (.xlsx).

Knows encodings and what a damaged file looks like. Does not know what a column means. Nothing in a file is ever run: no
pickle, no eval, no formula.
"""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator

from backend.core.text import unpacker
from backend.core.text.places import LIMITS, SMALLER, Foreign, Place, Rows, printable, too_large
from backend.core.text.sheets import RENAME, filled_records, sheet_rows
from backend.errors import UserError

SPREADSHEET_ADVICE = "Save the file again as UTF-8 (in a spreadsheet program: `CSV UTF-8`)."
SIGNATURES = {
    b"PK\x03\x04": "a zip archive or a spreadsheet workbook",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a parquet file",
}


def _text(raw: bytes, file: str) -> str:
    kind = next((kind for start, kind in SIGNATURES.items() if raw.startswith(start)), None)
    if kind:
        raise UserError(
            f"{file}, row 1: the file is {kind}.", "text in UTF-8", "Save the data as text, then give that."
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError(f"{file}, row 1: the text is in UTF-16, not UTF-8.", "text in UTF-8", SPREADSHEET_ADVICE)
    try:
        text = raw.decode("utf-8-sig")  # -sig: spreadsheet programs put a byte order mark in front
    except UnicodeDecodeError as error:
        raise _wrong_byte(raw, error.start, "is not UTF-8", file) from None
    if "\0" in text:
        raise _wrong_byte(raw, raw.index(b"\0"), "is NUL, which is not text", file)
    return text


def _wrong_byte(raw: bytes, position: int, what: str, file: str) -> UserError:
    """The error for a byte that is no UTF-8. It names a line: what cannot be decoded cannot be parted into rows."""
    start = raw.rfind(b"\n", 0, position) + 1
    before = printable(raw[max(start, position - 20) : position].decode("utf-8", "replace"))
    behind = f", behind `{before}`," if before else ""
    found = f"{file}, line {raw.count(bytes([10]), 0, position) + 1}: byte {position - start + 1}{behind} {what}."
    return UserError(found, "text in UTF-8", SPREADSHEET_ADVICE)


def _json_lines(raw: bytes, file: str, _: list[str]) -> Rows:
    lines = _text(raw, file).split("\n")  # not splitlines(): a JSON text may hold U+2028
    for number, line in enumerate(lines, start=1):
        if line.strip():
            place = Place(file, number)
            value, wrong = _decode(line)
            if wrong:
                raise place.error("", wrong, "one JSON object per line")
            yield place, value


def _json_array(raw: bytes, file: str, _: list[str]) -> Rows:
    text = _text(raw, file)
    if not text.strip():
        return
    values, wrong = _decode(text)
    if not wrong and not isinstance(values, list):
        wrong = f"{'one object' if isinstance(values, dict) else 'one value'} instead of an array of rows"
    if wrong:
        advice = "Put the rows between [ and ] with commas, or name the file .jsonl if each of its lines is a row."
        raise Place(file, 1).error("", wrong, "one JSON array of objects", advice)
    yield from ((Place(file, number), row) for number, row in enumerate(values, start=1))


def _decode(text: str) -> tuple[object, str]:
    """The value, or what is wrong with the text."""
    try:
        return json.loads(text, object_pairs_hook=_object), ""
    except RecursionError:
        return None, f"nested more than {LIMITS.nesting} deep"
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if "\n" in text else ""
        return None, f"not valid JSON ({error.msg}, {line}character {error.colno})"
    except ValueError as error:  # a number of thousands of digits, or a name twice
        return None, f"not valid JSON ({printable(str(error), 80)})"


def _object(pairs: list[tuple[str, object]]) -> dict:
    """A JSON object whose names all differ: Python would keep the last value and say nothing."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the name `{printable(_twice(names))}` stands twice in one object")
    return found


def _twice(names: Iterable[str]) -> str | None:
    """The first name that was there before."""
    seen = set()
    return next((name for name in names if name in seen or seen.add(name)), None)


LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
SEPARATOR = re.compile(r'"?sep=(.)"?\r?(\n|\Z)')  # how Excel is told the separator; it shows no row for it


def _comma_separated(raw: bytes, file: str, remarks: list[str]) -> Rows:
    """Rows of a CSV file. The header tells the separator: spreadsheets of some countries write semicolons or tabs."""
    text = _text(raw, file)
    told = SEPARATOR.match(text)
    if told:
        return _delimited(text[told.end() :], file, told.group(1), remarks)
    header = text.lstrip().partition("\n")[0]
    return _delimited(text, file, max(",;\t", key=header.count), remarks)


def _tab_separated(raw: bytes, file: str, remarks: list[str]) -> Rows:
    return _delimited(_text(raw, file), file, "\t", remarks)


csv.field_size_limit(LIMITS.bytes)  # the file is bounded already, and our own limit can name the column


def _delimited(text: str, file: str, delimiter: str, remarks: list[str]) -> Rows:
    return sheet_rows(filled_records(_records(text, file, delimiter), file), file, remarks)


def _records(text: str, file: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    number, lines = 1, (found.group() for found in LINE.finditer(text))  # a stream of the text would be a copy of it
    try:
        for cells in csv.reader(lines, delimiter=delimiter, strict=True):
            yield number, cells
            number += 1
    except csv.Error as error:
        unclosed = "end of data" in str(error)
        found = "a quotation mark is opened and never closed" if unclosed else "text behind a closing quotation mark"
        advice = 'Close the quotation mark; one inside a text is written twice ("").'
        raise Place(file, number, 1).error("", found, "quotation marks in pairs around a cell", advice) from None


def _parquet(raw: bytes, file: str, _: list[str]) -> Rows:
    """Unpacked by a process of its own; unpacker.py says why."""
    if not raw:
        return
    if not raw.startswith(b"PAR1"):
        raise Place(file, 1).error("", "the file is not parquet", "a parquet file", "Give the file its right ending.")
    header, *lines = _unpacked(raw, file, "parquet")
    names = json.loads(header)
    if len(set(names)) < len(names):
        raise Place(file, 1).error(printable(_twice(names)), "the name stands twice", "different names", RENAME)
    for number, line in enumerate(lines, start=1):
        yield Place(file, number), dict(zip(names, json.loads(line, object_hook=_foreign), strict=True))


def _workbook(raw: bytes, file: str, remarks: list[str]) -> Rows:
    """The first sheet of a workbook. Formulas are never computed: only a result that the file stores is read."""
    if not raw:
        return
    if not raw.startswith(b"PK\x03\x04"):
        raise Place(file, 1).error("", "the file is no workbook", "a .xlsx workbook", "Give the file its right ending.")
    header, *lines = _unpacked(raw, file, "workbook")
    sheets = json.loads(header)
    records = [json.loads(line, object_hook=_foreign) for line in lines]
    if len(sheets) > 1 and records:
        remarks.append(f"Only the first of {len(sheets):,} sheets is read, `{printable(sheets[0])}`.")
    yield from sheet_rows(filled_records(map(tuple, records), file), file, remarks)


def _unpacked(raw: bytes, file: str, kind: str) -> list[bytes]:
    """The line of names, then a line a row."""
    limits = [str(limit) for limit in (LIMITS.rows, LIMITS.bytes, LIMITS.seconds)]
    command = [sys.executable, "-P", unpacker.__file__, kind, *limits]  # -P: never import from the script's folder
    try:
        done = subprocess.run(command, input=raw, capture_output=True, timeout=LIMITS.seconds)
    except subprocess.TimeoutExpired:
        found = f"{file} takes more than {LIMITS.seconds} s to unpack."
        raise UserError(found, "a file that is read in seconds", SMALLER) from None
    if done.returncode == unpacker.TOO_LARGE:
        raise too_large(file, "unpacked is")
    if done.returncode:
        found = "from here on the file is damaged, or needs too much memory to unpack"
        place = Place(file, max(1, done.stdout.count(b"\n")))
        again = "Write the file again, for example with pandas." if kind == "parquet" else "Save it again, or as CSV."
        raise place.error("", found, f"a {kind} file in good order", again)
    return done.stdout.splitlines()


def _foreign(found: dict) -> dict | Foreign:
    return Foreign(str(found[unpacker.FOREIGN])) if unpacker.FOREIGN in found else found


READERS = {  # each takes the bytes, the file's name for messages, and a list for what there is to remark
    ".jsonl": _json_lines,
    ".json": _json_array,
    ".csv": _comma_separated,
    ".tsv": _tab_separated,
    ".parquet": _parquet,
    ".xlsx": _workbook,
}
