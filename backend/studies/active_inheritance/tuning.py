"""The tune stage: every student of a run, several at a time.

Knows the run folder and processes; how one student is taught is in students.py.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Progress, RowWatch
from backend.runs.students import trained
from backend.studies.active_inheritance.cells import Cell, cells, chosen, name_of
from backend.studies.active_inheritance.config import ActiveConfig
from backend.studies.active_inheritance.pool import POOL
from backend.studies.active_inheritance.students import ADAPTER, STATE, Trainer, saved_step

TUNING, OUTCOME = "students", "outcome.json"


def tune(config: ActiveConfig, run_dir: RunDir, pool: Sequence[dict]) -> None:
    """Train what is not trained yet. Raises Stopped when asked to stop."""
    every = cells(config)
    tell_chosen(config, run_dir, pool, every)
    done = forget_repeated_rows(run_dir, [cell for cell in every if not outcome_file(run_dir, cell).is_file()])

    def write(cell: Cell, batch: int) -> None:
        write_atomically(outcome_file(run_dir, cell), json.dumps({"batch": batch}))
        (folder_of(run_dir, cell) / STATE).unlink(missing_ok=True)

    with Progress(run_dir, "tune", len(every) * config.steps, done=done) as progress:
        watch = RowWatch(run_dir, progress, "tune", "Students learn")
        trained(every, partial(read_batch, run_dir), partial(cell_worker, config, run_dir.path), write, watch)


def tell_chosen(config: ActiveConfig, run_dir: RunDir, pool: Sequence[dict], every: Sequence[Cell]) -> None:
    """chosen.jsonl: a row for each student, in one step, since a choice takes a moment only."""
    names = [name_of(spec) for spec in (config.talker, config.second_talker)]
    rows = [cell.where | {"chosen": [list(one) for one in chosen(config, pool, names, cell)]} for cell in every]
    write_atomically(run_dir.path / "chosen.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))


def cell_worker(config: ActiveConfig, folder: Path, look_up: Callable[[], None] | None) -> Callable[[Cell], int]:
    """Load everything once, in whichever process this is, and return what to do with a cell."""
    run_dir = RunDir(folder)
    trainer = Trainer(config, run_dir, run_dir.rows(POOL), look_up)
    return lambda cell: trainer.train(cell, folder_of(run_dir, cell))


def forget_repeated_rows(run_dir: RunDir, todo: Sequence[Cell]) -> int:
    """Drop the rows that a resume will write again, those after a cell's last checkpoint; how many updates remain."""
    steps = {tuple(cell.where.values()): saved_step(folder_of(run_dir, cell)) for cell in todo}
    rows = [row for row in run_dir.rows("metrics") if row["stage"] == "tune"]

    def keeps(row: dict) -> bool:
        if row["stage"] != "tune":
            return True
        return row["step"] <= steps.get((row["arm"], row["objective"], row["k"], row["seed"]), row["step"])

    if not all(map(keeps, rows)):
        run_dir.keep_rows("metrics", keeps)
    return sum(map(keeps, rows))


def folder_of(run_dir: RunDir, cell: Cell) -> Path:
    """Where a student lies: while it is taught its checkpoint, then its adapter."""
    return run_dir.artifacts / TUNING / cell.name


def outcome_file(run_dir: RunDir, cell: Cell) -> Path:
    return folder_of(run_dir, cell) / OUTCOME


def read_batch(run_dir: RunDir, cell: Cell) -> int | None:
    """Texts an update of a student that is trained; None where it is not."""
    file = outcome_file(run_dir, cell)
    return json.loads(file.read_text(encoding="utf-8"))["batch"] if file.is_file() else None


def adapter_of(run_dir: RunDir, cell: Cell) -> Path:
    return folder_of(run_dir, cell) / ADAPTER
