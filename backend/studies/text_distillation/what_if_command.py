"""`python -m backend what-if RUN`: change a run's final texts, and see what fresh students then answer.

Knows its flags and how the answer is printed. The page asks the very function that this calls. Torch is imported only
when the command runs.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from backend.core.scoring.compare import Paired, sentence
from backend.errors import UserError
from backend.studies.text_distillation.edits import edits_file


def add_command(commands) -> None:
    """Add the verb to the command line's subparsers."""
    parser = commands.add_parser("what-if", help="change texts of a distillation run; what do fresh students answer?")
    parser.add_argument("run", help="the run's folder")
    parser.add_argument(
        "--edits",
        metavar="FILE",
        help='JSON, a list of {"slot", "question", "answer"}, {"slot", "remove": true} or {"slot", "real": number}',
    )
    parser.add_argument("--students", type=int, metavar="N", help="of each model and side (default: as on the page)")
    parser.add_argument("--questions", type=int, metavar="N", help="of the test (default: as on the page)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of sentences")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    """Train, score and print; UserErrors are left to the caller."""
    edits, chosen = read_file(args.edits) if args.edits else [], {}
    for name in ("students", "questions"):
        if (number := getattr(args, name)) is not None:
            if number < 1:
                raise UserError(f"--{name} is {number}.", "a whole number from 1", "Correct it, or leave it out.")
            chosen[name] = number
    if not (Path(args.run) / "config.json").is_file():
        raise UserError(f"{args.run} is not a run folder.", "a folder with config.json", "Check the path.")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: threads that spin starve other programs
    from backend.core.devices import set_threads  # noqa: PLC0415 - torch takes seconds to import
    from backend.desk.worker import last_of  # noqa: PLC0415
    from backend.studies.text_distillation.what_if import what_if  # noqa: PLC0415

    set_threads()
    found = last_of(what_if(None, args.run, edits, **chosen), show)
    print(json.dumps(found, indent=1, ensure_ascii=False) if args.json else told(found))
    return 0


def read_file(name: str) -> list:
    try:
        return edits_file(Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        found = f"{name} cannot be read ({type(error).__name__})."
        raise UserError(found, "a file in UTF-8", "Check the path.") from error


def show(news: dict) -> None:
    """How far it is, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r{news['share']:4.0%}", end="\r", file=sys.stderr, flush=True)


def told(found: dict) -> str:
    """The answer in sentences."""
    lines = [
        f"{len(found['texts'])} texts, {found['before']} before; "
        f"the first {found['questions']:,} of {found['of']:,} test questions of {found['task']}"
    ]
    for reader in found["readers"]:
        result = Paired(**reader["paired"])
        lines.append(f"{reader['name']}: {result.mean_b:.3f} before, {result.mean_a:.3f} after")
        lines.append(f"  {sentence(result, 'the edited set', 'the original set')}")
    return "\n".join(lines)
