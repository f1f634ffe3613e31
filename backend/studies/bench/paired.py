"""`python -m backend paired A B`: whether one bench run's students answer more questions than another's, or were lucky.

Knows run folders and how a comparison is printed; the statistics are in core/scoring/compare.py. No torch.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from backend.core.scoring.compare import paired, sentence
from backend.core.scoring.scored import COUNTED, FREE_METRICS, METRICS
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.studies.bench.files import questions_scored, students_of

SHOWN = 10  # flips of each kind on a terminal


def add_command(commands) -> None:
    """Add the verb to the command line's subparsers."""
    parser = commands.add_parser("paired", help="compare the students of two bench runs, question by question")
    add_arguments(parser)
    parser.set_defaults(command=run)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", help="a bench run's folder; FOLDER:base for its untuned student")
    parser.add_argument("b", help="the other one")
    parser.add_argument("--task", help="which task; may be left out where both were scored on one")
    parser.add_argument(
        "--metric",
        default="",
        choices=(*METRICS, *FREE_METRICS),
        help=f"default: {METRICS[0]}, or {FREE_METRICS[0]} per character of free answers",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of sentences")


def run(args: argparse.Namespace) -> int:
    """Compare and print; UserErrors are left to the caller."""
    (run_a, who_a), (run_b, who_b) = side(args.a), side(args.b)
    task = args.task or only_task(run_a, who_a, run_b, who_b)
    found = paired(questions_scored(run_a, who_a, task), questions_scored(run_b, who_b, task), args.metric)
    if args.json:
        print(json.dumps({"task": task, "metric": found.metric, "a": args.a, "b": args.b, **asdict(found)}, indent=1))
        return 0
    said = sentence(found, args.a, args.b)
    print(f"{task}, {found.metric}: {said}")
    if found.p_value is not None:
        print(f"McNemar's exact p = {found.p_value:.3g}")
    names = ("gained", "lost") if found.metric in COUNTED else ("better", "worse")
    for name, ids in zip(names, (found.gained, found.lost), strict=True):
        more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
        print(f"{name} ({len(ids)}): {', '.join(ids[:SHOWN])}{more}" if ids else f"{name}: none")
    return 0


def side(text: str) -> tuple[RunDir, str]:
    """`FOLDER` or `FOLDER:WHO` as a run and whose scores are meant."""
    folder, colon, who = text.rpartition(":")
    if not colon or Path(text).exists():
        folder, who = text, "tuned"
    if not (Path(folder) / "config.json").is_file():
        raise UserError(f"{folder} is not a run folder.", "a folder with config.json", "Check the path.")
    return RunDir(Path(folder)), who


def only_task(run_a: RunDir, who_a: str, run_b: RunDir, who_b: str) -> str:
    """The one task both were scored on. UserError where there is none, or a choice."""
    shared = sorted(students_of(run_a, who_a).keys() & students_of(run_b, who_b).keys())
    if len(shared) != 1:
        found = f"Both runs were scored on {', '.join(shared)}." if shared else "The runs share no scored task."
        raise UserError(found, "one task to compare on", "Name one with --task, or score both on the same one.")
    return shared[0]
