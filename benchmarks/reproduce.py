"""Reproduce: one run repeated on this machine, and as an older processor would compute it; how far digits agree.

    python -m benchmarks.reproduce [--study text_distillation] [--preset quick] [--set FIELD=VALUE ...] [--out FOLDER]

The first run is the reference. `again` repeats it, `one worker` computes it in one process, `older processor` keeps the
libraries from AVX and AVX2 (their own switches), which rounds sums in another order, as another kind of processor does.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from backend.runs.folder import RunDir
from benchmarks.rows import machine, machine_line

OLDER = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}
WAYS = {"reference": {}, "older processor": OLDER, "again": {}, "one worker": {"DISTILLOSCOPE_WORKERS": "1"}}


def repeated(words: list[str], out: Path, environment: dict[str, str]) -> RunDir:
    """The run in its folder; one that is finished there is taken as it is."""
    line = [sys.executable, "-m", "backend", "run", *words, "--out", str(out)]
    subprocess.run(line, env=os.environ | environment, check=True, stdout=subprocess.DEVNULL)
    return RunDir(out)


def compared(run: RunDir, other: RunDir) -> Iterator[str]:
    """What differs between two runs, file by file, in words."""
    for name, column in (("metrics", None), ("results", "value")):
        rows, others = (sorted((timeless(row) for row in one.rows(name)), key=place) for one in (run, other))
        if rows == others:
            yield f"{name}: the same digits in {len(rows)} rows"
        elif len(rows) != len(others):
            yield f"{name}: {len(rows)} rows and {len(others)}"
        else:
            yield f"{name}: {differences(rows, others, column)}"


def timeless(row: dict) -> dict:
    return {name: value for name, value in row.items() if name != "seconds"}


def place(row: dict) -> str:
    """Which row it is, whatever was computed: two processes write theirs in no fixed order."""
    return json.dumps({name: value for name, value in row.items() if not isinstance(value, float)})


def differences(rows: list[dict], others: list[dict], column: str | None) -> str:
    """Rows that differ, and the largest difference of a number: of `column`, or relative in any."""
    differing = [(a, b) for a, b in zip(rows, others, strict=True) if a != b]
    found = [(a[key], b[key]) for a, b in differing for key in a if (column or key) == key and key in b]
    numbers = [(a, b) for a, b in found if isinstance(a, float) and isinstance(b, float)]
    if column:
        worst = f"{column} by at most {max((abs(a - b) for a, b in numbers), default=0.0):.4f}"
    else:
        worst = f"by at most {max((abs(a - b) / max(abs(a), 1e-12) for a, b in numbers), default=0.0):.1e}, relative"
    return f"{len(differing)} of {len(rows)} rows differ, {worst}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", default="text_distillation")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    print(machine_line(machine()), flush=True)
    words = [args.study, "--preset", args.preset, *(word for text in args.set for word in ("--set", text))]
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.out or Path(scratch)
        runs = {name: repeated(words, folder / name.replace(" ", "-"), there) for name, there in WAYS.items()}
        for name, run in list(runs.items())[1:]:
            for line in compared(runs["reference"], run):
                print(f"{name}: {line}", flush=True)


if __name__ == "__main__":
    main()
