"""run(config, run_dir): plant, tune, probe, conclude. Each stage leaves plain files in the run folder.

Every stage picks up where its files end, so a stopped or killed run resumes to the same numbers.
"""

import json

from backend.core.devices import set_threads
from backend.disk import write_atomically
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.spent import peak_memory_mb, seconds_spent, timed
from backend.studies.ba_lora import summary
from backend.studies.ba_lora.config import BaLoraConfig
from backend.studies.ba_lora.data import task_of, taught, test_questions, validation_questions
from backend.studies.ba_lora.probing import everyone, items_of, planted_of, probe_all
from backend.studies.ba_lora.study import STUDY
from backend.studies.ba_lora.tuning import Tuned, tune
from backend.studies.ba_lora.twins import Twins, make_twins, twins_of


def run(config: BaLoraConfig, run_dir: RunDir, stages: tuple[str, ...] = STUDY.stage_names) -> None:
    """Do the named stages that are not done yet. Raises UserError for bad input, Stopped when asked to stop."""
    run_dir.set_status(stage="plant", done=0, total=0, message="Loading the data", eta_s=None)
    set_threads()
    twins = twins_of(config, run_dir)
    check(config, twins)
    if config.plant == "own":
        with timed(run_dir, "plant"):
            make_twins(config, run_dir)
    if not {"tune", "probe", "conclude"} & set(stages):
        return
    with timed(run_dir, "tune"):
        tuned = tune(config, twins.planted, run_dir)
    if "probe" in stages or "conclude" in stages:
        with timed(run_dir, "probe"):
            probe_all(config, twins, run_dir)
    if "conclude" in stages:
        conclude(config, run_dir, twins, tuned)


def check(config: BaLoraConfig, twins: Twins) -> None:
    """Say what the data lacks before an hour of training, not after it. Raises UserError."""
    task_of(config)
    taught(config)
    test_questions(config)
    if len(config.lrs) > 1 or "early_stopping" in config.arms:
        validation_questions(config)
    if config.plant == "bundled" and config.anchor == "statements" and planted_of(twins.planted) is None:
        found = f"anchor is statements, but {config.model} never read the statements of the pocket world."
        raise UserError(found, "a planted model", "Set anchor=answers, or model=opt-pocket-planted.", about="anchor")


def conclude(config: BaLoraConfig, run_dir: RunDir, twins: Twins, tuned: Tuned) -> None:
    """results.jsonl and summary.json: accuracies, figures with intervals, step sizes, time, memory and warnings."""
    run_dir.set_status(stage="conclude", done=0, total=1, message="Comparing", eta_s=None)
    rows = run_dir.rows("probes")
    write_results(config, run_dir, twins)
    told = summary.table(rows)
    seconds = summary.training_seconds(tuned.seconds)
    found = {
        "steps": tuned.steps,
        "lrs": tuned.lrs,
        "grids": tuned.grids,
        "seconds": seconds_spent(run_dir),
        "peak_memory_mb": peak_memory_mb(),
        "training_seconds": seconds,
        "beyond_pissa": summary.beyond_reference(seconds),
        "table": told,
        "consistency": summary.consistency(rows),
        "looks": summary.looks(told),
        "skipped": summary.skipped(config, planted_of(twins.planted) is not None, bool(twins.clean)),
        "warnings": summary.warnings(config),
    }
    write_atomically(run_dir.path / "summary.json", json.dumps(found, indent=1, ensure_ascii=False))
    run_dir.set_status(stage="conclude", done=1, total=1, message="", eta_s=None)


def write_results(config: BaLoraConfig, run_dir: RunDir, twins: Twins) -> None:
    """The accuracy of everybody, one row each, but for those that are there."""
    there = {(row["arm"], row["seed"]) for row in run_dir.rows("results")}
    for one in everyone(config, twins):
        if (one.who, one.seed) not in there:
            correct = [item["correct"] for item in items_of(run_dir, one.who, one.seed, "answers")]
            run_dir.append("results", summary.result_row(config, one.who, one.seed, correct))
