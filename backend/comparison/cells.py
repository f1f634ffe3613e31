"""The students stage: for every arm and reader choose a step size, train a student for each seed, score it.

Several at a time, each result written as it comes; a resumed run repeats none. Knows the run folder and processes; how
one student is trained is in students.py.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from backend.comparison.arms import file_name
from backend.comparison.config import OWN_MODEL_ONLY, ComparisonConfig
from backend.comparison.datasets import examples_of, rows_of
from backend.comparison.distilling import soft_rows
from backend.comparison.files import METRICS, SCORES
from backend.comparison.materials import Materials
from backend.comparison.students import Trainee
from backend.core.examples import Rows
from backend.core.metrics import summarise
from backend.core.pool import each, worker_count
from backend.core.progress import Progress
from backend.core.scored import Scored
from backend.runs import RunDir, write_atomically
from backend.studies.text_distillation.evaluate import SoftRows


@dataclass(frozen=True)
class Cell:
    """One student to train and score; without `lr`, a step size to choose. `seed` is -1 there."""

    arm: str
    student: str
    seed: int
    lr: float | None = None

    @property
    def name(self) -> str:
        who = self.student.replace("/", "_")
        return f"{self.arm}-{who}" if self.lr is None else f"{self.arm}-{who}-{self.seed}"


def train_students(config: ComparisonConfig, run: RunDir) -> None:
    """Choose every step size that is open, then train and score every student that has no result."""
    (run.path / SCORES).mkdir(parents=True, exist_ok=True)
    pairs = [(arm, name) for arm in config.arms for name in config.students]
    pairs = [(arm, name) for arm, name in pairs if name == config.model or arm not in OWN_MODEL_ONLY]
    sizes = chosen_sizes(run)
    open_ = [Cell(arm, name, -1) for arm, name in pairs if arm != "base" and (arm, name) not in sizes]
    with Progress(run, "step sizes", len(open_)) as progress:
        for cell, lr in _work(config, run, open_, progress):
            run.append("step_sizes", {"arm": cell.arm, "student": cell.student, "lr": lr})
            progress.advance(f"{cell.name}: step size {lr:g}")
    sizes = chosen_sizes(run) | {("base", name): 0.0 for name in config.students}
    done = {(row["arm"], row["student"], row["seed"]) for row in run.rows("results") if row["metric"] == METRICS[-1]}
    run.keep_rows("results", lambda row: (row["arm"], row["student"], row["seed"]) in done)
    cells = [
        Cell(arm, name, seed, sizes[arm, name])
        for arm, name in pairs
        for seed in range(1 if arm == "base" else config.seeds)
    ]
    todo = [cell for cell in cells if (cell.arm, cell.student, cell.seed) not in done]
    with Progress(run, "students", len(cells), done=len(cells) - len(todo)) as progress:
        for cell, scored in _work(config, run, todo, progress):
            write_scores(config, cell, scored, run)
            progress.advance(f"Scored {cell.name}")


def chosen_sizes(run: RunDir) -> dict[tuple[str, str], float]:
    return {(row["arm"], row["student"]): row["lr"] for row in run.rows("step_sizes")}


def _work(config: ComparisonConfig, run: RunDir, cells: list[Cell], progress: Progress):
    by_model = sorted(cells, key=lambda cell: cell.student)  # a worker then rarely changes its model
    return each(partial(cell_worker, config, run.path), by_model, worker_count(), progress.check_stop)


def cell_worker(config: ComparisonConfig, folder: Path) -> Callable[[Cell], float | list[Scored]]:
    """Load everything once, in whichever process this is, and return what to do with a cell."""
    materials, run = Materials(config), RunDir(folder)

    def work(cell: Cell) -> float | list[Scored]:
        trainee = Trainee(materials, materials.reader(cell.student))
        if cell.arm == "base":
            return trainee.answers(trainee.untrained(), materials.test)
        rows = data(materials, trainee, run, cell)
        if cell.lr is None:
            return trainee.choose_step_size(rows)
        return trainee.answers(trainee.train(rows, cell.lr, cell.seed), materials.test)

    return work


def data(materials: Materials, trainee: Trainee, run: RunDir, cell: Cell) -> Rows | SoftRows:
    """The rows that the student of this cell learns from. A step size is chosen on the first draw."""
    if cell.arm == "full":
        return trainee.reader.train
    if cell.arm in OWN_MODEL_ONLY:
        return soft_rows(materials, rows_of(run, "init"), cell.arm)
    return trainee.reader.rows(examples_of(run, file_name(cell.arm, max(0, cell.seed))))


def write_scores(config: ComparisonConfig, cell: Cell, scored: list[Scored], run: RunDir) -> None:
    """One student: its per-question scores first, then its rows of results."""
    name = f"{SCORES}/{cell.name}.jsonl"
    lines = (json.dumps(item.as_row(), ensure_ascii=False) for item in scored)
    write_atomically(run.path / name, "\n".join(lines) + "\n")
    totals = summarise(scored)
    where = {"arm": cell.arm, "student": cell.student, "task": config.task, "regime": "ordinary"}
    for metric in METRICS:
        value = {"metric": metric, "seed": cell.seed, "value": totals[metric], "stderr": totals[f"{metric}_stderr"]}
        run.append("results", where | value | {"n": totals["n"], "lr": cell.lr, "scores": name})
