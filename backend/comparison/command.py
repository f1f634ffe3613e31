"""`python -m backend compare TASK`: select or distil data sets of equal size, train students on each, print the table.

A thin front of the comparison study: what it starts is a run folder like any other, resumed by the same command. Knows
flags; not what is compared.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from backend import settings
from backend.commands.run import work
from backend.comparison.config import PRESETS, ComparisonConfig
from backend.comparison.names import ARMS
from backend.comparison.study import STUDY
from backend.disk import home
from backend.runs.folder import RunDir


def add_command(commands) -> None:
    """Add the verb to the command line's subparsers."""
    parser = commands.add_parser("compare", help="train students on data sets chosen or distilled in many ways")
    add_arguments(parser)
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    """Make or resume the comparison, and print its table in the end."""
    run_dir, config = open_run(args)
    code = work(run_dir, config, "", say=sys.stderr)
    if code == 0 and run_dir.status()["state"] == "finished":
        show(run_dir, args.json)
    return code


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="for example pocket_science, or own_text for a file of yours")
    parser.add_argument("--model", help="the model that selects and distils")
    parser.add_argument("--budget", help="examples of an arm as a share of the training questions, for example 0.05")
    parser.add_argument("--arms", help=f"comma separated, of: {', '.join(ARMS)}")
    parser.add_argument("--students", help="comma separated models that are trained on every arm")
    parser.add_argument("--seeds", help="students per arm")
    parser.add_argument("--preset", help="start from this preset of the comparison (see `list`)")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="another setting; repeatable")
    parser.add_argument("--out", type=Path, help="the run folder; default: one below the home folder, by the settings")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def config_of(args: argparse.Namespace) -> ComparisonConfig:
    """The checked config. Raises UserError for a flag that makes no sense."""
    values = settings.load_preset(PRESETS, args.preset)["settings"] if args.preset else {}
    given = {"task": args.task}
    given |= {name: getattr(args, name) for name in ("model", "budget", "arms", "students", "seeds")}
    words = [f"{name}={value}" for name, value in given.items() if value is not None] + args.set
    return settings.build(
        ComparisonConfig, values | dict(settings.parse_assignment(ComparisonConfig, word) for word in words)
    )


def folder_of(config: ComparisonConfig) -> Path:
    """Where a comparison without --out lives: the same settings are the same folder, and so resumed; where a file of
    one's own was changed since, another one."""
    told = hashlib.sha256(json.dumps(settings.as_json(config), sort_keys=True).encode())
    if config.data_file and Path(config.data_file).is_file():
        with Path(config.data_file).open("rb") as file:
            told.update(hashlib.file_digest(file, "sha256").digest())
    return home() / "comparisons" / f"{config.task}-{told.hexdigest()[:12]}"


def open_run(args: argparse.Namespace) -> tuple[RunDir, ComparisonConfig]:
    config = config_of(args)
    return RunDir.create(args.out or folder_of(config), STUDY.name, args.preset, settings.as_json(config)), config


def show(run: RunDir, as_json: bool) -> None:
    """The table of a finished comparison."""
    from backend.comparison.table import as_text  # noqa: PLC0415 - numpy, which `--help` needs not wait for

    found = json.loads((run.path / "summary.json").read_text(encoding="utf-8"))
    print(json.dumps(found, indent=1) if as_json else as_text(found["table"]))
    print(run.path, file=sys.stderr)
