"""`python -m backend models`: every model to choose from, how large, where it is, and the memory that it takes.

Prints; what there is, core/models/listed.py knows.
"""

import argparse
import json

from backend.core.models.listed import Listed, listed

HEAD = ("model", "parameters", "licence", "where", "score", "tune", "distil")

NOTE = (
    "Memory is of one process in float32, tuned with LoRA, good to a factor of about two.\nAny other causal language "
    "model of the hub, a folder saved by transformers or a .gguf file may be named as well."
)


def add_models(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="all figures, for machines")
    parser.set_defaults(command=show_models)


def show_models(args: argparse.Namespace) -> int:
    found = listed()
    if args.json:
        print(json.dumps([one.as_row() for one in found], indent=1))
    else:
        print(f"{table([HEAD, *map(line, found)])}\n\n{NOTE}")
    return 0


def line(one: Listed) -> tuple[str, ...]:
    """A row of the table."""
    row = one.as_row()
    where = f"download of {row['download_mb']:,} MB" if row["download_mb"] else row["place"]
    gated = " (gated)" if one.entry.gated else ""
    memory = (f"{row['memory_mb'][task] / 1024:.1f} GB" for task in HEAD[-3:])
    return one.entry.id, f"{one.entry.parameters / 1e6:,.1f} M", one.entry.licence + gated, where, *memory


def table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return "\n".join("  ".join(cells).rstrip() for cells in padded)
