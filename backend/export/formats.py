"""Formats: a list of rows as the bytes of a json, jsonl, csv or parquet file, every text byte for byte.

A cell of csv is the text itself: unlike the tables of a run, nothing is put in front of one that a spreadsheet would
take for a formula, for a program would learn that too. Knows rows; not what is in them.
"""

import csv
import io
import json
from collections.abc import Sequence

from backend.errors import UserError


def as_json(rows: Sequence[dict]) -> bytes:
    return (json.dumps(list(rows), ensure_ascii=False, indent=1) + "\n").encode()


def as_jsonl(rows: Sequence[dict]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_csv(rows: Sequence[dict]) -> bytes:
    """UTF-8 with a header. UserError where a cell would be a list or an object."""
    nested = next((name for row in rows for name, value in row.items() if isinstance(value, list | dict)), None)
    if nested:
        raise UserError(
            f"`{nested}` is a list, which no cell of a csv can hold.", "json, jsonl or parquet", "Use jsonl."
        )
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_parquet(rows: Sequence[dict]) -> bytes:
    """The one format whose text no reader takes for a date or a number, however it looks. It has no object without
    fields: null stands there."""
    import pyarrow  # noqa: PLC0415 - slow to import, and only this format needs it
    import pyarrow.parquet  # noqa: PLC0415

    out = io.BytesIO()
    told = [{name: None if value == {} else value for name, value in row.items()} for row in rows]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(told), out)
    return out.getvalue()


FORMATS = {"json": as_json, "jsonl": as_jsonl, "csv": as_csv, "parquet": as_parquet}
