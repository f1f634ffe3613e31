"""Experts side by side: the experts stage by one process, and by as many as there are cores.

    python -m benchmarks.experts [--preset standard] [--set FIELD=VALUE ...] [--rounds 2] [--json]

Wall seconds of the command from its start, each in a home of its own, the best of interleaved rounds; the files of both
ways are compared byte for byte.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rows import parser, row, show

WAYS = ("1", "")  # what DISTILLOSCOPE_WORKERS says


def main(argv: Sequence[str] | None = None) -> None:
    found = parser(__doc__)
    found.add_argument("--preset", default="standard")
    found.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    args = found.parse_args(argv)
    settings = [word for one in args.set for word in ("--set", one)]
    best, files = dict.fromkeys(WAYS, float("inf")), {}
    for _ in range(args.rounds):
        for workers in WAYS:
            with tempfile.TemporaryDirectory() as folder:
                took = wall(Path(folder), workers, ["--preset", args.preset, *settings])
                best[workers] = min(best[workers], took)
                files[workers] = recorded(Path(folder))
    if files["1"] != files[""]:
        raise RuntimeError("The experts of both ways differ.")
    one, several = best["1"], best[""]
    rows = [row(f"{args.preset}: experts one by one", one, "s"), row(f"{args.preset}: side by side", several, "s")]
    show([*rows, row(f"{args.preset}: times faster", one / several, "x")], args.json)


def wall(folder: Path, workers: str, words: list[str]) -> float:
    environment = os.environ | {"DISTILLOSCOPE_HOME": str(folder / "home"), "DISTILLOSCOPE_WORKERS": workers}
    command = [sys.executable, "-m", "backend", "run", "text_distillation", *words, "--stages", "experts"]
    begin = time.monotonic()
    subprocess.run([*command, "--out", str(folder / "run")], env=environment, capture_output=True, check=True)
    return time.monotonic() - begin


def recorded(folder: Path) -> dict[str, bytes]:
    """The trajectories and the run's rows."""
    files = [*folder.rglob("expert-*"), folder / "run" / "metrics.jsonl"]
    return {file.name: file.read_bytes() for file in files}


if __name__ == "__main__":
    main()
