"""Estimates: what twelve runs of different studies, presets and settings were expected to take, and what they took.

    python -m benchmarks.estimate_bar [--out FOLDER] [--only NAME,...] [--again] [--json]

Measures this machine first (backend/runs/probe.py) and keeps a home of its own in the folder, so that nothing that was
recorded before is spared. Each run is estimated in the moment it starts, as the page would, and then done by the
command line; earlier ones correct later ones, as on a user's machine. What is in FOLDER/bar.jsonl is not done again, so
an interrupted bar goes on; --again forgets it. `load` is how many programs wanted a core, before and after. Exit code 1
where fewer than ten of twelve are within a factor of 1.5.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from backend.runners.processes import PROJECT, worker_environment
from backend.runs.estimate import estimate
from backend.runs.folder import RunDir
from backend.runs.machine import this_machine
from backend.runs.pace import measure, pace
from backend.runs.recipe import checked
from backend.settings import parse_assignment
from backend.study import find
from benchmarks.rows import machine, machine_line

WITHIN, OF_TWELVE = 1.5, 10


@dataclass(frozen=True)
class Case:
    """A run. `changes`: settings beside the preset's."""

    name: str
    study: str
    preset: str | None = None
    changes: dict[str, str] = field(default_factory=dict)


SHORT = {"experts": "1", "expert_steps": "20", "expert_batch": "64", "max_start": "2", "test_limit": "100"}
CHOSEN = {"lrs": "0.005", "seeds": "2", "test_limit": "200", "validation_limit": "100"}
CASES = (
    Case("bench-base", "bench", "base"),
    Case("bench-handful", "bench", "handful"),
    Case("bench-pocket", "bench", "pocket"),
    Case("bench-llama", "bench", None, {"student": "llama-pocket", "steps": "120", "lrs": "0.002,0.005", "seeds": "2",
         "tasks": "pocket_science,pocket_mmlu", "test_limit": "0"}),
    Case("bench-full", "bench", None, {"method": "full", "lrs": "0.0005", "seeds": "2", "steps": "150", "batch": "16"}),
    Case("distil-quick", "text_distillation", "quick", {"seed": "11"}),
    Case("distil-short", "text_distillation", None, SHORT | {"outer_steps": "25", "inner_steps": "8", "seeds": "1",
         "decoder": "nearest", "finetune_steps": "30", "seed": "12"}),
    Case("distil-llama", "text_distillation", None, SHORT | {"model": "llama-pocket", "other_model": "", "seeds": "2",
         "outer_steps": "15", "inner_steps": "12", "decoder": "nearest", "prompts": "6", "seed": "13"}),
    Case("distil-search", "text_distillation", None, SHORT | {"outer_steps": "5", "inner_steps": "6", "seeds": "1",
         "search_rounds": "2", "search_readers": "own", "arms": "text,random", "regimes": "ordinary",
         "finetune_steps": "40", "seed": "14"}),
    Case("distil-prefix", "text_distillation", None, SHORT | {"outer_steps": "20", "prompts": "12", "seeds": "1",
         "decoder": "straight_through", "layout": "prefix", "inner_steps": "8", "other_model": "", "seed": "15"}),
    Case("compare-chosen", "comparison", "pocket_1", CHOSEN | {"arms": "base,random,bm25,k_center,full", "seed": "16"}),
    Case("compare-search", "comparison", "pocket_1", CHOSEN | {"arms": "random,less,text", "students": "opt-pocket",
         "rounds": "2", "start": "random", "seeds": "1", "steps": "40", "seed": "17"}),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/estimate_bar"))
    parser.add_argument("--only", default="", help="names of runs, comma separated")
    parser.add_argument("--again", action="store_true", help="forget what the folder holds")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    out = args.out.resolve()
    if args.again:
        shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    os.environ["DISTILLOSCOPE_HOME"] = str(out / "home")
    if not pace()[1]:
        measure(worker_environment())
    print(f"{machine_line(machine())}; pace: {pace()}", file=sys.stderr)
    wanted = [case for case in CASES if not args.only or case.name in args.only.split(",")]
    rows = [row for case in wanted if (row := row_of(case, out))]
    print(json.dumps(rows, indent=1) if args.json else table(rows))
    good = sum(within(row) <= WITHIN for row in rows)
    return 0 if good >= len(rows) * OF_TWELVE / len(CASES) else 1


def row_of(case: Case, out: Path) -> dict | None:
    """The row of a run, from the folder or made now; none for a run that failed, which is said."""
    file = out / "bar.jsonl"
    kept = [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []
    if found := [row for row in kept if row["run"] == case.name]:
        return found[-1]
    row = measured(case, out / case.name)
    if row:
        with file.open("a") as opened:
            opened.write(json.dumps(row) + "\n")
        print(line(row), file=sys.stderr, flush=True)
    return row


def measured(case: Case, folder: Path) -> dict | None:
    """Estimate, run, and read what it took."""
    shutil.rmtree(folder, ignore_errors=True)
    study = find(case.study)
    changes = dict(parse_assignment(study.config, f"{name}={value}") for name, value in case.changes.items())
    found = estimate(study, checked(case.study, case.preset, changes).config(), "", this_machine())
    load, began = os.getloadavg()[0], time.monotonic()
    words = [sys.executable, "-m", "backend", "run", case.study, "--out", str(folder)]
    words += ["--preset", case.preset] if case.preset else []
    words += [word for name, value in case.changes.items() for word in ("--set", f"{name}={value}")]
    done = subprocess.run(words, cwd=PROJECT, env=worker_environment(), capture_output=True, text=True, check=False)
    took = time.monotonic() - began
    if done.returncode:
        print(f"{case.name} failed: {done.stderr[-500:]}", file=sys.stderr)
        return None
    told = RunDir(folder).status()["time"]
    row = {"run": case.name, "expected_s": round(found.seconds, 1), "from_s": round(found.low, 1)}
    row |= {"to_s": round(found.high, 1), "took_s": round(took, 1), "load": [load, os.getloadavg()[0]]}
    return row | {"expected": {name: round(value, 1) for name, value in found.stages.items()}, "took": told["stages"]}


def within(row: dict) -> float:
    """How many times too long or too short."""
    return max(row["expected_s"] / row["took_s"], row["took_s"] / row["expected_s"])


def table(rows: list[dict]) -> str:
    """As Markdown, with how many are within the bar's factor."""
    head = "| run | expected | range | took | factor | load | stages: expected, took |"
    good = sum(within(row) <= WITHIN for row in rows)
    said = f"{good} of {len(rows)} within a factor of {WITHIN:g}."
    return "\n".join([head, "|---" * 7 + "|", *map(line, rows), "", said])


def line(row: dict) -> str:
    """One run."""
    stages = ", ".join(f"{name} {row['expected'].get(name, 0):.0f} {took:.0f}" for name, took in row["took"].items())
    before, after = row["load"]
    return (
        f"| {row['run']} | {row['expected_s']:.0f} s | {row['from_s']:.0f} to {row['to_s']:.0f} | "
        f"{row['took_s']:.0f} s | {within(row):.2f} | {before:.1f}, {after:.1f} | {stages} |"
    )


if __name__ == "__main__":
    sys.exit(main())
