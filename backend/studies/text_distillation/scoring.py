"""The evaluate stage: every fresh student trained and scored, several at a time, each result written as it comes.

Knows the run folder and processes; what a cell is and how it is trained is in evaluate.py.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from backend.core.pool import Workers, kept
from backend.core.scoring.metrics import summarise
from backend.core.scoring.scored import COUNTED, FREE_METRICS, METRICS, Scored, metrics_of
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.runs.results import SCORES
from backend.studies.text_distillation.cells import Cell, cells
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.cost import cell_work
from backend.studies.text_distillation.decoding import learned
from backend.studies.text_distillation.evaluate import Bench
from backend.studies.text_distillation.learning import restore
from backend.studies.text_distillation.recording import load_experts
from backend.studies.text_distillation.setup import Setup


def evaluate(setup: Setup, run_dir: RunDir, workers: Workers) -> None:
    """Train and score every cell that has no result yet, several at a time."""
    todo, everything = to_score(setup.config, run_dir), cells(setup.config)
    drop_halves(setup.config, run_dir)
    begin_work = partial(cell_worker, setup.config, run_dir.path)
    work = {cell: cell_work(setup.config, cell) for cell in todo}  # a student of all the data is many of the base
    total, waiting = len(everything), list(todo)
    with Progress(run_dir, "evaluate", total, total - len(todo), sum(work.values()), slow_start=True) as progress:
        for cell, scored in workers.each(begin_work, todo, progress.check_stop):
            write_scores(setup.config.task, cell, scored, run_dir)
            waiting.remove(cell)
            others = sum(work[one] for one in waiting[: workers.count - 1])
            progress.advance(f"Scored {cell.said()}", work=work[cell], under_way=float(others))


def to_score(config: DistillConfig, run_dir: RunDir) -> list[Cell]:
    """The cells that have no whole result yet."""
    done = {cell_of(row) for row in run_dir.rows("results") if row["metric"] in (METRICS[-1], FREE_METRICS[-1])}
    return [cell for cell in cells(config) if cell not in done]


def drop_halves(config: DistillConfig, run_dir: RunDir) -> None:
    """Take back the rows of students of which some are missing: they are scored again."""
    todo = to_score(config, run_dir)
    run_dir.keep_rows("results", lambda row: cell_of(row) not in todo)


def cell_of(row: dict) -> Cell:
    return Cell(row["arm"], row["student"], row["regime"], row["seed"])


def cell_worker(config: DistillConfig, folder: Path) -> Callable[[Cell], list[Scored]]:
    """Load everything once, in whichever process this is, and return what to do with a cell."""
    setup = kept(Setup, config)
    buffer = load_experts(setup)
    run_dir = RunDir(folder)
    bench = Bench(setup, buffer, learned(setup, restore(setup, buffer, run_dir), run_dir))
    return lambda cell: bench.score(cell, bench.train(cell))


def write_scores(task: str, cell: Cell, scored: list[Scored], run_dir: RunDir) -> None:
    """One student: its per-question scores first, then its rows of results."""
    folder = run_dir.path / SCORES
    folder.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(item.as_row(), ensure_ascii=False) for item in scored)
    write_atomically(folder / f"{cell.name()}.jsonl", "\n".join(lines) + "\n")
    totals = summarise(scored)
    for metric in metrics_of(scored):
        where = {"arm": cell.arm, "student": cell.student, "task": task, "regime": cell.regime}
        value = {"metric": metric, "seed": cell.seed, "value": totals[metric], "n": totals["n"]}
        value |= {} if metric in COUNTED else {"stderr": totals[f"{metric}_stderr"]}
        run_dir.append("results", where | value | {"scores": f"{SCORES}/{cell.name()}.jsonl"})
