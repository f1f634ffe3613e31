"""The stages that train: of everything they want a student at each step size, the best by validation, then one for each
further seed.

Knows the run folder, processes and who is trained when; how one student is trained is in training.py.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from backend.core.pool import Workers, kept, worker_count
from backend.core.training.finetune import choose_lr
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Progress, RowWatch
from backend.runs.students import Look, trained
from backend.studies.light_clip.cells import Cell, Variant, chosen, count, first
from backend.studies.light_clip.config import LightClipConfig
from backend.studies.light_clip.training import (
    LOGGED_EVERY,
    STUDENT,
    Outcome,
    Trainer,
    forget_checkpoint,
    saved_step,
)

TUNING, STUDENTS = "tuning", "students"
LOOKS = ("labels", "matches", "masked")
MESSAGES = {"train": "Training", "depth": "Training with other text towers", "noise": "Training on other captions"}


@dataclass
class Tuned:
    """What training came to, for everything that was trained so far: the step size, how the others did, and by seed the
    outcome at that step size."""

    lrs: dict[Variant, float] = field(default_factory=dict)
    grids: dict[Variant, dict[float, float | None]] = field(default_factory=dict)
    outcomes: dict[Variant, dict[int, Outcome]] = field(default_factory=dict)


def tune(trainer: Trainer, stage: str, wanted: list[Variant], workers: Workers, tuned: Tuned) -> None:
    """Train what is not trained yet of a stage, and add it to `tuned`. The best of a grid is its student of seed 0, so
    nothing is trained twice."""
    config, run_dir = trainer.config, trainer.run_dir
    done = forget_repeated_rows(config, run_dir, stage)
    with Progress(run_dir, stage, count(config, wanted) * rows_of(config.steps), done=done) as progress:
        tried = train(trainer, stage, first(config, wanted), workers, progress)
        lrs = {one: chosen_lr(config, one, tried) for one in wanted}
        cells = [cell for one, lr in lrs.items() for cell in chosen(config, one, lr)]
        every = tried | train(trainer, stage, [c for c in cells if c not in tried], workers, progress)
        progress.advance(by=progress.total - progress.done)  # what students that diverged did not need
    for cell in every:
        forget_checkpoint(folder_of(run_dir, cell))
    for cell in cells:
        keep_student(run_dir, cell)
    for cell in tried.keys() - set(cells):
        shutil.rmtree(folder_of(run_dir, cell) / STUDENT, ignore_errors=True)
    for one in wanted:
        tuned.lrs[one] = lrs[one]
        tuned.grids[one] = {cell.lr: outcome.score for cell, outcome in tried.items() if cell.variant == one}
        tuned.outcomes[one] = {cell.seed: every[cell] for cell in cells if cell.variant == one}


def chosen_lr(config: LightClipConfig, variant: Variant, tried: dict[Cell, Outcome]) -> float:
    """The best of the variant's own grid, or the only step size there is."""
    scores = {cell.lr: outcome.judged for cell, outcome in tried.items() if cell.variant == variant}
    return choose_lr(scores) if scores else config.lrs[0]


def rows_of(steps: int) -> int:
    """Rows that one training writes."""
    return -(-steps // LOGGED_EVERY)


def folder_of(run_dir: RunDir, cell: Cell) -> Path:
    return run_dir.artifacts / TUNING / cell.name


def keep_student(run_dir: RunDir, cell: Cell) -> None:
    """Move a student to where it stays, unless that was done before."""
    made, place = folder_of(run_dir, cell) / STUDENT, run_dir.artifacts / STUDENTS / cell.variant.arm
    if made.is_dir():
        place.parent.mkdir(exist_ok=True)
        shutil.rmtree(place, ignore_errors=True)
        made.replace(place)


def train(trainer: Trainer, stage: str, cells: list[Cell], workers: Workers, progress: Progress) -> dict[Cell, Outcome]:
    """The outcome of every cell, several trained at a time; by the trainer that is here where no other process is."""
    config, run_dir, watch = (
        trainer.config,
        trainer.run_dir,
        RowWatch(trainer.run_dir, progress, stage, MESSAGES[stage]),
    )
    others = partial(cell_worker, config, run_dir.path, stage)
    begin = others if workers.count > 1 else partial(own_work, trainer, stage)
    return trained(cells, partial(read_outcome, run_dir), begin, partial(write_outcome, run_dir), watch, workers)


def cell_worker(config: LightClipConfig, folder: Path, stage: str, look_up: Look | None) -> Callable[[Cell], Outcome]:
    """Load everything once, in whichever process this is, and return what to do with a cell of a stage."""
    return own_work(kept(trainer_of, config, folder), stage, look_up)


def trainer_of(config: LightClipConfig, folder: Path) -> Trainer:
    return Trainer(config, RunDir(folder))


def own_work(trainer: Trainer, stage: str, look_up: Look | None) -> Callable[[Cell], Outcome]:
    """What a trainer does with a cell of a stage."""
    trainer.look_up = look_up or trainer.look_up
    return lambda cell: trainer.train(stage, cell, folder_of(trainer.run_dir, cell))


def how_many(config: LightClipConfig) -> int:
    """Processes that train."""
    return max(1, min(worker_count(), len(config.arms) * config.seeds))


def forget_repeated_rows(config: LightClipConfig, run_dir: RunDir, stage: str) -> int:
    """Drop the rows that a resume will write again, those after a cell's last checkpoint; how many rows of the stage's
    trainings remain."""
    steps: dict[str, int | None] = {}

    def keeps(row: dict) -> bool:
        """Whether its cell has ended, or the row is not after its checkpoint; where there is none, no row is kept."""
        cell = cell_of(config, row)
        if cell.name not in steps:
            ended = read_outcome(run_dir, cell) is not None
            steps[cell.name] = None if ended else saved_step(folder_of(run_dir, cell))
        step = steps[cell.name]
        return step is None or row.get("step", step + 1) <= step != 0

    for name in ("metrics", *LOOKS):
        if not all(map(keeps, run_dir.rows(name))):
            run_dir.keep_rows(name, keeps)
    return sum(row["stage"] == stage for row in run_dir.rows("metrics"))


def cell_of(config: LightClipConfig, row: dict) -> Cell:
    """Whose row it is. Where it names no text tower and no captions, they are those of the arms."""
    variant = Variant(row["arm"], row.get("layers", config.text_layers), row.get("loose", config.loose))
    return Cell(variant, row.get("phase", ""), row["lr"], row["seed"])


def forget_other_looks(run_dir: RunDir, lrs: dict[str, float]) -> None:
    """Only students that remain keep what was looked at: of a grid, the best one."""
    for name in LOOKS:
        if not all(row["lr"] == lrs[row["arm"]] for row in run_dir.rows(name)):
            run_dir.keep_rows(name, lambda row: row["lr"] == lrs[row["arm"]])


def read_outcome(run_dir: RunDir, cell: Cell) -> Outcome | None:
    file = folder_of(run_dir, cell) / "outcome.json"
    return Outcome(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None


def write_outcome(run_dir: RunDir, cell: Cell, outcome: Outcome) -> None:
    write_atomically(folder_of(run_dir, cell) / "outcome.json", json.dumps(asdict(outcome)))
