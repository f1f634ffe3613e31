"""`python -m backend run`: a run from a preset, a YAML file, another run's snapshot, or a folder that is resumed.

Checks everything that can be checked before it claims the folder. Knows flags and the table of studies; not what any of
them computes.
"""

import argparse
import dataclasses
import sys
import time
import traceback
from contextlib import ExitStack
from pathlib import Path

from backend import settings
from backend.commands import follow, notify
from backend.commands.watch import ProgressLines, on_stderr, watching
from backend.errors import UserError
from backend.limits.hosts import this_host
from backend.runs import carry_out, recipe
from backend.runs.folder import RunDir
from backend.studies import STUDIES
from backend.study import Study, find, resolve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", nargs="?", help=f"one of: {', '.join(STUDIES)}")
    parser.add_argument("--out", required=True, type=Path, help="the run folder; an existing run there is resumed")
    parser.add_argument("--preset", help="start from this preset (see `list`)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="change one setting; repeatable"
    )
    parser.add_argument("--stages", default="", help="comma separated, of those that `list` shows; default: all")
    parser.add_argument("--from-yaml", metavar="FILE", help="take all that from a file; - reads what is typed or piped")
    parser.add_argument("--branch", type=Path, metavar="FOLDER", help="go on from a snapshot of the run in this folder")
    parser.add_argument("--at", type=int, metavar="UPDATE", help="the update whose snapshot --branch begins with")
    parser.add_argument("--from-config", action="store_true", help="take everything from the folder's config.json")
    tools = ", ".join(follow.TRACKERS)
    parser.add_argument("--follow", choices=follow.TRACKERS, help=f"show its metrics as they come in one of: {tools}")
    parser.add_argument("--notify", metavar="URL", help="post a small JSON there when the run has ended")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    """Open the folder and work: 0 when done or stopped on request, 1 when it failed. Raises UserError for bad input."""
    if args.follow:
        follow.check(args.follow)
    if args.notify:
        notify.check(args.notify, this_host())
    if args.from_yaml:
        return run_yaml(args)
    if not args.study:
        raise UserError("No study is named.", f"one of {', '.join(STUDIES)}", "Name one, or give --from-yaml FILE.")
    study = find(args.study)
    run_dir, config = open_run(args, study)
    return work(run_dir, config, args.stages, follow_in=args.follow, tell=args.notify)


def run_yaml(args: argparse.Namespace) -> int:
    """Take study, preset, changes and stages from a file, which must then stand alone."""
    branch = args.branch is not None or args.at is not None
    if args.study or args.preset or args.set or args.stages or args.from_config or branch:
        found = "--from-yaml cannot be combined with other options for the run."
        raise UserError(found, "either the file or the options", "Write the change into the file.")
    try:
        with sys.stdin if args.from_yaml == "-" else Path(args.from_yaml).open(encoding="utf-8") as file:
            text = file.read(recipe.MOST_BYTES + 1)
    except (OSError, ValueError):
        raise UserError(f"{args.from_yaml} cannot be read.", "a YAML file in UTF-8", "Check the path.") from None
    wanted = recipe.read_yaml(text)
    run_dir, config, stages = carry_out.open_run(wanted, args.out)
    return work(run_dir, config, stages, follow_in=args.follow, tell=args.notify)


def work(
    run_dir: RunDir, config: object, wanted: str, say=None, follow_in: str | None = None, tell: str | None = None
) -> int:
    """Claim the folder, do the wanted stages, and write down how it ended.

    Meanwhile stderr hears how far it is; `follow_in` names a tool that gets the metrics, `tell` who hears of the end.
    """
    run_dir.claim()
    study, begin = find(run_dir.config()["study"]), time.monotonic()
    on_stderr(f"Starting {study.name} in {run_dir.path}. Loading the libraries takes some seconds.")
    with watched(run_dir, study, follow_in):
        state = attempt(run_dir, config, wanted)
    if tell:
        notify.notify(tell, run_dir, study, time.monotonic() - begin, on_stderr)
    if not state:
        return 1
    print(f"{state}: {run_dir.path}", file=say)
    return 0


def attempt(run_dir: RunDir, config: object, wanted: str) -> str | None:
    """The state in which the run ended; None where it failed, which is said here."""
    try:
        return carry_out.carry_out(run_dir, config, wanted)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
    except Exception:  # a defect of ours: the trace goes to the log, a sentence to the screen
        traceback.print_exc()
    return None


def watched(run_dir: RunDir, study: Study, follow_in: str | None) -> ExitStack:
    """Whoever looks at the run while it computes; the last look is at its end."""
    looking = ExitStack()
    titles = {stage.name: stage.title for stage in study.stages}
    looking.enter_context(watching(ProgressLines(run_dir, titles, on_stderr, bars=sys.stderr.isatty()).look))
    if follow_in:
        follower = follow.Follower(run_dir, follow_in, on_stderr)
        looking.callback(follower.close)
        looking.enter_context(watching(follower.look))
    return looking


def open_run(args: argparse.Namespace, study: Study) -> tuple[RunDir, object]:
    """The run folder and its checked config, from the folder itself or from preset and --set."""
    alone = args.at is not None and args.branch is None
    if alone or (args.from_config and args.branch is not None):
        found = "--at needs --branch." if alone else "--branch cannot be combined with --from-config."
        raise UserError(found, "--branch FOLDER with --at UPDATE, or --from-config", "Correct the command.")
    if args.from_config:
        run_dir = RunDir(args.out)
        if not (args.out / "config.json").exists():
            raise UserError(f"{args.out} holds no config.json.", "a run folder", "Start it with --preset first.")
        saved = settings.from_saved(study.config, run_dir.config()["config"])
        return run_dir, settings.build(study.config, saved)
    changes = dict(settings.parse_assignment(study.config, text) for text in args.set)
    if args.branch is not None:
        return open_branch(args, study, changes)
    values = settings.load_preset(study.presets, args.preset)["settings"] if args.preset else {}
    config = settings.build(study.config, values | changes)
    return RunDir.create(args.out, study.name, args.preset, settings.as_json(config)), config


def open_branch(args: argparse.Namespace, study: Study, changes: dict) -> tuple[RunDir, object]:
    """A branch of another run: its settings with `changes`. Raises UserError where there can be none."""
    if args.preset or args.at is None or not (args.branch / "config.json").exists():
        found = (
            "--branch cannot be combined with --preset." if args.preset else f"--branch {args.branch} --at {args.at}."
        )
        raise UserError(found, "a run folder after --branch, an update after --at, no preset", "Correct the command.")
    parent = RunDir(args.branch.resolve())  # a branch remembers its parent's name, and `.` has none
    if parent.config()["study"] != study.name:
        found = f"{args.branch} is a run of {parent.config()['study']}."
        raise UserError(found, f"a run of {study.name}", "Choose such a run.")
    if study.branch is None:
        raise UserError(f"Runs of {study.name} keep no snapshots.", "a study whose runs do", "Leave --branch out.")
    config = dataclasses.replace(resolve(study.branch.settings)(parent), **changes)
    return resolve(study.branch.make)(parent, args.at, args.out, config), config
