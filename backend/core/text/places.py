"""Places: where a row of a file stands, how that is said in a message, and how much of a file is read at all.

Knows no format and no column. Rows are counted from 1 as the user's own program shows them. CSV and TSV: as a
spreadsheet, so the header is row 1, a blank row counts and a cell of several lines is still one row. JSON lines: the
line. A JSON array or parquet: the first row is 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from backend.errors import UserError


@dataclass(frozen=True)
class Limits:
    """How much of a file is read; more is refused. 32 MiB of hostile JSON grow to about 1 GB of lists in memory."""

    bytes: int = 32 * 2**20  # of the file; for parquet also of its rows written as JSON
    rows: int = 100_000
    characters: int = 100_000  # of one cell
    nesting: int = 8  # lists and objects inside each other in one cell
    seconds: int = 60  # to unpack parquet

    @property
    def size(self) -> str:
        return f"{self.bytes / 2**20:,.0f} MiB"


LIMITS = Limits()
SMALLER = "Remove rows, or split the file."


@dataclass(frozen=True)
class Foreign:
    """A value that is neither text, number, list nor object: only its kind is known, for the message."""

    kind: str


def printable(text: str, most: int = 40) -> str:
    """A name from a file as a message may show it: short, without line ends and what no terminal can print."""
    text = text[:most]
    return text if text.isprintable() else ascii(text)[1:-1]


@dataclass(frozen=True)
class Place:
    """Where a row stands, for messages: the file, the row number, and the header's row number (0: there is none)."""

    file: str
    row: int
    header: int = 0

    def error(self, column: str, found: str, expected: str, next_step: str = "") -> UserError:
        """What is wrong with a column of this row; no column: with the whole row."""
        where = f"{self.file}, row {self.row}, column `{column}`" if column else f"{self.file}, row {self.row}"
        counted = f" (Rows are counted as in a spreadsheet: the header is row {self.header}.)" if self.header else ""
        return UserError(f"{where}: {found}.", expected, (next_step or "Correct this row or remove it.") + counted)

    def of_header(self) -> "Place":
        """Where the names of the columns stand: the header, or the row itself, which carries them."""
        return replace(self, row=self.header or self.row)


Rows = Iterator[tuple[Place, object]]


def too_large(file: str, what: str = "is") -> UserError:
    return UserError(f"{file} {what} larger than {LIMITS.size}.", f"at most {LIMITS.size}", SMALLER)


def too_many_rows(file: str) -> UserError:
    return UserError(f"{file} has more than {LIMITS.rows:,} rows.", f"at most {LIMITS.rows:,}", SMALLER)
