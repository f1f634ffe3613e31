"""`python -m backend list` and `results`: what there is to run, and the table of a run's results.

Knows the table of studies, tasks, models and the columns of results.jsonl; computes nothing.
"""

import argparse
import importlib
import json
from pathlib import Path

from backend import settings
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.study import Study, all_studies, broken, find


def add_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--markdown", metavar="STUDY", help="only this study's settings, as the table in its README")
    parser.set_defaults(command=show_list)


def add_results(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, nargs="+", help="several, that differ in their seed: mean and spread")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(command=show_results)


def show_results(args: argparse.Namespace) -> int:
    """Mean and spread over students for every arm, student, regime and metric; of several runs, over their seeds."""
    for folder in args.folder:
        if not (folder / "config.json").exists():
            raise UserError(f"{folder} is not a run folder.", "a folder with config.json", "Check the path.")
    if len(args.folder) > 1:
        return show_seeds([RunDir(folder) for folder in args.folder], args.json)
    results = importlib.import_module("backend.runs.results")
    run = RunDir(args.folder[0])
    table = results.summarise_results(run.rows("results"))
    if args.json:
        print(json.dumps(table, indent=1))
    else:
        arms = next((study.ranked for study in all_studies() if study.name == run.config()["study"]), ())
        print("\n".join(filter(None, [results.as_text(table), results.ranking_text(results.ranking(table, arms))])))
    return 0


def show_seeds(runs: list[RunDir], as_json: bool) -> int:
    """What runs come to together that differ in their seed alone."""
    seeds = importlib.import_module("backend.runs.seeds")
    study = find(runs[0].config()["study"])
    seeds.alike(study, runs)
    found = [*seeds.spreads(runs), *seeds.gains(study, runs)]
    print(json.dumps([one.as_row() for one in found], indent=1) if as_json else seeds.as_text(found))
    return 0


def show_list(args: argparse.Namespace) -> int:
    if args.markdown:
        print(settings.as_markdown(find(args.markdown).config))
        return 0
    tasks = importlib.import_module("backend.core.text.tasks").TASKS
    print("tasks:  " + ", ".join(tasks))
    print("models known to work (`python -m backend models` says where they are; any other causal model may work too):")
    registry = importlib.import_module("backend.core.models.registry")
    for entry in registry.KNOWN:
        print(f"    {registry.describe(entry)}")
    for study in all_studies():
        show_study(study)
    for name, why in broken().items():
        print(f"\nstudy {name} cannot be loaded: {why}")
    return 0


def show_study(study: Study) -> None:
    """Its presets, stages and settings."""
    print(f"\nstudy {study.name}: {study.question}\n  presets")
    for name in settings.list_presets(study.presets):
        print(f"    {name:20} {settings.load_preset(study.presets, name)['about']}")
    print(f"  stages (--stages)\n    {','.join(study.stage_names)}")
    print("  settings (--set FIELD=VALUE)")
    for item in settings.describe(study.config):
        print(f"    {item.name:20} {item.help} [{item.default}]")
