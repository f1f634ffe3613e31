"""Cells: which light nets there are, and where their files lie. Follows from settings alone.

Standard library only; knows no model.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from backend.runs.folder import RunDir
from backend.studies.a_sdm.config import ASdmConfig

TRAINING, OUTCOME = "training", "outcome.json"
GRID, FINAL = "grid", "final"


@dataclass(frozen=True)
class Cell:
    """One light net. `phase` is grid while the step size is still open."""

    arm: str
    phase: str
    lr: float
    seed: int

    @property
    def where(self) -> dict:
        """Its columns in metrics.jsonl."""
        return {"arm": self.arm, "phase": self.phase, "lr": self.lr, "seed": self.seed}

    def owns(self, row: dict) -> bool:
        """Whether a row of metrics.jsonl is of this net."""
        return (row["arm"], row["lr"], row["seed"]) == (self.arm, self.lr, self.seed)


def grid_cells(config: ASdmConfig) -> list[Cell]:
    """Every arm's nets of seed 0, one for each step size; none where there is nothing to choose."""
    if len(config.lrs) == 1:
        return []
    return [Cell(arm, GRID, lr, 0) for arm in config.arms for lr in config.lrs]


def final_cells(config: ASdmConfig, lrs: dict[str, float]) -> list[Cell]:
    """Every arm's nets at its own step size; that of seed 0 was trained in the grid."""
    first = GRID if len(config.lrs) > 1 else FINAL
    return [Cell(arm, FINAL if seed else first, lrs[arm], seed) for seed in range(config.seeds) for arm in config.arms]


@dataclass(frozen=True)
class Outcome:
    """What a light net came to: the PSNR on validation prompts in dB, None where it diverged, and the processor's
    seconds of its training."""

    score: float | None
    seconds: float

    def text_of(self) -> str:
        """The outcome as a file holds it."""
        return json.dumps(asdict(self))


def folder_of(run_dir: RunDir, cell: Cell) -> Path:
    """Where a net lies while it is trained."""
    return run_dir.artifacts / TRAINING / f"{cell.arm}-lr{cell.lr!r}-seed{cell.seed}"


def outcome_file(run_dir: RunDir, cell: Cell) -> Path:
    return folder_of(run_dir, cell) / OUTCOME


def read_outcome(run_dir: RunDir, cell: Cell) -> Outcome | None:
    """None where the net is not trained yet."""
    file = outcome_file(run_dir, cell)
    return Outcome(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None
