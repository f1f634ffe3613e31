"""`python -m backend ask`: one question to a student, and to a tuned one beside it.

Knows its flags and how the answers are printed. Models are imported only when the command runs, so that `--help` is
quick.
"""

import argparse
import json
import os
from pathlib import Path

from backend.core.text.prompts import LETTERS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", required=True, help="a bundled name, smollm2-135m, a hub id, a folder or a .gguf file"
    )
    parser.add_argument("--adapter", metavar="DIR", help="the tuned student: a peft folder, or a whole model's folder")
    parser.add_argument("--question", required=True)
    parser.add_argument("--option", action="append", default=[], help="one of the answers to choose from; repeatable")
    parser.add_argument(
        "--style",
        default="texts",
        help="texts: the answer is an option's text; letters: the options are listed; chat: the question as a turn, "
        "in the model's chat template; prompt: exactly as it is. The last two need no options",
    )
    parser.add_argument("--max-new-tokens", type=int, default=24, metavar="N", help="of the free answer (default: 24)")
    parser.add_argument(
        "--bos", default="auto", help="the token that begins a text: auto (as the tokenizer has it), on, off"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    """Ask and print; UserErrors are left to the caller."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: threads that spin starve other programs
    from backend.desk import ask  # noqa: PLC0415 - torch takes seconds to import

    asked = ask.Asked(args.question, tuple(args.option), args.style, args.max_new_tokens, args.bos)
    result = ask.ask(ask.Shelf(), args.model, args.adapter, asked)
    print(json.dumps(result, indent=2, ensure_ascii=False) if args.json else table(result, args.model, args.adapter))
    return 0


def table(result: dict, model: str, adapter: str | None) -> str:
    """A line for each option: its probability for each student; then what each would say by itself."""
    names = {"base": Path(model).name, "tuned": Path(adapter).name if adapter else ""}
    who = {names[side]: told for side, told in result.items() if told is not None}
    if len(who) < sum(told is not None for told in result.values()):  # both folders have the same name
        who = {side: told for side, told in result.items() if told is not None}
    widths = {name: max(len(name), 8) for name in who}
    lines = ["  ".join(f"{name:>{width}}" for name, width in widths.items())]
    for position, option in enumerate(result["base"]["options"]):
        cells = []
        for name, told in who.items():
            share = f"{told['options'][position]['probability']:.1%}"
            cells.append(f"{'> ' + share if told['choice'] == position else share:>{widths[name]}}")
        lines.append("  ".join(cells) + f"  {LETTERS[position]}. {option['text']}")
    lines += [f"{name} says: {told['generation'] or '(nothing)'}" for name, told in who.items()]
    if result["base"]["truncated"]:
        lines.append("The question was cut to fit.")
    return "\n".join(lines)
