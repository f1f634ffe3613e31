"""What changes by rule while prompts are learned: the latest start of a segment, and the limit of the gradient's norm.

Plain numbers, no tensor: the worker follows these rules, and whoever reads its log can follow them again.
"""

from backend.studies.text_distillation.config import DistillConfig

EMA = 0.9  # memory of the running gradient norm that clipping is measured against (RaT-BPTT's rule)


def latest_start(config: DistillConfig, step: int) -> int:
    """Curriculum: early segments first, the latest start grows linearly to max_start. `step` updates came before."""
    grown = step / max(1.0, config.curriculum * config.outer_steps)
    return round(config.max_start * min(1.0, grown))


def typical_norm(before: float, norm: float) -> float:
    """The running norm of the gradient with one more, `before` is 0 in the beginning."""
    return norm if before == 0 else EMA * before + (1 - EMA) * norm


def shrinking(config: DistillConfig, typical: float, norm: float) -> float:
    """By how much a gradient is multiplied: below 1 where it is clipped."""
    return min(1.0, config.clip * typical / max(norm, 1e-30))
