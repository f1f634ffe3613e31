"""`python -m backend describe`: what is understood of a file before anything is trained on it.

Knows its flags and how the description is printed. Reading is core/text's.
"""

import argparse
import json

from backend.core.text.uploads import describe
from backend.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a file, or a data set of the hub as owner/name[:config[:split]]")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of sentences")
    add_answers_from(parser)
    parser.set_defaults(command=run)


def add_answers_from(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--answers-from",
        type=int,
        choices=(0, 1),
        help="where the numbers among a file's answers begin to count the options, if the file does not tell",
    )


def run(args: argparse.Namespace) -> int:
    """Print the description; of a file that is refused why, with exit status 2."""
    try:
        found = describe(args.file, args.answers_from)
    except UserError as error:
        if not args.json:
            raise
        print(json.dumps({key: error.as_dict()[key] for key in ("found", "expected", "next_step")}, indent=2))
        return 2
    print(json.dumps(found, indent=2, ensure_ascii=False) if args.json else sentences(found))
    return 0


def sentences(found: dict) -> str:
    """The description as a person wants to read it."""
    lines = [f"Read as {found['layout']}: {found['rows']:,} rows, for the task {found['task']}."]
    lines += [f"{role}: {names}" for role, names in found["columns"].items()]
    lines += [f"warning: {sentence}" for sentence in found["warnings"]]
    for number, example in enumerate(found["examples"], start=1):
        options = [f"option: {option!r}" for option in example["options"]]
        lines += [f"\nexample {number}", f"prompt: {example['prompt']!r}", *options, f"answer: {example['answer']!r}"]
    return "\n".join(lines)
