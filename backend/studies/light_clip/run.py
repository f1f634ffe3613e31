"""run(config, run_dir): prepare, train, other text towers, other captions, conclude. Each leaves plain files.

Every stage picks up where its files end, so a stopped or killed run resumes to the same numbers.
"""

import json

from backend.core.devices import set_threads
from backend.core.pool import Workers
from backend.core.vision.depth import text_weight
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.runs.spent import peak_memory_mb, seconds_spent, timed
from backend.studies.light_clip import summary
from backend.studies.light_clip.arms import ARMS
from backend.studies.light_clip.cells import DEPTH, NOISE, TRAIN, depths, noises, variants
from backend.studies.light_clip.config import LightClipConfig
from backend.studies.light_clip.data import Data
from backend.studies.light_clip.looks import picture_rows
from backend.studies.light_clip.study import STUDY
from backend.studies.light_clip.training import Trainer
from backend.studies.light_clip.tuning import Tuned, forget_other_looks, how_many, tune

PREPARE, CONCLUDE = "prepare", "conclude"


def run(config: LightClipConfig, run_dir: RunDir, stages: tuple[str, ...] = STUDY.stage_names) -> None:
    """Do the named stages that are not done yet. Raises UserError for bad input, Stopped when asked to stop."""
    set_threads()
    with timed(run_dir, PREPARE), Progress(run_dir, PREPARE, 1) as progress:
        run_dir.set_status(message="Drawing the pictures")
        trainer = Trainer(config, run_dir)
        prepare(trainer)
        progress.advance()
    data = trainer.data
    wanted, tuned = variants(config), Tuned()
    with Workers(how_many(config)) as workers:
        for stage in (TRAIN, DEPTH, NOISE):
            if not needed(stage, stages):
                continue
            with timed(run_dir, stage):
                tune(trainer, stage, wanted[stage], workers, tuned)
                if stage == TRAIN:
                    forget_other_looks(run_dir, {one.arm: lr for one, lr in tuned.lrs.items()})
                if stage == DEPTH:
                    write_rows(run_dir, "depth", depth_rows(data, tuned))
                if stage == NOISE:
                    write_rows(run_dir, "noise", noise_rows(data, tuned))
    if CONCLUDE in stages:
        conclude(trainer, tuned)


def needed(stage: str, stages: tuple[str, ...]) -> bool:
    """Whether a stage, or one that needs what it leaves, was asked for."""
    later = {TRAIN: {TRAIN, DEPTH, NOISE, CONCLUDE}, DEPTH: {DEPTH, CONCLUDE}, NOISE: {NOISE, CONCLUDE}}
    return bool(later[stage] & set(stages))


def prepare(trainer: Trainer) -> None:
    """Draw what is not drawn yet, say what the data lacks before an hour of training, and write pictures.jsonl."""
    data, run_dir = trainer.data, trainer.run_dir
    trainer.validation, trainer.test  # noqa: B018  made once, with all that they need
    data.student(ARMS[data.config.arms[0]], max((data.config.text_layers, *data.config.depths)), 0)
    if not (run_dir.path / "pictures.jsonl").is_file():
        write_rows(run_dir, "pictures", picture_rows(data, trainer.shown))


def depth_rows(data: Data, tuned: Tuned) -> list[dict]:
    """The base with each text tower, a row a student. `parameters` are the tower's, `blocks` those of its layers."""
    found = []
    for one in depths(data.config):
        weight = text_weight(data.student(ARMS[one.arm], one.layers, 0).clip)
        for seed, outcome in tuned.outcomes[one].items():
            row = {"depth": one.layers, "seed": seed, "lr": tuned.lrs[one]}
            row |= {name: outcome.test[name] for name in ("top1", "i2t5", "t2i5", "n")}
            found.append(row | {"parameters": weight.tower, "blocks": weight.blocks})
    return found


def noise_rows(data: Data, tuned: Tuned) -> list[dict]:
    """Hard and softened labels on captions of each looseness, a row a student."""
    found = []
    shares = {loose: data.false_negatives(loose) for loose in data.config.looses}
    for one in noises(data.config):
        for seed, outcome in tuned.outcomes[one].items():
            row = {"loose": one.loose, "arm": one.arm, "seed": seed, "lr": tuned.lrs[one]}
            row |= {name: outcome.test[name] for name in ("top1", "i2t5", "t2i5", "n")}
            found.append(row | {"false_negatives": shares[one.loose]})
    return found


def write_rows(run_dir: RunDir, name: str, rows: list[dict]) -> None:
    """A whole file of rows in one step; none where there is nothing to write."""
    if rows:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        write_atomically(run_dir.path / f"{name}.jsonl", text)


def conclude(trainer: Trainer, tuned: Tuned) -> None:
    """results.jsonl and summary.json: figures with intervals, step sizes, time, memory and warnings."""
    c, data, run_dir = trainer.config, trainer.data, trainer.run_dir
    run_dir.set_status(stage=CONCLUDE, done=0, total=1, message="Comparing", eta_s=None)
    mine = {one.arm: one for one in variants(c)[TRAIN]}
    outcomes = {arm: tuned.outcomes[one] for arm, one in mine.items()}
    figures = {arm: {seed: o.test for seed, o in by_seed.items()} for arm, by_seed in outcomes.items()}
    rows = [
        row for arm, by in figures.items() for seed, one in by.items() for row in summary.result_rows(c, arm, seed, one)
    ]
    write_rows(run_dir, "results", rows)
    told = summary.ablation(figures)
    found = {
        "ablation": told,
        "looks": summary.looks(told),
        "chance": trainer.test.chance,
        "parameters": {arm: by_seed[0].parameters for arm, by_seed in outcomes.items()},
        "extra": {arm: extra_parameters(data, arm) for arm in outcomes},
        "false_negatives": data.false_negatives(c.loose),
        "chosen": {arm: tuned.lrs[one] for arm, one in mine.items()},
        "grids": {arm: {str(lr): score for lr, score in tuned.grids[one].items()} for arm, one in mine.items()},
        "training_seconds": {
            arm: summary.mean_of_known([o.seconds for o in by_seed.values()]) for arm, by_seed in outcomes.items()
        },
        "seconds": seconds_spent(run_dir),
        "peak_memory_mb": peak_memory_mb(),
        "remarks": list(data.source(c.loose).remarks),
        "warnings": summary.warnings(c, figures),
    }
    write_atomically(run_dir.path / "summary.json", json.dumps(found, indent=1, ensure_ascii=False))
    run_dir.set_status(stage=CONCLUDE, done=1, total=1, message="", eta_s=None)


def extra_parameters(data: Data, arm: str) -> int:
    """Parameters that are trained beside an arm's model and thrown away."""
    fusion = data.student(ARMS[arm], data.config.text_layers, 0).fusion
    return sum(p.numel() for p in fusion.parameters()) if fusion else 0
