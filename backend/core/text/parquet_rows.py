"""Parquet to JSON lines, in a process of its own: `python parquet_rows.py ROWS BYTES SECONDS < FILE > LINES`.

Apart, because a damaged file can end the whole process inside the parquet library, where no Python catches anything,
and a few hundred bytes can unpack to more than there is memory. The first line holds the names of the columns, then
comes a line a row. Knows pyarrow and nothing of this project. No pickle: what JSON cannot hold is named, not carried.
"""

import contextlib
import json
import sys
from typing import BinaryIO

BATCH = 16  # rows unpacked at once: a cell is measured only after that
MEMORY = 4 * 2**30
TOO_LARGE = 3  # the exit status that says: nothing is damaged, but it unpacks to more than the limit
FOREIGN = "\0kind"  # the key of an object that stands for a value of another kind


def write_rows(raw: bytes, out: BinaryIO, most_rows: int, most_bytes: int) -> int:
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


def _foreign(value: object) -> dict[str, str]:
    return {FOREIGN: type(value).__name__}


def _limit(seconds: int) -> None:
    """Bound this process's seconds and memory where the system can; elsewhere the parent's deadline has to do."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    rows_limit, bytes_limit, seconds_limit = map(int, sys.argv[1:])
    _limit(seconds_limit)
    sys.exit(write_rows(sys.stdin.buffer.read(), sys.stdout.buffer, rows_limit, bytes_limit))
