"""The students that a comparison trains and scores: which arm, model, regime and seed. Torch-free."""

from dataclasses import dataclass

from backend.comparison.config import ComparisonConfig
from backend.studies.text_distillation.config import OWN_MODEL_ONLY


@dataclass(frozen=True)
class Cell:
    """One student to train and score; without `sizes`, step sizes to choose or learn. `seed` is -1 there.

    `sizes` is one step size in the ordinary regime, and one for each step in the matched.
    """

    arm: str
    student: str
    regime: str
    seed: int = -1
    sizes: tuple[float, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        return self.arm, self.student, self.regime

    @property
    def name(self) -> str:
        who = f"{self.arm}-{self.student.replace('/', '_')}-{self.regime}"
        return f"{who}-{self.seed}" if self.sizes else who


def kinds_of(config: ComparisonConfig) -> list[Cell]:
    """Every arm, student and regime there is. Embeddings, and step sizes learned by experts, are the own model's."""
    return [
        Cell(arm, name, regime)
        for regime in config.regimes
        for arm in config.arms
        for name in config.students
        if arm != "base" and (name == config.model or (arm not in OWN_MODEL_ONLY and regime == "ordinary"))
    ]
