"""Start-up: how long the command line takes to answer, and a run to its first line.

    python -m benchmarks.start_up [--rounds 3] [--json] [--keep]

Wall seconds of processes of their own, the best of interleaved rounds; the first line is the first row a run of the
preset quick logs.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rows import Table, parser, row

WORDS = {"--help": ["--help"], "list": ["list"], "import of torch alone": None}


def main(argv: Sequence[str] | None = None) -> None:
    args = parser(__doc__).parse_args(argv)
    with Table.of("start-up", args) as table:
        table.add(*measured(args.rounds))


def measured(rounds: int) -> list[dict]:
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, words in WORDS.items():
            command = ["-c", "import torch"] if words is None else ["-m", "backend", *words]
            best[name] = min(best.get(name, 1e9), wall([sys.executable, *command]))
        best["quick, first line"] = min(best.get("quick, first line", 1e9), first_line())
    return [row(name, value, "s") for name, value in best.items()]


def wall(command: list[str]) -> float:
    begin = time.monotonic()
    subprocess.run(command, capture_output=True, check=True)
    return time.monotonic() - begin


def first_line() -> float:
    with tempfile.TemporaryDirectory() as folder:
        metrics, begin = Path(folder) / "run" / "metrics.jsonl", time.monotonic()
        words = ["run", "text_distillation", "--preset", "quick", "--out", str(metrics.parent), "--set", "seed=77"]
        worker = subprocess.Popen([sys.executable, "-m", "backend", *words], stdout=subprocess.DEVNULL)
        try:
            while not (metrics.is_file() and metrics.stat().st_size):
                if worker.poll() is not None:
                    raise RuntimeError("The run ended before its first line.")
                time.sleep(0.02)
            return time.monotonic() - begin
        finally:
            worker.terminate()
            worker.wait()


if __name__ == "__main__":
    main()
