"""The students that a run trains and scores: which arm, model, regime and seed. Torch-free; a config in, a list out."""

from dataclasses import dataclass

from backend.studies.text_distillation.config import OWN_MODEL_ONLY, DistillConfig
from backend.studies.text_distillation.decoders import SEARCH


@dataclass(frozen=True)
class Cell:
    """One student to train and score."""

    arm: str
    student: str
    regime: str
    seed: int

    def name(self) -> str:
        return f"{self.arm}-{self.student.replace('/', '_')}-{self.regime}-{self.seed}"


def cells(c: DistillConfig) -> list[Cell]:
    """All students of a run. The matched regime is for the expert's own model: step sizes belong to it."""
    found = []
    for reader in [c.model] + ([c.other_model] if c.other_model else []):
        for regime in c.regimes:
            if regime == "matched" and reader != c.model:
                continue
            for arm in c.arms:
                if arm in OWN_MODEL_ONLY and reader != c.model:
                    continue
                if arm == "decoded" and c.decoder != SEARCH:
                    continue  # it is the arm `text`
                if arm == "base" and regime == "matched" and "ordinary" in c.regimes:
                    continue  # untrained is untrained: once for each reader
                found += [Cell(arm, reader, regime, seed) for seed in range(1 if arm == "base" else c.seeds)]
    return found
