"""Every table of a run as CSV: UTF-8 without a mark, one header, a quote before texts that a spreadsheet would run.

A cell of text that begins with `=`, `+`, `-`, `@`, a tab, a line end or a quote gets one `'` in front; taking one `'`
off gives the text back. Numbers stay numbers, null is empty. Knows a copy of a run.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from backend.export.copy import RunCopy
from backend.runs.results import summarise_results

RISKY = tuple("=+-@\t\r\n'")
ABOUT = """Tables of a run of Distilloscope, as CSV in UTF-8.

metrics-*.csv    one line an update, a step of an expert or a round of a search
prompts.csv      the prompts as text at every snapshot
distilled.csv    the data set
results.csv      one line a student: accuracy (value) on n questions
summary.csv      their means, the half-width of the 95 % interval, n questions and how many students (seeds)
heldout.csv      matching losses on experts the prompts never followed
settings.csv     every setting

Texts that begin with = + - @ ' or a line end have one ' put before them, so that no spreadsheet takes them for a
formula; take one ' off to have the text. An empty cell is a value that is not there or not finite.
"""


def tables_of(copy: RunCopy) -> dict[str, bytes]:
    """`name.csv -> bytes`, and a README; a table without a row is left out."""
    metrics = copy.rows("metrics")
    found = {f"metrics-{stage}": [row for row in metrics if row["stage"] == stage] for stage in stages(metrics)}
    found |= {
        "prompts": list(prompts(copy.rows("prompts"))),
        "distilled": [without(row, "provenance") | row["provenance"] for row in copy.rows("distilled")],
        "results": copy.rows("results"),
        "summary": summarise_results(copy.rows("results")),
        "heldout": list(heldout(copy.document("summary.json"))),
        "settings": [{"setting": name, "value": value} for name, value in copy.config.items()],
    }
    written = {f"{name}.csv": as_csv(rows) for name, rows in found.items() if rows}
    return written | {"README.txt": ABOUT.encode()}


def stages(metrics: Iterable[dict]) -> list[str]:
    return [stage for stage in ("experts", "distil", "search") if any(row["stage"] == stage for row in metrics)]


def prompts(rows: Iterable[dict]) -> Iterator[dict]:
    """One row a prompt; `round` is empty but behind the last update."""
    for row in rows:
        for prompt in row["prompts"]:
            yield {"step": row["step"], "round": row.get("round"), **prompt}


def heldout(summary: dict) -> Iterator[dict]:
    for name, rows in (summary.get("heldout") or {}).items():
        for row in rows:
            yield {"prompts": name, **row}


def without(row: dict, name: str) -> dict:
    return {key: value for key, value in row.items() if key != name}


def as_csv(rows: list[dict]) -> bytes:
    """A table; its columns are those of all rows, in the order they first appear."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL)
    writer.writerow([cell(name) for name in columns])
    writer.writerows([cell(row.get(name)) for name in columns] for row in rows)
    return out.getvalue().encode()


def cell(value: object) -> object:
    """A value as a cell holds it: text guarded, lists as JSON, true and false in small letters."""
    if isinstance(value, bool | list | dict):
        return cell(json.dumps(value, ensure_ascii=False)) if not isinstance(value, bool) else str(value).lower()
    if isinstance(value, str):
        return f"'{value}" if value.startswith(RISKY) else value
    return value
