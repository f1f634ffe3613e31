"""Cells: which students there are, and where their files lie. Follows from settings alone.

Standard library only; knows no model.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from backend.runs.folder import RunDir
from backend.studies.tiny_clip.arms import AUTO
from backend.studies.tiny_clip.config import TinyClipConfig

TRAINING, OUTCOME = "training", "outcome.json"
GRID, FINAL, CONTROL = "grid", "final", "control"


@dataclass(frozen=True)
class Cell:
    """One student. `phase` is grid while the step size is still open, control for the copy of the teacher that is
    trained as long as masks are learned, and then sliced."""

    arm: str
    phase: str
    lr: float
    seed: int

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.arm}-{'control-' if self.phase == CONTROL else ''}lr{self.lr!r}-seed{self.seed}"

    @property
    def where(self) -> dict:
        """Its columns in metrics.jsonl."""
        return {"arm": self.arm, "phase": self.phase, "lr": self.lr, "seed": self.seed}

    def owns(self, row: dict) -> bool:
        """Whether a row of any file is of this student. Only metrics.jsonl holds rows of controls."""
        mine = (row.get("arm", row.get("who")), row["lr"], row["seed"]) == (self.arm, self.lr, self.seed)
        return mine and (row.get("phase") == CONTROL) == (self.phase == CONTROL)


def grid_cells(config: TinyClipConfig) -> list[Cell]:
    """Every arm's students of seed 0, one for each step size; none where there is nothing to choose."""
    if len(config.lrs) == 1:
        return []
    return [Cell(arm, GRID, lr, 0) for arm in config.arms for lr in config.lrs]


def final_cells(config: TinyClipConfig, lrs: dict[str, float]) -> list[Cell]:
    """Every arm's students at its own step size; that of seed 0 was trained in the grid."""
    first = GRID if len(config.lrs) > 1 else FINAL
    return [Cell(arm, FINAL if seed else first, lrs[arm], seed) for seed in range(config.seeds) for arm in config.arms]


def control_cells(config: TinyClipConfig, lrs: dict[str, float]) -> list[Cell]:
    """For every student of learned masks a copy of the teacher that trains as long without them."""
    return [Cell(AUTO, CONTROL, lrs[AUTO], seed) for seed in range(config.seeds)] if AUTO in config.arms else []


@dataclass(frozen=True)
class Outcome:
    """What a student came to. `score` is the mean of its validation figures, of a grid's students only; `blocks`,
    `all`, `image` and `text` are sizes: of attention and MLPs of both towers, of everything, of either tower's blocks.

    `after_cut` is the test's top-5 right after the last cut, of controls and masks; `sliced_same` that of the leading
    units of the weights that were cut. Of a student that diverged nearly everything is None."""

    score: float | None
    seconds: float
    blocks: int | None = None
    all: int | None = None
    image: int | None = None
    text: int | None = None
    after_cut: float | None = None
    sliced_same: float | None = None

    def text_of(self) -> str:
        """The outcome as a file holds it."""
        return json.dumps(asdict(self))


def folder_of(run_dir: RunDir, cell: Cell) -> Path:
    """Where a student lies while it is trained."""
    return run_dir.artifacts / TRAINING / cell.name


def outcome_file(run_dir: RunDir, cell: Cell) -> Path:
    return folder_of(run_dir, cell) / OUTCOME


def read_outcome(run_dir: RunDir, cell: Cell) -> Outcome | None:
    """None where the student is not trained yet."""
    file = outcome_file(run_dir, cell)
    return Outcome(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None
