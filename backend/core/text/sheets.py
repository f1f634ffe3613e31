"""Sheets: the cells of a CSV file or a workbook become rows with named columns.

Knows what spreadsheets and pandas leave behind: rows without a header, a column without a name that counts the rows,
empty columns, a separator too many. Does not know bytes (table_formats.py) nor what a column means.
"""

import re
from collections.abc import Iterable, Sequence

from backend.core.text.places import LIMITS, Foreign, Place, Rows, printable, too_many_rows
from backend.core.text.prompts import LETTERS
from backend.errors import UserError

RENAME = "Rename one of the two columns, or remove it."
Cell = str | Foreign
Records = list[tuple[int, list[Cell]]]


def filled_records(records: Iterable[tuple[int, list[Cell]]], file: str) -> Records:
    """The records in which anything stands, never more than a file may have."""
    found = []
    for number, cells in records:
        if any(not _blank(cell) for cell in cells):
            if len(found) > LIMITS.rows:
                raise too_many_rows(file)
            found.append((number, cells))
    return found


def sheet_rows(records: Records, file: str, remarks: list[str]) -> Rows:
    """Rows by the names of the header. What is left out of the file is told in `remarks`."""
    if not records:
        return
    if _without_header(records):
        remarks.append("The file has no header; its columns are called 1, 2 and so on.")
        names = [str(i) for i, _ in enumerate(records[0][1], start=1)]
        yield from ((Place(file, number), dict(zip(names, cells, strict=True))) for number, cells in records)
        return
    header, names = records[0][0], _names(records[0], file)
    body = [(Place(file, number, header), _fitted(cells, names)) for number, cells in records[1:]]
    if not body:
        raise UserError(f"{file} has a header and no rows.", "a row under the header", "Add at least one row.")
    for place, cells in body:
        if len(cells) != len(names):
            raise _ragged(cells, names, place)
    kept = _named_columns(names, [cells for _, cells in body], Place(file, header, header), remarks)
    yield from ((place, {names[i]: cells[i] for i in kept}) for place, cells in body)


def _blank(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _without_header(records: Records) -> bool:
    """Whether the first row is a question already: as many cells as the others, the last a letter of its options."""
    width = len(records[0][1])
    options = width - 2
    if not 2 <= options <= len(LETTERS) or len(str(records[0][1][0]).strip()) < 2:
        return False
    letters = LETTERS[:options] if len(records) > 1 or " " in str(records[0][1][0]) else ""
    return all(
        len(cells) == width and isinstance(cells[-1], str) and _letter(cells[-1]) in letters for _, cells in records
    )


def _letter(cell: str) -> str:
    return cell.strip() if len(cell.strip()) == 1 else "no letter"


def _names(record: tuple[int, list[Cell]], file: str) -> list[str]:
    number, cells = record
    for cell in cells:
        if isinstance(cell, Foreign):
            found = f"a value of the kind {printable(cell.kind)} in the header"
            raise Place(file, number, number).error("", found, "names of columns, as texts")
    return [cell.strip() for cell in cells]


def _fitted(cells: Sequence[Cell], names: list[str]) -> list[Cell]:
    """The cells without blank ones behind the last column, and with those that a column without a name left out."""
    cells = list(cells)
    while len(cells) > len(names) and _blank(cells[-1]):
        cells.pop()
    while len(cells) < len(names) and not names[len(cells)]:
        cells.append("")
    return cells


def _named_columns(names: list[str], rows: list[list[Cell]], place: Place, remarks: list[str]) -> list[int]:
    """Which columns are rows' own. One without a name is left out where it is empty or only counts the rows."""
    kept = [i for i, name in enumerate(names) if name]
    for i in sorted(set(range(len(names))) - set(kept)):
        cells = [row[i] for row in rows]
        if i == 0 and all(isinstance(cell, str) and re.fullmatch(r"\s*\d+\s*", cell) for cell in cells):
            remarks.append("The first column has no name and only counts the rows: it is not used.")
        elif not all(map(_blank, cells)):
            found = f"cell {i + 1} of the header is empty"
            raise place.error("", found, "a name for every column", "Name this column or remove it.")
    twice = next((names[i] for i in kept if names.index(names[i]) < i), None)
    if twice:
        raise place.error(printable(twice), "the name stands twice in the header", "different names", RENAME)
    return kept


def _ragged(cells: list[Cell], names: list[str], place: Place) -> UserError:
    found = f"{len(cells)} cell{'s' * (len(cells) != 1)} where the header has {len(names)}"
    if len(cells) < len(names):
        missing = names[len(cells)]
        return place.error(printable(missing), f"no such cell; the row has {found}", "a cell for every column")
    last = cells[len(names) - 1]
    shown = printable(last if isinstance(last, str) else "")
    advice = f"Put quotation marks around a text that holds the separator, as in {shown!r}."
    return place.error(printable(names[-1]), f"cells behind the last column; the row has {found}", "no more", advice)
