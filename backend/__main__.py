"""The command line: run a study, score a model, show results, list what there is.

Parses words; each command has a file in commands/, and a study may bring verbs of its own. Torch is imported only by
commands that compute, so `--help` and `list` are quick.
"""

import argparse
import os
import sys

from backend.commands import ask, describe, export, listing, models, run, score
from backend.errors import UserError
from backend.study import all_studies, resolve


def main(argv: list[str] | None = None) -> int:
    """Exit codes: 0 done or stopped on request, 1 failed, 2 bad input."""
    args = parser().parse_args(argv)
    try:
        return args.command(args)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `... | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that nothing is flushed into it at exit
        return 0
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="python -m backend", description="Distilloscope, without the screen.")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    run.add_arguments(commands.add_parser("run", help="run a study from a preset, or resume the run in a folder"))
    score.add_arguments(commands.add_parser("score", help="score a model on a task"))
    describe.add_arguments(commands.add_parser("describe", help="what is understood of a file"))
    listing.add_results(commands.add_parser("results", help="the table of results of a run folder"))
    ask.add_arguments(commands.add_parser("ask", help="put one question to a student, and to a tuned one beside it"))
    export.add_export(commands.add_parser("export", help="a run, its data set or its tables, as a file"))
    export.add_import(commands.add_parser("import", help="make a run folder of an exported run"))
    for study in all_studies():
        for verb in study.commands.values():
            resolve(verb)(commands)
    models.add_models(commands.add_parser("models", help="models to choose from: size, licence, place, memory"))
    listing.add_list(commands.add_parser("list", help="studies, presets, settings, tasks and bundled models"))
    return root


if __name__ == "__main__":
    sys.exit(main())
