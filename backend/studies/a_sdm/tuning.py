"""The tune stage: for every arm a light net at each step size, the best by validation prompts, then one for each
further seed.

Knows the run folder, processes and who is trained when; how one net is trained is in training.py.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path

from backend.core.training.finetune import choose_lr
from backend.disk import write_atomically
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.progress import Progress, RowWatch
from backend.runs.students import trained
from backend.studies.a_sdm.arms import ARMS
from backend.studies.a_sdm.cells import (
    TRAINING,
    Cell,
    Outcome,
    final_cells,
    folder_of,
    grid_cells,
    outcome_file,
    read_outcome,
)
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.data import World
from backend.studies.a_sdm.nets import OTHERS, place_of
from backend.studies.a_sdm.training import GROWN, NET, TOLD_EVERY, Trainer, reached


@dataclass(frozen=True)
class Tuned:
    """What training came to: each arm's step size, how the others did, and everybody's outcome by cell."""

    lrs: dict[str, float]
    grids: list[dict]
    outcomes: dict[Cell, Outcome]


def tune(config: ASdmConfig, run_dir: RunDir) -> Tuned:
    """Train what is not trained yet. The best of an arm's grid is its net of seed 0: nothing is trained twice.

    Raises Stopped when asked to stop.
    """
    if not config.arms:
        return Tuned({}, [], {})
    if not World(config, run_dir).pocket:
        found = "Light nets learn from drawn scenes, and this model does not read their words."
        step = "Set arms to nothing, and ready to light nets that exist."
        raise UserError(found, "a model that reads the words of Pocket Pictures", step, kind="setting", about="arms")
    first = grid_cells(config)
    everybody = dict.fromkeys([*first, *final_cells(config, dict.fromkeys(config.arms, config.lrs[0]))])
    planned = sum(rows_of(config, cell) for cell in everybody)
    done = forget_repeated_rows(run_dir)
    with Progress(run_dir, "tune", planned, done=done) as progress:
        tried = train(config, run_dir, first, progress)
        lrs = {arm: chosen_lr(config, arm, tried) for arm in config.arms}
        cells = final_cells(config, lrs)
        every = tried | train(config, run_dir, [cell for cell in cells if cell not in tried], progress)
        progress.advance(by=progress.total - progress.done)
    for cell in cells:
        keep(run_dir, cell)
    grids = [
        {"arm": cell.arm, "lr": cell.lr, "score": outcome.score, "chosen": cell.lr == lrs[cell.arm]}
        for cell, outcome in tried.items()
    ]
    return Tuned(lrs, grids, {cell: every[cell] for cell in cells})


def chosen_lr(config: ASdmConfig, arm: str, tried: dict[Cell, Outcome]) -> float:
    """The best of the arm's own grid, or the only step size there is."""
    if not tried:
        return config.lrs[0]
    scores = {cell.lr: outcome.score for cell, outcome in tried.items() if cell.arm == arm}
    return choose_lr({lr: (-inf, inf) if score is None else (score, 0.0) for lr, score in scores.items()})


def rows_of(config: ASdmConfig, cell: Cell) -> int:
    """Rows of losses that a net leaves: one every few updates, and one at the end of each part of its training."""
    ends = {config.updates}
    if ARMS[cell.arm].incubated:
        ends.add(max(1, round(config.incubation * config.updates)))
    return config.updates // TOLD_EVERY + sum(end % TOLD_EVERY > 0 for end in ends)


def keep(run_dir: RunDir, cell: Cell) -> None:
    """Move a chosen net to where the sweep finds it, unless that was done before."""
    made, kept = folder_of(run_dir, cell) / NET, place_of(run_dir, cell.arm, cell.seed)
    if made.is_dir():
        kept.parent.mkdir(exist_ok=True)
        shutil.rmtree(kept, ignore_errors=True)
        made.replace(kept)


def clear(run_dir: RunDir) -> None:
    """Once a run is over, seed 0's nets remain."""
    for name in (OTHERS, "prepared/pool"):
        shutil.rmtree(run_dir.artifacts / name, ignore_errors=True)
    for net in (run_dir.artifacts / TRAINING).glob(f"*/{NET}"):
        shutil.rmtree(net, ignore_errors=True)


def train(config: ASdmConfig, run_dir: RunDir, cells: Sequence[Cell], progress: Progress) -> dict[Cell, Outcome]:
    """The outcome of every cell, several trained at a time."""

    def write(cell: Cell, outcome: Outcome) -> None:
        write_atomically(outcome_file(run_dir, cell), outcome.text_of())
        folder = folder_of(run_dir, cell)
        for path in (*folder.glob("state-*"), folder / GROWN):
            path.unlink(missing_ok=True)

    watch = RowWatch(run_dir, progress, "tune", "Light nets learn")
    return trained(cells, partial(read_outcome, run_dir), partial(cell_worker, config, run_dir.path), write, watch)


def cell_worker(config: ASdmConfig, folder: Path, look_up: Callable[[], None] | None) -> Callable[[Cell], Outcome]:
    """Load everything once, in whichever process this is, and return what to do with a cell."""
    return Trainer(config, RunDir(folder), look_up).train


def forget_repeated_rows(run_dir: RunDir) -> int:
    """Drop the rows that a resume will write again; how many rows of losses remain."""
    rows = run_dir.rows("metrics")
    begun = {Cell(row["arm"], row["phase"], row["lr"], row["seed"]) for row in rows}
    open_cells = {cell: reached(folder_of(run_dir, cell)) for cell in begun if read_outcome(run_dir, cell) is None}

    def keeps(row: dict) -> bool:
        for cell, until in open_cells.items():
            if cell.owns(row):
                return until is not None and row["step"] <= until
        return True

    if not all(map(keeps, rows)):
        run_dir.keep_rows("metrics", keeps)
    return sum(row["stage"] == "tune" for row in run_dir.rows("metrics"))
