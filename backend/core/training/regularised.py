"""Cross entropy with regularisers on the logits of the same run of the student, weighted by a schedule, and watched.

Knows students, batches and the terms of logit_terms.py; not where rows come from, nor what is logged. For
`finetune(..., loss_at=...)`: a new object for each training.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from backend.core.models.lora import Student
from backend.core.params import Params
from backend.core.text.batches import IGNORED
from backend.core.text.examples import AnyBatch
from backend.core.training.anchored import AnchoredBatch, base_logits
from backend.core.training.finetune import Loss
from backend.core.training.logit_terms import FORMS, Logits, Scalar, Shape

TERMS = ("consistency", "diversity", "spectrum")
SILENT, RAMP = 0.2, 0.05  # shares of a training: diversity and spectrum wait for the first, and grow over the second
LEAST = 0.1  # what remains of the weight of consistency


@dataclass(frozen=True)
class Weights:
    """What each term is multiplied by. By the `published` schedule (ICLR 2026) consistency falls along a cosine to a
    tenth, and the others begin after a fifth of the updates; `constant` leaves them as they are."""

    consistency: float = 0.025
    diversity: float = 0.005
    spectrum: float = 0.005
    schedule: str = "published"

    def at(self, progress: float) -> dict[str, float]:
        """The weights after this share of the updates, from 0 to 1."""
        falling, rising = 1.0, 1.0
        if self.schedule == "published":
            falling = LEAST + (1 - LEAST) * 0.5 * (1 + math.cos(math.pi * progress))
            rising = min(1.0, max(0.0, (progress - SILENT) / RAMP))
        by = {"consistency": falling, "diversity": rising, "spectrum": rising}
        return {name: getattr(self, name) * by[name] for name in TERMS}


NO_TERMS = Weights(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Watching:
    """How often, in updates: `raw` for terms without a weight, which cost no gradient, and `shares` for the norms of
    the gradients, each of which is a pass backwards of its own. 0 for never. The last update is always watched."""

    raw: int = 5
    shares: int = 15


@dataclass
class _Sums:
    """What the micro-batches of one update come to, weighted by their taught places."""

    places: int = 0
    values: dict[str, float] = field(default_factory=dict)
    gradients: dict[str, list[Tensor]] = field(default_factory=dict)

    def add(self, name: str, value: Tensor, places: int) -> None:
        self.values[name] = self.values.get(name, 0.0) + places * value.item()

    def add_gradient(self, name: str, found: tuple[Tensor, ...], places: int) -> None:
        before = self.gradients.get(name)
        parts = [places * g for g in found]
        self.gradients[name] = parts if before is None else [a + b for a, b in zip(before, parts, strict=True)]


class Regularised:
    """The loss of each update, for `finetune(..., loss_at=this)`; afterwards `told` says what it was made of.

    `start` are the student's first parameters, with which it computes what the untouched model does; never the live
    ones. `replayed(k)` gives a batch of update k on which consistency is taken instead of the answers. `smoothing` is
    label smoothing of the cross entropy. A term whose weight is 0 is left out, so that without weights every number is
    that of plain cross entropy, to the bit.
    The spectrum and the covariance depend on which rows lie together in a micro-batch; the others are means over
    places. The student runs once, and once more for replayed rows.
    """

    def __init__(
        self,
        start: Params,
        weights: Weights,
        steps: int,
        form: str = "iclr",
        shape: Shape | None = None,
        smoothing: float = 0.0,
        replayed: Callable[[int], AnyBatch] | None = None,
        watching: Watching | None = None,
    ):
        self.start, self.weights, self.steps = start, weights, steps
        self.form, self.shape, self.smoothing = FORMS[form], shape or Shape(), smoothing
        self._replayed, self._watching = replayed, watching or Watching(0, 0)
        self._sums, self._now, self._raw, self._shares, self._replay = _Sums(), {}, False, False, None

    def __call__(self, step: int) -> Loss:
        """The loss of update `step`, counted from 0."""
        self._sums, self._now = _Sums(), self.weights.at(step / self.steps)
        self._raw, self._shares = (self._due(step, every) for every in (self._watching.raw, self._watching.shares))
        self._replay = self._replayed(step) if self._replayed and self._wants("consistency") else None
        return self._loss

    def told(self) -> dict[str, float | int]:
        """Of the last update: `loss` (cross entropy) and `places`; each term raw and `weighted_...` where it was
        computed, and where gradients were, `share_task` and `share_...`: norms, divided by their sum."""
        places = self._sums.places
        found: dict[str, float | int] = {name: value / places for name, value in self._sums.values.items()}
        for name in TERMS:
            if name in found or getattr(self.weights, name):
                found[f"weighted_{name}"] = self._now[name] and self._now[name] * found[name]
        norms = {
            name: math.sqrt(sum(g.square().sum().item() for g in parts)) for name, parts in self._sums.gradients.items()
        }
        if whole := sum(norms.values()):
            found |= {f"share_{name}": norms.get(name, 0.0) / whole for name in ("task", *TERMS)}
        return found | {"places": places}

    def _due(self, step: int, every: int) -> bool:
        return bool(every) and (step % every == 0 or step == self.steps - 1)

    def _wants(self, name: str) -> bool:
        return self._now[name] > 0 or self._raw

    def _loss(self, student: Student, params: Params, batch: AnyBatch) -> Scalar:
        logits, labels = student.answer_logits(params, batch).flatten(0, 1), batch.labels.to(student.device).flatten()
        task = F.cross_entropy(logits, labels, ignore_index=IGNORED, label_smoothing=self.smoothing)
        taught = labels != IGNORED
        z = logits[taught].float() if logits.dtype != torch.float64 else logits[taught]
        parts = {"task": task}
        for name in filter(self._wants, TERMS):
            with torch.set_grad_enabled(self._now[name] > 0):
                value = self._term(name, student, params, batch, z)
            self._sums.add(name, value, len(z))
            if self._now[name] > 0:
                parts[name] = self._now[name] * value
        self._note(parts, params, logits, labels, len(z))
        total = task
        for name in list(parts)[1:]:
            total = total + parts[name]
        return total

    def _term(self, name: str, student: Student, params: Params, batch: AnyBatch, z: Logits) -> Scalar:
        if name == "diversity":
            return self.form.diversity(z, self.shape)
        if name == "spectrum":
            return self.form.spectrum(z, self.shape)
        if self._replay is not None:
            batch, z = self._replay, taught_logits(student, params, self._replay)
        base = batch.base if isinstance(batch, AnchoredBatch) else None
        base = base_logits(student, self.start, batch) if base is None else base
        return self.form.consistency(z, base, len(batch), self.shape)

    def _note(self, parts: dict[str, Tensor], params: Params, logits: Tensor, labels: Tensor, places: int) -> None:
        self._sums.places += places
        plain = F.cross_entropy(logits.detach(), labels, ignore_index=IGNORED) if self.smoothing else parts["task"]
        self._sums.add("loss", plain.detach(), places)
        if self._shares and len(parts) > 1:
            for name, part in parts.items():
                if part.requires_grad:  # a form may compute a term without a gradient
                    found = torch.autograd.grad(part, tuple(params.values()), retain_graph=True, allow_unused=True)
                    given = tuple(torch.zeros(()) if g is None else g for g in found)
                    self._sums.add_gradient(name, given, places)


def taught_logits(student: Student, params: Params, batch: AnyBatch) -> Logits:
    """The logits at the batch's taught places, row by row, in float32 at least."""
    logits = student.answer_logits(params, batch).flatten(0, 1)
    found = logits[batch.labels.to(student.device).flatten() != IGNORED]
    return found if found.dtype == torch.float64 else found.float()
