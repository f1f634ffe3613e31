"""The students stage: for every arm and reader choose a step size, train a student for each seed, score it.

Several at a time, each result written as it comes; a resumed run repeats none. Knows the run folder and processes; how
one student is trained is in students.py.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from backend.comparison.arms import file_name
from backend.comparison.config import ComparisonConfig
from backend.comparison.datasets import examples_of, rows_of
from backend.comparison.distilling import matched_regime, soft_rows
from backend.comparison.kinds import Cell, kinds_of
from backend.comparison.materials import Materials
from backend.comparison.remembered import recipe_of, remembered, remembered_each
from backend.comparison.students import Trainee
from backend.core import devices
from backend.core.pool import Workers, kept
from backend.core.scoring.metrics import summarise
from backend.core.scoring.scored import FREE_METRICS, METRICS, Scored, from_row, metrics_of
from backend.core.text.examples import Data, Rows
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.runs.results import SCORES
from backend.studies.text_distillation.config import OWN_MODEL_ONLY


def train_students(config: ComparisonConfig, run: RunDir, workers: Workers) -> None:
    """Choose or learn every step size that is open, then train and score every student that has no result."""
    (run.path / SCORES).mkdir(parents=True, exist_ok=True)
    kinds, sizes = kinds_of(config), chosen_sizes(run)
    open_, tried = [cell for cell in kinds if cell.key not in sizes], len(config.lrs) * config.lr_seeds
    later = float(len(kinds) * config.seeds)
    with Progress(run, "students", len(open_), work=float(len(open_) * tried), later=later) as progress:
        for cell, found in _work(config, run, open_, progress, workers):
            run.append("step_sizes", {"arm": cell.arm, "student": cell.student, "regime": cell.regime, "sizes": found})
            progress.advance(f"{cell.name}: mean step size {sum(found) / len(found):.3g}", work=float(tried))
    sizes = chosen_sizes(run)
    done = {key_of(row) for row in run.rows("results") if row["metric"] in (METRICS[-1], FREE_METRICS[-1])}
    run.keep_rows("results", lambda row: key_of(row) in done)
    cells = [replace(cell, seed=seed, sizes=sizes[cell.key]) for cell in kinds for seed in range(config.seeds)]
    cells += [Cell("base", name, "ordinary", 0, (0.0,)) for name in config.students if "base" in config.arms]
    todo = [cell for cell in cells if (*cell.key, cell.seed) not in done]
    with Progress(run, "students", len(cells), done=len(cells) - len(todo)) as progress:
        for cell, scored in _work(config, run, todo, progress, workers):
            write_scores(config, cell, scored, run)
            progress.advance(f"Scored {cell.name}")


def key_of(row: dict) -> tuple[str, str, str, int]:
    return row["arm"], row["student"], row["regime"], row["seed"]


def chosen_sizes(run: RunDir) -> dict[tuple[str, str, str], tuple[float, ...]]:
    return {(row["arm"], row["student"], row["regime"]): tuple(row["sizes"]) for row in run.rows("step_sizes")}


def _work(
    config: ComparisonConfig, run: RunDir, cells: list[Cell], progress: Progress, workers: Workers
) -> Iterator[tuple]:
    by_model = sorted(cells, key=lambda cell: cell.student)  # a worker then rarely changes its model
    asked = rounds(by_model, devices.kind() != "cpu")
    for cells_, found in workers.each(partial(cell_worker, config, run.path), asked, progress.check_stop):
        yield from zip(cells_, found, strict=True)


def rounds(cells: list[Cell], batch: bool) -> list[tuple[Cell, ...]]:
    """What a worker is asked at a time: a cell; with `batch`, all students of an arm that are trained in one, on a GPU
    (core/training/stacked.py). On a CPU that gains nothing, and a killed run would lose them all."""
    found: dict[object, list[Cell]] = {}
    for cell in cells:
        alike = batch and cell.sizes and cell.regime == "ordinary" and cell.arm not in ("base", *OWN_MODEL_ONLY)
        found.setdefault(cell.key if alike else cell, []).append(cell)
    return [tuple(some) for some in found.values()]


def cell_worker(config: ComparisonConfig, folder: Path) -> Callable[[tuple[Cell, ...]], list]:
    """Load everything once, in whichever process this is, and return what to do with the cells of a round: a result for
    each."""
    materials, run = kept(Materials, config), RunDir(folder)
    matched = cache(lambda: matched_regime(materials, rows_of(run, "init")))
    soft = cache(lambda: soft_rows(materials, rows_of(run, "init")))

    def work(cell: Cell) -> list[float] | list[Scored]:
        trainee = Trainee(materials, materials.reader(cell.student))
        if cell.arm == "base":
            return trainee.tested(trainee.untrained())
        rows = soft()[cell.arm] if cell.arm in OWN_MODEL_ONLY else data(trainee, run, cell)
        if cell.regime == "ordinary":
            return remembered_ordinary(trainee, rows, cell) if isinstance(rows, Rows) else ordinary(trainee, rows, cell)
        if not cell.sizes:
            return matched().experts_sizes() if cell.arm == "full" else matched().learn_step_sizes(rows)
        return trainee.tested(matched().train(rows, list(cell.sizes), cell.seed))

    def work_each(cells: tuple[Cell, ...]) -> list:
        if len(cells) == 1:
            return [work(cells[0])]
        trainee = Trainee(materials, materials.reader(cells[0].student))
        return ordinary_each(trainee, [data(trainee, run, cell) for cell in cells], cells)

    return work_each


def ordinary(trainee: Trainee, rows: Data, cell: Cell) -> list[float] | list[Scored]:
    """The cell's step size, or its student's answers to the test."""
    if not cell.sizes:
        return [trainee.choose_step_size(rows)]
    return trainee.tested(trainee.train(rows, cell.sizes[0], cell.seed))


def remembered_ordinary(trainee: Trainee, rows: Rows, cell: Cell) -> list[float] | list[Scored]:
    """What `ordinary` returns, without training where another comparison had a student of this very recipe."""
    m, c = trainee.materials, trainee.materials.config
    if not cell.sizes:
        recipe = recipe_of(c, trainee.reader, rows, m.validation, lrs=c.lrs, lr_seeds=c.lr_seeds)
        return remembered(recipe, lambda: ordinary(trainee, rows, cell))
    return ordinary_each(trainee, [rows], [cell])[0]


def ordinary_each(trainee: Trainee, sets: Sequence[Rows], cells: Sequence[Cell]) -> list[list[Scored]]:
    """The answers to the test of each cell's student, those that no other comparison had trained in one batch where
    that is faster. Raises Diverged where one diverges."""
    c, asked = trainee.materials.config, trainee.materials.test
    wanted = [(rows, cell.sizes[0], cell.seed) for rows, cell in zip(sets, cells, strict=True)]
    recipes = [recipe_of(c, trainee.reader, rows, asked, lr=lr, student_seed=seed) for rows, lr, seed in wanted]

    def make(missing: list[int]) -> list[list[dict]]:
        ends = trainee.train_each([wanted[i] for i in missing]) if len(missing) > 1 else [None]
        ends = [end or trainee.train(*wanted[i]) for i, end in zip(missing, ends, strict=True)]  # alone it says why
        return [[item.as_row() for item in trainee.tested(end)] for end in ends]

    return [[from_row(row) for row in found] for found in remembered_each(recipes, make)]


def data(trainee: Trainee, run: RunDir, cell: Cell) -> Data:
    """The rows that the student of this cell learns from. A step size is chosen on the first draw."""
    if cell.arm == "full":
        return trainee.reader.train
    return trainee.reader.rows(examples_of(run, file_name(cell.arm, max(0, cell.seed))))


def write_scores(config: ComparisonConfig, cell: Cell, scored: list[Scored], run: RunDir) -> None:
    """One student: its per-question scores first, then its rows of results."""
    name = f"{SCORES}/{cell.name}.jsonl"
    lines = (json.dumps(item.as_row(), ensure_ascii=False) for item in scored)
    write_atomically(run.path / name, "\n".join(lines) + "\n")
    totals = summarise(scored)
    where = {"arm": cell.arm, "student": cell.student, "task": config.task, "regime": cell.regime}
    lr = cell.sizes[0] if len(cell.sizes) == 1 else None
    for metric in metrics_of(scored):
        value = {"metric": metric, "seed": cell.seed, "value": totals[metric], "stderr": totals[f"{metric}_stderr"]}
        run.append(
            "results",
            where | value | {"n": totals["n"], "lr": lr, "scores": name},
        )
