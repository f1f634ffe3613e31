"""The command line: run a study, score a model, show results, list what there is.

Parses words and prints sentences. Torch is imported only by commands that compute, so `--help` and `list` are quick.
"""

import argparse
import dataclasses
import importlib
import json
import os
import sys
import traceback
from pathlib import Path

from backend import settings
from backend.commands import ask as ask_command
from backend.commands import compare as compare_command
from backend.commands import export as export_command
from backend.commands import paired as paired_command
from backend.commands import score as scoring
from backend.errors import UserError
from backend.runs import carry_out as reproduce
from backend.runs import recipe
from backend.runs.folder import RunDir
from backend.studies import STUDIES, study_module

BRANCHING = ("text_distillation",)  # studies whose runs keep snapshots


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

    add_run(commands.add_parser("run", help="run a study from a preset, or resume the run in a folder"))

    score = commands.add_parser("score", help="score a model on a task")
    scoring.add_arguments(score)
    score.set_defaults(command=score_command)

    results = commands.add_parser("results", help="the table of results of a run folder")
    results.add_argument("folder", type=Path)
    results.add_argument("--json", action="store_true")
    results.set_defaults(command=results_command)

    compare = commands.add_parser("compare", help="train students on data sets chosen or distilled in many ways")
    compare_command.add_arguments(compare)
    compare.set_defaults(command=run_comparison)

    versus = commands.add_parser("paired", help="compare the students of two bench runs, question by question")
    paired_command.add_arguments(versus)
    versus.set_defaults(command=paired_command.run)

    ask = commands.add_parser("ask", help="put one question to a student, and to a tuned one beside it")
    ask_command.add_arguments(ask)
    ask.set_defaults(command=ask_command.run)

    export_command.add_export(
        commands.add_parser("export", help="a distillation run, its data set or its tables, as a file")
    )
    export_command.add_import(commands.add_parser("import", help="make a run folder of an exported run"))

    listing = commands.add_parser("list", help="studies, presets, settings, tasks and bundled models")
    listing.add_argument("--markdown", metavar="STUDY", help="only this study's settings, as the table in its README")
    listing.set_defaults(command=list_command)
    return root


def add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("study", nargs="?", help=f"one of: {', '.join(STUDIES)}")
    run.add_argument("--out", required=True, type=Path, help="the run folder; an existing run there is resumed")
    run.add_argument("--preset", help="start from this preset (see `list`)")
    run.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="change one setting; repeatable")
    run.add_argument("--stages", default="", help="comma separated, e.g. experts,distil,decode; default: all")
    run.add_argument("--from-yaml", metavar="FILE", help="take all that from a file; - reads what is typed or piped")
    run.add_argument("--branch", type=Path, metavar="FOLDER", help="go on from a snapshot of the run in this folder")
    run.add_argument("--at", type=int, metavar="UPDATE", help="the update whose snapshot --branch begins with")
    run.add_argument("--from-config", action="store_true", help="take everything from the folder's config.json")
    run.set_defaults(command=run_command)


# -- run ----------------------------------------------------------------------------------------------------------
def run_command(args: argparse.Namespace) -> int:
    """Check everything that can be checked first, then claim the folder and work."""
    if args.from_yaml:
        return run_yaml(args)
    if not args.study:
        raise UserError("No study is named.", f"one of {', '.join(STUDIES)}", "Name one, or give --from-yaml FILE.")
    run_dir, config = open_run(args, study_module(args.study, "config"))
    return work(args.study, run_dir, config, args.stages)


def run_yaml(args: argparse.Namespace) -> int:
    """The same for a file that says it all."""
    branch = args.branch is not None or args.at is not None
    if args.study or args.preset or args.set or args.stages or args.from_config or branch:
        found = "--from-yaml stands beside other words about the run."
        raise UserError(found, "either the file or the words", "Write the change into the file.")
    try:
        with sys.stdin if args.from_yaml == "-" else Path(args.from_yaml).open(encoding="utf-8") as file:
            text = file.read(recipe.MOST_BYTES + 1)
    except (OSError, ValueError):
        raise UserError(f"{args.from_yaml} cannot be read.", "a YAML file in UTF-8", "Check the path.") from None
    wanted = recipe.read_yaml(text)
    run_dir, config, stages = reproduce.open_run(wanted, args.out)
    return work(wanted.study, run_dir, config, stages)


