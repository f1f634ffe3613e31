"""Experts side by side: the experts stage by one process, and by as many as there are cores.

    python -m benchmarks.experts [--preset standard] [--set FIELD=VALUE ...] [--rounds 3] [--json] [--keep]

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

from benchmarks.rows import Table, parser, row

WAYS = ("1", "")  # what DISTILLOSCOPE_WORKERS says


def main(argv: Sequence[str] | None = None) -> None:
    found = parser(__doc__)
    found.add_argument("--preset", default="standard")
    found.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    args = found.parse_args(argv)
    with Table.of("experts", args) as table:
        table.within([(args.preset, lambda: measured(args.preset, args.set, args.rounds))])


def measured(preset: str, changes: Sequence[str], rounds: int) -> list[dict]:
    settings = [word for one in changes for word in ("--set", one)]
    best, files = dict.fromkeys(WAYS, float("inf")), {}
    for _ in range(rounds):
        for workers in WAYS:
            with tempfile.TemporaryDirectory() as folder:
                took = wall(Path(folder), workers, ["--preset", preset, *settings])
                best[workers] = min(best[workers], took)
                files[workers] = recorded(Path(folder))
    if files["1"] != files[""]:
        raise RuntimeError("The experts of both ways differ.")
    one, several = best["1"], best[""]
    rows = [row(f"{preset}: experts one by one", one, "s"), row(f"{preset}: side by side", several, "s")]
    return [*rows, row(f"{preset}: times faster", one / several, "x")]


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
