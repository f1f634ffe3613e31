"""Files become rows: the format is found out, the file is read within the limits, every cell is measured.

Knows paths and bytes. The formats themselves are in table_formats.py, what a column means in layouts/.
"""

from dataclasses import dataclass
from pathlib import Path

from backend.core.text.places import LIMITS, Place, printable, too_large, too_many_rows
from backend.core.text.table_formats import READERS
from backend.errors import UserError


@dataclass(frozen=True)
class Table:
    """Decoded rows with their places, and what there is to remark about how they were found."""

    rows: list[tuple[Place, object]]
    remarks: tuple[str, ...] = ()


def read_table(path: str | Path) -> Table:
    """Every row of a file. Raises UserError for whatever cannot be read or is over LIMITS.

    Cells of a sheet are always texts: "3.14" stays as it is written.
    """
    path = Path(path)
    file = printable(path.name, 80)
    raw = _read_bytes(path, file)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        found = f"{file} ends in {printable(path.suffix) or 'nothing'}."
        raise UserError(found, f"a file that ends in {', '.join(READERS)}", "Save it in one of these formats.")
    rows: list[tuple[Place, object]] = []
    remarks: list[str] = []
    for place, row in reader(raw, file, remarks):
        if len(rows) == LIMITS.rows:
            raise too_many_rows(file)
        for column, value in row.items() if isinstance(row, dict) else [("", row)]:
            _check_cell(value, printable(column), place)
        rows.append((place, row))
    return Table(filled(rows, file), tuple(remarks))


def filled(rows: list, source: str) -> list:
    """The rows, or UserError where there are none."""
    if not rows:
        raise UserError(f"{source} is empty.", "at least one row", "Give a file with at least one question or example.")
    return rows


def _read_bytes(path: Path, file: str) -> bytes:
    """The file's bytes, never more than the limit, however large it says it is."""
    try:
        path = path.expanduser()
        if path.exists() and not path.is_file():  # a folder, or a device that never ends
            raise OSError(0, "it is not a file")
        with path.open("rb") as stream:
            raw = stream.read(LIMITS.bytes + 1)
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a ~name that has no home folder
        found = f"{printable(str(path), 200)} cannot be read ({getattr(error, 'strerror', None) or 'no such path'})."
        raise UserError(found, "a readable file", "Check the path and the permissions.") from None
    if len(raw) > LIMITS.bytes:
        raise too_large(file)
    return raw


def _check_cell(value: object, column: str, place: Place, level: int = 0) -> None:
    if isinstance(value, str) and len(value) > LIMITS.characters:
        found = f"a text of {len(value):,} characters"
        advice = "Shorten it, or look for a missing quotation mark." if place.header else "Shorten it."
        raise place.error(column, found, f"at most {LIMITS.characters:,}", advice)
    if isinstance(value, dict | list):
        if level == LIMITS.nesting:
            found = f"lists or objects more than {LIMITS.nesting} deep"
            raise place.error(column, found, "a text, a number or a plain list")
        for inner in value.values() if isinstance(value, dict) else value:
            _check_cell(inner, column, place, level + 1)