def run_comparison(args: argparse.Namespace) -> int:
    """The same for a comparison, and its table in the end."""
    run_dir, config = compare_command.open_run(args)
    code = work("comparison", run_dir, config, "", say=sys.stderr)
    if code == 0 and run_dir.status()["state"] == "finished":
        compare_command.show(run_dir, args.json)
    return code


def work(study: str, run_dir: RunDir, config, wanted: str, say=None) -> int:
    """Claim the folder, do the wanted stages, and write down how it ended."""
    run_dir.claim()
    try:
        state = reproduce.carry_out(study, run_dir, config, wanted)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Exception:  # a defect of ours: the trace goes to the log, a sentence to the screen
        traceback.print_exc()
        return 1
    print(f"{state}: {run_dir.path}", file=say)
    return 0


def open_run(args: argparse.Namespace, config_module):
    """The run folder and its checked config, from the folder itself or from preset and --set."""
    alone = args.at is not None and args.branch is None
    if alone or (args.from_config and args.branch is not None):
        found = "--at stands without --branch." if alone else "--branch stands beside --from-config."
        raise UserError(found, "--branch FOLDER with --at UPDATE, or --from-config", "Correct the command.")
    if args.from_config:
        run_dir = RunDir(args.out)
        if not (args.out / "config.json").exists():
            raise UserError(f"{args.out} holds no config.json.", "a run folder", "Start it with --preset first.")
        return run_dir, settings.build(
            config_module.CONFIG, settings.from_saved(config_module.CONFIG, run_dir.config()["config"])
        )
    changes = dict(settings.parse_assignment(config_module.CONFIG, text) for text in args.set)
    if args.branch is not None:
        return open_branch(args, changes)
    values = settings.load_preset(config_module.PRESETS, args.preset)["settings"] if args.preset else {}
    config = settings.build(config_module.CONFIG, values | changes)
    return RunDir.create(args.out, args.study, args.preset, settings.as_json(config)), config


def open_branch(args: argparse.Namespace, changes: dict):
    """A branch of another run: its settings with `changes`. Raises UserError where there can be none."""
    if args.preset or args.at is None or not (args.branch / "config.json").exists():
        found = "--branch came with --preset." if args.preset else f"--branch {args.branch} --at {args.at}."
        raise UserError(found, "a run folder after --branch, an update after --at, no preset", "Correct the command.")
    parent = RunDir(args.branch.resolve())  # a branch remembers its parent's name, and `.` has none
    if args.study not in BRANCHING or parent.config()["study"] != args.study:
        raise UserError(f"{args.branch} is a run of {parent.config()['study']}.", BRANCHING[0], "Choose such a run.")
    branching = study_module(args.study, "branching")
    config = dataclasses.replace(branching.parents_config(parent), **changes)
    return branching.make_branch(parent, args.at, args.out, config), config


# -- score, results, list -----------------------------------------------------------------------------------------
def score_command(args: argparse.Namespace) -> int:
    return scoring.run(args)


def results_command(args: argparse.Namespace) -> int:
    """Mean and spread over seeds for every arm, student, regime and metric."""
    if not (args.folder / "config.json").exists():
        raise UserError(f"{args.folder} is not a run folder.", "a folder with config.json", "Check the path.")
    results = importlib.import_module("backend.runs.results")
    table = results.summarise_results(RunDir(args.folder).rows("results"))
    if args.json:
        print(json.dumps(table, indent=1))
    else:
        print("\n".join(filter(None, [results.as_text(table), results.ranking_text(results.ranking(table))])))
    return 0


def list_command(args: argparse.Namespace) -> int:
    if args.markdown:
        print(settings.as_markdown(study_module(args.markdown, "config").CONFIG))
        return 0
    tasks = importlib.import_module("backend.core.text.tasks").TASKS
    models = Path(__file__).parent.parent / "assets" / "models"
    print("tasks:  " + ", ".join(tasks))
    print("models: " + ", ".join(sorted(p.name for p in models.glob("*/"))) + " (or a hub id, folder or .gguf file)")
    print("students known to work (any other causal model may too):")
    registry = importlib.import_module("backend.core.models.registry")
    for entry in registry.KNOWN:
        print(f"    {registry.describe(entry)}")
    for study in STUDIES:
        config_module = study_module(study, "config")
        print(f"\nstudy {study}\n  presets")
        for name in settings.list_presets(config_module.PRESETS):
            print(f"    {name:20} {settings.load_preset(config_module.PRESETS, name)['about']}")
        print("  settings (--set FIELD=VALUE)")
        for item in settings.describe(config_module.CONFIG):
            print(f"    {item.name:20} {item.help} [{item.default}]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
