"""The tune stage: for every arm a student at each step size, the best by validation, then one for each further seed.

Knows the run folder, processes and who is trained when; how one student is trained is in training.py.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from backend.core.training.finetune import choose_lr
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Progress, RowWatch
from backend.runs.students import trained
from backend.studies.ba_lora.arms import REFERENCE
from backend.studies.ba_lora.config import BaLoraConfig
from backend.studies.ba_lora.training import Cell, Outcome, Trainer, forget_checkpoint, saved_step

TUNING, ADAPTERS = "tuning", "adapters"


@dataclass(frozen=True)
class Tuned:
    """What tuning came to: each arm's step size, how the others did, and its students' updates and seconds."""

    lrs: dict[str, float]
    grids: dict[str, list[dict]]
    steps: dict[str, list[int]]
    seconds: dict[str, list[float | None]]


def tune(config: BaLoraConfig, model: str, run_dir: RunDir) -> Tuned:
    """Train what is not trained yet. The best of an arm's grid is its student of seed 0: nothing is trained twice."""
    first = [Cell(arm, "grid", lr, 0) for arm in config.arms for lr in config.lrs] if len(config.lrs) > 1 else []
    planned = len(first) + len(config.arms) * (config.seeds - bool(first))
    done = forget_repeated_rows(run_dir)
    with Progress(run_dir, "tune", planned * config.steps, done=done) as progress:
        tried = train(config, model, run_dir, first, progress)
        lrs = {arm: chosen_lr(config, arm, tried) for arm in config.arms}
        cells = [chosen_cell(config, arm, lr, seed) for arm, lr in lrs.items() for seed in range(config.seeds)]
        every = tried | train(config, model, run_dir, [cell for cell in cells if cell not in tried], progress)
        progress.advance(by=progress.total - progress.done)  # what students that stopped early did not need
    for cell in every:
        forget_checkpoint(run_dir.artifacts / TUNING / cell.name)
    for cell in cells:
        keep(run_dir, cell)
    for cell in tried.keys() - set(cells):
        shutil.rmtree(run_dir.artifacts / TUNING / cell.name / "adapter", ignore_errors=True)
    forget_other_spectra(run_dir, lrs)
    return Tuned(
        lrs,
        {arm: [grid_row(cell, outcome) for cell, outcome in tried.items() if cell.arm == arm] for arm in config.arms},
        {arm: [every[cell].steps for cell in cells if cell.arm == arm] for arm in config.arms},
        {arm: [outcome.seconds for cell, outcome in every.items() if cell.arm == arm] for arm in config.arms},
    )


def chosen_lr(config: BaLoraConfig, arm: str, tried: dict[Cell, Outcome]) -> float:
    """The best of the arm's own grid, or the only step size there is."""
    return choose_lr({cell.lr: o.judged for cell, o in tried.items() if cell.arm == arm}) if tried else config.lrs[0]


def chosen_cell(config: BaLoraConfig, arm: str, lr: float, seed: int) -> Cell:
    return Cell(arm, "grid" if len(config.lrs) > 1 and seed == 0 else "final", lr, seed)


def grid_row(cell: Cell, outcome: Outcome) -> dict:
    """A step size that was tried, as summary.json has it."""
    return {"lr": cell.lr, "acc": outcome.acc, "option_loss": outcome.option_loss, "n": outcome.n}


def adapter_of(run_dir: RunDir, arm: str, seed: int) -> Path:
    """Where a tuned student stays."""
    return run_dir.artifacts / ADAPTERS / f"{arm}-{seed}"


def keep(run_dir: RunDir, cell: Cell) -> None:
    """Move a student's adapter to where it stays, unless that was done before."""
    kept = adapter_of(run_dir, cell.arm, cell.seed)
    made = run_dir.artifacts / TUNING / cell.name / "adapter"
    if made.is_dir():
        kept.parent.mkdir(exist_ok=True)
        shutil.rmtree(kept, ignore_errors=True)
        made.replace(kept)


def train(
    config: BaLoraConfig, model: str, run_dir: RunDir, cells: list[Cell], progress: Progress
) -> dict[Cell, Outcome]:
    """The outcome of every cell, several trained at a time."""

    def write(cell: Cell, outcome: Outcome) -> None:
        write_atomically(outcome_file(run_dir, cell), json.dumps(asdict(outcome)))

    watch = RowWatch(run_dir, progress, "tune", "Fine-tuning")
    begin = partial(cell_worker, config, model, run_dir.path)
    return trained(cells, partial(read_outcome, run_dir), begin, write, watch)


def cell_worker(
    config: BaLoraConfig, model: str, folder: Path, look_up: Callable[[], None] | None
) -> Callable[[Cell], Outcome]:
    """Load everything once, in whichever process this is, and return what to do with a cell."""
    run_dir = RunDir(folder)
    trainer = Trainer(config, model, run_dir, look_up)
    return lambda cell: trainer.train(cell, run_dir.artifacts / TUNING / cell.name)


def forget_repeated_rows(run_dir: RunDir) -> int:
    """Drop the rows that a resume will write again, those after a cell's last checkpoint; how many updates remain."""
    rows = run_dir.rows("metrics")
    cells = {Cell(row["arm"], row["phase"], row["lr"], row["seed"]) for row in rows}
    open_cells = [cell for cell in cells if read_outcome(run_dir, cell) is None]
    steps = {(cell.arm, cell.lr, cell.seed): saved_step(run_dir.artifacts / TUNING / cell.name) for cell in open_cells}

    def keeps(row: dict) -> bool:
        step = steps.get((row["arm"], row["lr"], row["seed"]))
        return step is None or row["step"] <= step != 0  # what is begun anew writes the row of its start again

    for name in ("metrics", "spectra"):
        if not all(map(keeps, run_dir.rows(name))):
            run_dir.keep_rows(name, keeps)
    forget_exhibits(run_dir)
    return sum(row["stage"] == "tune" for row in filter(keeps, rows))


def forget_exhibits(run_dir: RunDir) -> None:
    """Drop the exhibits of updates whose singular values were dropped: they are measured together."""
    kept = {(row["lr"], row["step"]) for row in run_dir.rows("spectra") if row["arm"] == REFERENCE}
    if not all((row["lr"], row["step"]) in kept for row in run_dir.rows("exhibits")):
        run_dir.keep_rows("exhibits", lambda row: (row["lr"], row["step"]) in kept)


def forget_other_spectra(run_dir: RunDir, lrs: dict[str, float]) -> None:
    """Only students that remain keep their singular values: of a grid, the best one."""
    if not all(row["lr"] == lrs[row["arm"]] for row in run_dir.rows("spectra")):
        run_dir.keep_rows("spectra", lambda row: row["lr"] == lrs[row["arm"]])
    forget_exhibits(run_dir)


def outcome_file(run_dir: RunDir, cell: Cell) -> Path:
    return run_dir.artifacts / TUNING / cell.name / "outcome.json"


def read_outcome(run_dir: RunDir, cell: Cell) -> Outcome | None:
    file = outcome_file(run_dir, cell)
    return Outcome(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None
