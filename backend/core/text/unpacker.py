"""Parquet and workbooks to JSON lines, in a process of its own: `python unpacker.py KIND ROWS BYTES SECONDS < FILE`.

Apart, because a damaged file can end the whole process inside a library, where no Python catches anything, and a few
hundred bytes can unpack to more than there is memory. The first line says what the columns or sheets are called, then
comes a line a row. Knows pyarrow and openpyxl and nothing of this project. No pickle, no formula: what JSON cannot hold
is named, not carried, and of a formula only the result that the file stores is read.
"""

import contextlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

BATCH = 16  # rows unpacked at once: a cell is measured only after that
MEMORY = {"parquet": 4 * 2**30, "workbook": 2**29}  # of addresses; a workbook of 20,000 rows takes 50 MB
XML = 2  # a workbook's XML may be so many times larger than its texts
TOO_LARGE = 3  # the exit status that says: nothing is damaged, but it unpacks to more than the limit
FOREIGN = "\0kind"  # the key of an object that stands for a value of another kind
FORMULA = "formula without a stored result"
FORMULAS = re.compile(rb"<(?:\w+:)?f[\s/>]")


def write_parquet(raw: bytes, out: BinaryIO, most_rows: int, most_bytes: int) -> int:
    """Write one row more than `most_rows`, so that the reader can tell. Returns the exit status."""
    import pyarrow  # noqa: PLC0415 - after the limits are set
    import pyarrow.parquet  # noqa: PLC0415

    table = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(raw))
    names, written, count = table.schema_arrow.names, 0, 0
    out.write(json.dumps(names).encode() + b"\n")
    for batch in table.iter_batches(BATCH, use_threads=False) if names else ():
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            written += out.write(json.dumps(row, default=_foreign).encode() + b"\n")
            count += 1
            if count > most_rows:
                return 0
            if written > most_bytes:
                return TOO_LARGE
    return 0


def write_workbook(raw: bytes, out: BinaryIO, most_rows: int, most_bytes: int) -> int:
    """The first sheet that is no chart, a line a row: its number and its cells as texts. Returns the exit status."""
    import openpyxl  # noqa: PLC0415 - after the limits are set

    with zipfile.ZipFile(io.BytesIO(raw)) as archive:  # what it says is all that is ever unpacked
        if sum(part.file_size for part in archive.infolist()) > XML * most_bytes:
            return TOO_LARGE
        twice = any(_has_formulas(archive, part) for part in archive.namelist() if part.startswith("xl/worksheets/"))
    books = [
        openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=stored, keep_links=False)
        for stored in ((True, False) if twice else (True,))
    ]
    out.write(json.dumps([sheet.title for sheet in books[0].worksheets]).encode() + b"\n")
    count = size = 0
    for number, (values, formulas) in enumerate(_rows([book.worksheets[0] for book in books]), start=1):
        cells = [_cell(value, formula) for value, formula in zip(values, formulas, strict=True)]
        if any(cells):
            size += out.write(json.dumps([number, cells]).encode() + b"\n")
            count += 1
        if count > most_rows + 1:  # one of them is the header
            return 0
        if size > most_bytes:
            return TOO_LARGE
    return 0


def _rows(sheets: list) -> Iterator[tuple[tuple, tuple]]:
    """Each row's stored values beside what is written in its cells, which are the same where there are no formulas."""
    for sheet in sheets:
        sheet.reset_dimensions()  # what a file says of its size need not be true
    for rows in zip(*(sheet.iter_rows(values_only=True) for sheet in sheets), strict=True):
        yield rows[0], rows[-1]


def _has_formulas(archive: zipfile.ZipFile, part: str) -> bool:
    """Whether a sheet holds any. A workbook without is read once only: twice takes twice as long."""
    before = b""
    with archive.open(part) as stream:
        while piece := stream.read(2**20):
            if FORMULAS.search(before + piece):
                return True
            before = piece[-16:]
    return False


def _cell(value: object, formula: object) -> str | dict[str, str]:
    """A cell as a spreadsheet would save it as CSV. Dates stay foreign: what was typed is no longer known."""
    if value is None:
        return "" if formula is None else {FOREIGN: FORMULA}
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else _foreign(value)


def _foreign(value: object) -> dict[str, str]:
    return {FOREIGN: type(value).__name__}


def _limit(seconds: int, memory: int) -> None:
    """Bound this process's seconds and memory where the system can; elsewhere the parent's deadline has to do."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


if __name__ == "__main__":
    kind, *limits = sys.argv[1:]
    rows_limit, bytes_limit, seconds_limit = map(int, limits)
    _limit(seconds_limit, MEMORY[kind])
    write = write_parquet if kind == "parquet" else write_workbook
    sys.exit(write(sys.stdin.buffer.read(), sys.stdout.buffer, rows_limit, bytes_limit))
