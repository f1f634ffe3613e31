"""The train stage: for every arm a student at each step size, the best by validation, then one for each further seed.

Knows the run folder, processes and who is trained when; how one student is trained is in training.py.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path

from backend.core.training.finetune import choose_lr
from backend.core.vision.parts import Shapes
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Progress, RowWatch
from backend.runs.students import trained
from backend.studies.tiny_clip import notes
from backend.studies.tiny_clip.cells import (
    CONTROL,
    Cell,
    Outcome,
    control_cells,
    final_cells,
    folder_of,
    grid_cells,
    outcome_file,
    read_outcome,
)
from backend.studies.tiny_clip.config import TinyClipConfig
from backend.studies.tiny_clip.legs import legs_of
from backend.studies.tiny_clip.training import STUDENT, TOLD_EVERY, Trainer

STUDENTS = "students"


@dataclass(frozen=True)
class Tuned:
    """What training came to: each arm's step size, how the others did, and everybody's outcome by cell."""

    lrs: dict[str, float]
    grids: list[dict]
    outcomes: dict[Cell, Outcome]


def tune(config: TinyClipConfig, run_dir: RunDir, teacher: Shapes) -> Tuned:
    """Train what is not trained yet. The best of an arm's grid is its student of seed 0: nothing is trained twice.

    Raises Stopped when asked to stop.
    """
    first, guess = grid_cells(config), dict.fromkeys(config.arms, config.lrs[0])
    everybody = [*dict.fromkeys([*first, *final_cells(config, guess)]), *control_cells(config, guess)]
    planned = sum(rows_of(config, cell, teacher) for cell in everybody)
    done = forget_repeated_rows(config, run_dir, teacher)
    with Progress(run_dir, "train", planned, done=done) as progress:
        tried = train(config, run_dir, first, progress)
        lrs = {arm: chosen_lr(config, arm, tried) for arm in config.arms}
        cells = final_cells(config, lrs)
        every = tried | train(config, run_dir, [cell for cell in cells if cell not in tried], progress)
        every |= train(config, run_dir, control_cells(config, lrs), progress)
        progress.advance(by=progress.total - progress.done)
    notes.only_chosen(run_dir, lrs)
    for arm in config.arms:
        keep(run_dir, Cell(arm, first[0].phase if first else "final", lrs[arm], 0))
    grids = [
        {"arm": cell.arm, "lr": cell.lr, "score": outcome.score, "chosen": cell.lr == lrs[cell.arm]}
        for cell, outcome in tried.items()
    ]
    return Tuned(lrs, grids, {cell: every[cell] for cell in [*cells, *control_cells(config, lrs)]})


def chosen_lr(config: TinyClipConfig, arm: str, tried: dict[Cell, Outcome]) -> float:
    """The best of the arm's own grid, or the only step size there is."""
    if not tried:
        return config.lrs[0]
    scores = {cell.lr: outcome.score for cell, outcome in tried.items() if cell.arm == arm}
    return choose_lr({lr: (-inf, inf) if score is None else (score, 0.0) for lr, score in scores.items()})


def rows_of(config: TinyClipConfig, cell: Cell, teacher: Shapes) -> int:
    """Rows of losses that a student leaves: one every few updates, and one at the end of each leg."""
    legs = legs_of(config, cell.arm, teacher)
    ends = [leg.last for leg in (legs[:1] if cell.phase == CONTROL else legs)]
    return ends[-1] // TOLD_EVERY + sum(end % TOLD_EVERY > 0 for end in ends)


def keep(run_dir: RunDir, cell: Cell) -> None:
    """Move seed 0's student to where it stays, unless that was done before."""
    made, kept = folder_of(run_dir, cell) / STUDENT, run_dir.artifacts / STUDENTS / cell.arm
    if made.is_dir():
        kept.parent.mkdir(exist_ok=True)
        shutil.rmtree(kept, ignore_errors=True)
        made.replace(kept)


def train(config: TinyClipConfig, run_dir: RunDir, cells: Sequence[Cell], progress: Progress) -> dict[Cell, Outcome]:
    """The outcome of every cell, several trained at a time."""

    def write(cell: Cell, outcome: Outcome) -> None:
        write_atomically(outcome_file(run_dir, cell), outcome.text_of())
        notes.forget(folder_of(run_dir, cell))

    watch = RowWatch(run_dir, progress, "train", "Students learn")
    return trained(cells, partial(read_outcome, run_dir), partial(cell_worker, config, run_dir.path), write, watch)


def cell_worker(config: TinyClipConfig, folder: Path, look_up: Callable[[], None] | None) -> Callable[[Cell], Outcome]:
    """Load everything once, in whichever process this is, and return what to do with a cell."""
    return Trainer(config, RunDir(folder), look_up).train


def forget_repeated_rows(config: TinyClipConfig, run_dir: RunDir, teacher: Shapes) -> int:
    """Drop the rows that a resume will write again; how many rows of losses remain."""
    rows = run_dir.rows("metrics")
    begun = {Cell(row["arm"], row["phase"], row["lr"], row["seed"]) for row in rows}
    firsts = {}
    for cell in begun:
        if read_outcome(run_dir, cell) is None:
            at = notes.reached(folder_of(run_dir, cell))
            first = 0 if cell.phase == CONTROL else legs_of(config, cell.arm, teacher)[at.leg].first
            firsts[cell] = (first, None if at.step is None else first + at.step)
    notes.drop_repeated(run_dir, firsts)
    return sum(row["stage"] == "train" for row in run_dir.rows("metrics"))
