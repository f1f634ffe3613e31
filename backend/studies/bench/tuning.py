"""The tune stage: a student for every step size, the best one by validation, then one for every further seed.

Knows the run folder, processes and who is trained when; how one student is trained is in training.py.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from backend.core.training.finetune import choose_lr
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Progress, RowWatch
from backend.runs.students import trained
from backend.studies.bench.config import BenchConfig
from backend.studies.bench.training import Cell, Outcome, Trainer, forget_checkpoint, saved_step

TUNING = "tuning"


@dataclass(frozen=True)
class Tuned:
    """What tuning came to: the step size, how the others did, the steps each student took, and where each lies."""

    lr: float | None
    grid: list[dict]
    steps: list[int]
    folders: list[Path]


def tune(config: BenchConfig, run_dir: RunDir) -> Tuned:
    """Train what is not trained yet. The best of the grid is the student of seed 0: nothing is trained twice."""
    grid = [Cell("grid", lr, 0) for lr in config.lrs] if config.regime == "ordinary" else []
    if len(grid) < 2:
        grid = []
    lr = config.lrs[0] if config.regime == "ordinary" else None
    planned = len(grid) + config.seeds - bool(grid)
    done = forget_repeated_rows(run_dir)
    with Progress(run_dir, "tune", planned * Trainer.planned_steps(config), done=done) as progress:
        tried = train(config, run_dir, grid, progress)
        if tried:
            lr = choose_lr({cell.lr: o.judged for cell, o in tried.items()})
        cells = [Cell("grid" if grid and seed == 0 else "final", lr, seed) for seed in range(config.seeds)]
        done = tried | train(config, run_dir, [cell for cell in cells if cell not in tried], progress)
    for cell in done:
        forget_checkpoint(run_dir.artifacts / TUNING / cell.name)
    folders = [keep(run_dir, cell) for cell in cells]
    for cell in tried.keys() - set(cells):
        shutil.rmtree(run_dir.artifacts / TUNING / cell.name / "adapter", ignore_errors=True)
    rows = [grid_row(cell, outcome) for cell, outcome in tried.items()]
    return Tuned(lr, rows, [done[cell].steps for cell in cells], folders)


def grid_row(cell: Cell, outcome: Outcome) -> dict:
    """A step size that was tried, as summary.json has it."""
    row = {"lr": cell.lr, "acc": outcome.acc, "option_loss": outcome.option_loss, "n": outcome.n}
    return row if outcome.bits is None else row | {"bits": outcome.bits}


def keep(run_dir: RunDir, cell: Cell) -> Path:
    """Move a student's adapter to where it stays, unless that was done before."""
    kept = run_dir.artifacts / "adapters" / f"seed-{cell.seed}"
    made = run_dir.artifacts / TUNING / cell.name / "adapter"
    if made.is_dir():
        kept.parent.mkdir(exist_ok=True)
        shutil.rmtree(kept, ignore_errors=True)
        made.replace(kept)
    return kept


def train(config: BenchConfig, run_dir: RunDir, cells: list[Cell], progress: Progress) -> dict[Cell, Outcome]:
    """The outcome of every cell, several trained at a time."""

    def write(cell: Cell, outcome: Outcome) -> None:
        write_atomically(outcome_file(run_dir, cell), json.dumps(outcome.__dict__))

    begin, watch = partial(cell_worker, config, run_dir.path), RowWatch(run_dir, progress, "tune", "Fine-tuning")
    return trained(cells, partial(read_outcome, run_dir), begin, write, watch)


def cell_worker(config: BenchConfig, folder: Path, look_up: Callable[[], None] | None) -> Callable[[Cell], Outcome]:
    """Load everything once, in whichever process this is, and return what to do with a cell."""
    run_dir = RunDir(folder)
    trainer = Trainer(config, run_dir, look_up)
    return lambda cell: trainer.train(cell, run_dir.artifacts / TUNING / cell.name)


def forget_repeated_rows(run_dir: RunDir) -> int:
    """Drop the rows that a resume will write again, those after a cell's last checkpoint; how many updates remain."""
    rows = [row for row in run_dir.rows("metrics") if row["stage"] == "tune"]
    cells = {Cell(row["phase"], row["lr"], row["seed"]) for row in rows}
    open_cells = [cell for cell in cells if read_outcome(run_dir, cell) is None]
    steps = {(cell.lr, cell.seed): saved_step(run_dir.artifacts / TUNING / cell.name) for cell in open_cells}

    def keeps(row: dict) -> bool:
        if row["stage"] not in ("tune", "validate") or (row["lr"], row["seed"]) not in steps:
            return True
        return row["step"] <= steps[row["lr"], row["seed"]]

    if not all(keeps(row) for row in run_dir.rows("metrics")):
        run_dir.keep_rows("metrics", keeps)
    return sum(map(keeps, rows))


def outcome_file(run_dir: RunDir, cell: Cell) -> Path:
    return run_dir.artifacts / TUNING / cell.name / "outcome.json"


def read_outcome(run_dir: RunDir, cell: Cell) -> Outcome | None:
    file = outcome_file(run_dir, cell)
    return Outcome(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None
