"""The rows of the table of room: a student each, appended to one file as it comes, found again by what it was.

Knows the file alone. A row that a kill cut off in the middle is dropped, and its student trained anew.
"""

import json
import os
from pathlib import Path


class Kept:
    """The rows of one file. `find` and `add` name a row by its `key` fields; whatever else it has are results."""

    def __init__(self, file: Path):
        self.file = file
        self.rows = read(file)
        if file.is_file() and file.stat().st_size and not file.read_bytes().endswith(b"\n"):
            file.write_text("".join(json.dumps(row) + "\n" for row in self.rows), encoding="utf-8")

    def find(self, key: dict) -> dict | None:
        """The row of this student, if there is one."""
        return next((row for row in self.rows if all(row.get(name) == value for name, value in key.items())), None)

    def add(self, key: dict, results: dict) -> dict:
        """Append a row; it is on the disk when this returns."""
        row = key | results
        self.rows.append(row)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps(row) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        return row


def read(file: Path) -> list[dict]:
    """The whole rows of a file, none where it does not exist."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found
