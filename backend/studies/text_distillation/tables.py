"""The tables of a distillation as CSV: what every run has, prompts one a line, and matching on held-out experts.

How a table becomes CSV is the export's. Knows a copy of a run.
"""

from collections.abc import Iterable, Iterator

from backend.export import tables
from backend.export.copy import RunCopy

POINTS = ("paths", "neighbours")  # lists of points and of tokens at every place: no table holds them
WORDS = tables.WORDS | {
    "metrics-experts": "one line a step of an expert",
    "metrics-distil": "one line an update",
    "metrics-search": "one line a round of the search",
    "metrics-engine": "one line for each change in how the gradient is computed",
    "prompts": "the prompts as text at every snapshot",
    "distilled": "the data set",
    "facts": "one line a finished prompt: what it contributes, how it reads, what it copies",
    "heldout": "matching losses on experts the prompts never followed",
}


def tables_of(copy: RunCopy) -> dict[str, bytes]:
    """`name.csv -> bytes`, and a README; a table without a row is left out."""
    found = {name: rows for name, rows in tables.rows_of(copy).items() if name not in POINTS}
    found["prompts"] = list(prompts(copy.rows("prompts")))
    found["distilled"] = [without(row, "provenance") | row["provenance"] for row in copy.rows("distilled")]
    found["heldout"] = list(heldout(copy.document("summary.json")))
    return tables.written(found, WORDS)


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
