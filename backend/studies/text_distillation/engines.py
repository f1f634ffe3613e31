"""The engines: ways to the gradient of the matching loss, chosen by name and checked before they are trusted.

exact: second derivatives of the students that are written out (OPT, Llama), by double backward for any other family.
compiled: the same, each layer fused; costs up to two minutes before the first update.
one_sided: a difference of two gradients. Where ReLUs switch, the difference sees jumps that a derivative does not.
plain: double backward through the model as it is; how all runs were made before there were others.

Before the first update an engine's gradient is compared with the plain one; an engine that cannot run here, or is off,
makes way for the exact one, and that one for the plain. Knows losses and segments; not the outer loop.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from backend.core.models.dual_students import DualStudent
from backend.core.models.lora import LoraStudent
from backend.core.params import Params
from backend.studies.text_distillation.synthetic import SyntheticPrompts
from backend.studies.text_distillation.unroll import (
    LossAt,
    MatchingGradient,
    Mixed,
    Segment,
    exact,
    matching_gradient,
    one_sided,
)

NEXT = {"compiled": "exact", "one_sided": "exact", "exact": "plain"}  # what an engine makes way for
FEW = 2  # inner steps that tell whether an exact engine is: rounding errors grow over more
LEAST_COSINE = 0.999  # with the plain gradient
LARGEST_ERROR = 0.01  # of an engine that says it is exact
PLAIN = "plain"


@dataclass(frozen=True)
class WrittenLoss:
    """The loss of a written-out student: its derivative along a direction is a forward pass too."""

    student: DualStudent
    synthetic: SyntheticPrompts
    batches: list[list[int] | None]

    def __call__(self, params: Params, prompts: Tensor, k: int) -> Tensor:
        return self.student.loss(params, self.synthetic.batch(prompts, self.batches[k]))

    def along(self, params: Params, prompts: Tensor, k: int, towards: Params) -> Tensor:
        return self.student.along(params, self.synthetic.batch(prompts, self.batches[k]), towards)


@dataclass(frozen=True)
class Engine:
    """`written` is None where the family is not written out, or shall not be used."""

    name: str
    student: LoraStudent
    written: DualStudent | None
    mixed: Mixed = exact

    def loss(self, synthetic: SyntheticPrompts, batches: list[list[int] | None]) -> LossAt:
        """The loss of inner step k on its batch of synthetic prompts."""
        if self.written is not None:
            return WrittenLoss(self.written, synthetic, batches)
        return lambda params, prompts, k: self.student.loss(params, synthetic.batch(prompts, batches[k]))

    def gradient(self, loss_at: LossAt, segment: Segment, prompts: Tensor, log_lrs: Tensor) -> MatchingGradient:
        return matching_gradient(loss_at, segment, prompts, log_lrs, self.mixed)


def make_engine(name: str, student: LoraStudent) -> Engine:
    """The engine of that name, unchecked."""
    written = DualStudent.of(student) if name != PLAIN else None
    if name == "compiled" and written is not None:
        written.compile()
    return Engine(name, student, written, one_sided if name == "one_sided" else exact)


def plain_loss(student: LoraStudent, synthetic: SyntheticPrompts, batches: list[list[int] | None]) -> LossAt:
    """The loss of inner step k by the model as it is: for unrolls without second derivatives, which need no check."""
    return make_engine(PLAIN, student).loss(synthetic, batches)


@dataclass(frozen=True)
class Trial:
    """What a check computes: an unroll as the run's own updates will be."""

    student: LoraStudent
    synthetic: SyntheticPrompts
    segment: Segment
    prompts: Tensor
    log_lrs: Tensor
    batches: list[list[int] | None]

    def gradient(self, engine: Engine, steps: int) -> tuple[Tensor, Tensor]:
        """The gradients of prompts and step sizes through the first inner steps."""
        loss_at = engine.loss(self.synthetic, self.batches[:steps])
        found = engine.gradient(loss_at, self.segment, self.prompts, self.log_lrs[:steps])
        return found.prompts, found.log_lrs


def checked_engine(name: str, trial: Trial) -> tuple[Engine, dict]:
    """An engine to trust, that of the name or what it makes way for; and what the check found, as a row of metrics.

    Costs two inner steps by the plain engine and by its own, or a whole unroll for an engine that is not exact.
    """
    reasons: list[str] = []
    while name != PLAIN:
        steps = len(trial.log_lrs) if name == "one_sided" else min(FEW, len(trial.log_lrs))
        try:
            engine = make_engine(name, trial.student)
            found = trial.gradient(engine, steps)
        except Exception as error:  # whatever a compiler raises
            reasons.append(f"{name} cannot run here: {type(error).__name__}")
        else:
            off = compared(found, trial.gradient(make_engine(PLAIN, trial.student), steps))
            if sound(name, off):
                written = engine.written is not None
                return engine, told(reasons) | off | {"inner_steps": steps, "used": name, "written_out": written}
            reasons.append(f"{name} is off: cosine {off['cosine']:.4f} with the plain gradient")
        name = NEXT[name]
    return make_engine(PLAIN, trial.student), told(reasons) | {"used": PLAIN, "written_out": False}


def told(reasons: list[str]) -> dict:
    return {"reason": "; ".join(reasons)}


def sound(name: str, off: dict) -> bool:
    """Whether an engine is what it says. One that cannot be compared, as the student ran away, is not judged by it."""
    if off["cosine"] is None:
        return True
    return off["cosine"] >= LEAST_COSINE and (name == "one_sided" or off["error"] <= LARGEST_ERROR)


def compared(found: tuple[Tensor, Tensor], wanted: tuple[Tensor, Tensor]) -> dict[str, float | None]:
    """How far gradients are off, the worse of prompts and step sizes; None where the plain one is no number."""
    pairs = [(a.detach().double().flatten(), b.detach().double().flatten()) for a, b in zip(found, wanted, strict=True)]
    if not all(b.isfinite().all() for _, b in pairs):
        return {"cosine": None, "error": None}
    if not all(a.isfinite().all() for a, _ in pairs):
        return {"cosine": -1.0, "error": 1.0}
    return {"cosine": min(cosine(a, b) for a, b in pairs), "error": max(error(a, b) for a, b in pairs)}


def cosine(a: Tensor, b: Tensor) -> float:
    """The cosine of two gradients; 1 where both are 0."""
    if not a.any() and not b.any():
        return 1.0
    return torch.nn.functional.cosine_similarity(a, b, dim=0).item()


def error(a: Tensor, b: Tensor) -> float:
    """The distance of two gradients as a share of the second's length."""
    return ((a - b).norm() / b.norm().clamp(min=1e-300)).item() if (a - b).any() else 0.0
