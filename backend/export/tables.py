"""Tables of a run as CSV: UTF-8 without a mark, one header, a quote before texts that a spreadsheet would run.

A cell of text that begins with `=`, `+`, `-`, `@`, a tab, a line end or a quote gets one `'` in front; taking one `'`
off gives the text back. Numbers stay numbers, null is empty, a list is JSON. Knows a copy of a run; no study.
"""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from backend.export.copy import RunCopy
from backend.runs.results import summarise_results

RISKY = tuple("=+-@\t\r\n'")
METRICS, RESULTS = "metrics", "results"
WORDS = {
    RESULTS: "one line a student and metric: value on n questions",
    "summary": "their means, the half-width of the 95 % interval, n questions and how many students (seeds)",
    "settings": "every setting",
}
ABOUT = """Tables of a run of Distilloscope, as CSV in UTF-8.

{listed}

Texts that begin with = + - @ ' or a line end are prefixed with one ', so that no spreadsheet reads them as a
formula; remove one ' to get the text. An empty cell is a value that is missing or not finite.
"""


def tables_of(copy: RunCopy) -> dict[str, bytes]:
    """`name.csv -> bytes` of every row file of the folder itself, and a README."""
    return written(rows_of(copy))


def rows_of(copy: RunCopy) -> dict[str, list[dict]]:
    """Table -> its rows: metrics by stage, every other row file, the means of the results, the settings."""
    found: dict[str, list[dict]] = {}
    for row in copy.rows(METRICS):
        found.setdefault(re.sub(r"[^\w-]", "_", f"{METRICS}-{row.get('stage')}"), []).append(row)
    paths = [PurePosixPath(name) for name in sorted(copy.files)]
    for name in [path.stem for path in paths if path.suffix == ".jsonl" and len(path.parts) == 1]:
        if name != METRICS:
            found[name] = copy.rows(name)
    found["summary"] = summarise_results(copy.rows(RESULTS))
    return found | {"settings": [{"setting": name, "value": value} for name, value in copy.config.items()]}


def written(tables: Mapping[str, Sequence[dict]], words: Mapping[str, str] = WORDS) -> dict[str, bytes]:
    """The tables as files, and a README that says what each holds; a table without a row is left out."""
    there = {name: rows for name, rows in tables.items() if rows}
    said = {f"{name}.csv": words.get(name) or f"columns {', '.join(columns(rows))}" for name, rows in there.items()}
    listed = "\n".join(f"{name:24} {what}" for name, what in said.items())
    found = {f"{name}.csv": as_csv(rows) for name, rows in there.items()}
    return found | {"README.txt": ABOUT.format(listed=listed).encode()}


def columns(rows: Sequence[dict]) -> list[str]:
    """Those of all rows, in the order they first appear."""
    return list(dict.fromkeys(name for row in rows for name in row))


def as_csv(rows: Sequence[dict]) -> bytes:
    out, names = io.StringIO(newline=""), columns(rows)
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL)
    writer.writerow([cell(name) for name in names])
    writer.writerows([cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue().encode()


def cell(value: object) -> object:
    """A value as a cell holds it: text guarded, lists as JSON, true and false in small letters."""
    if isinstance(value, bool | list | dict):
        return cell(json.dumps(value, ensure_ascii=False)) if not isinstance(value, bool) else str(value).lower()
    if isinstance(value, str):
        return f"'{value}" if value.startswith(RISKY) else value
    return value
