"""Ordinary fine-tuning: AdamW on a student's trainable parameters, with a linear warm-up and decay.

The loss is passed in, so it may be any sum of terms; this loop never learns a study's name. It is a generator: after
every step the caller may log, validate, keep a checkpoint, stop, or later go on from one to the same numbers.

The module's own parameters are trained in place. Gradient checkpointing runs a layer again on the way back, when
functional_call has already put the old weights back; only where these are the very same tensors is that the same layer.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from backend.core.cached.quicker import learner
from backend.core.matrices import mixed
from backend.core.models.lora import Student
from backend.core.params import Params, snapshot
from backend.core.text.examples import AnyBatch, Data, answer_tokens, tokens_at_once
from backend.core.training.finetune_state import FinetuneState, below, read_tensors, write_tensors
from backend.errors import UserError


class Diverged(UserError):
    """The loss stopped being a number."""


# A term of the loss for (student, parameters, micro-batch). Micro-batches are averaged by their answer tokens, so a
# term must be a mean over answer tokens, or not depend on the batch.
Loss = Callable[[Student, Params, AnyBatch], Tensor]


def answer_loss(student: Student, params: Params, batch: AnyBatch) -> Tensor:
    """Mean cross entropy per answer token: what is minimised where nothing else is said."""
    return student.loss(params, batch)


def always(loss: Loss) -> Callable[[int], Loss]:
    """One loss for every update."""
    return lambda step: loss


_always_answers = always(answer_loss)


def sum_of(loss: Loss, *terms: tuple[float, Loss]) -> Loss:
    """`loss` plus each weighted term."""

    def total(student: Student, params: Params, batch: AnyBatch) -> Tensor:
        value = loss(student, params, batch)
        for weight, term in terms:
            value = value + weight * term(student, params, batch)
        return value

    return total


@dataclass(frozen=True)
class Plan:
    """How to step. `clip` is the gradient's largest norm, None for any. Mixed precision multiplies in
    bfloat16 where that is faster on this machine (matrices.can_mix)."""

    steps: int
    lr: float
    clip: float | None = None
    mixed_precision: bool = False
    checkpointing: bool = False


@dataclass(frozen=True)
class Step:
    """One update: how many there were by now, the loss before it, its step size. The rest is copied when asked for."""

    step: int
    loss: float
    lr: float
    _tuning: "_Tuning" = field(repr=False)

    def params(self) -> Params:
        """A copy of the parameters, on the CPU. Ask before the next step."""
        return snapshot(self._tuning.at(self.step).params)

    def state(self) -> FinetuneState:
        """A copy of everything the next step depends on, on the CPU. Ask before the next step."""
        return self._tuning.at(self.step).state()


class _Tuning:
    """The parameters in place and their optimizer, between two steps."""

    def __init__(self, student: Student, start: FinetuneState):
        self.params, self.step = student.live(), start.step
        start.check_fits(self.params)
        student.put(start.params)
        self.optimizer = torch.optim.AdamW(self.params.values(), lr=0.0, weight_decay=0.0)
        for name, moments in start.moments.items():
            on_device = {key: value.to(self.params[name].device, copy=True) for key, value in moments.items()}
            self.optimizer.state[self.params[name]] = on_device | {"step": torch.tensor(float(start.step))}

    def at(self, step: int) -> "_Tuning":
        if step != self.step:
            raise RuntimeError(f"Step {step} is over: its parameters were trained on, up to step {self.step}.")
        return self

    def state(self) -> FinetuneState:
        moments = {
            name: snapshot({key: self.optimizer.state[p][key] for key in ("exp_avg", "exp_avg_sq")})
            for name, p in self.params.items()
            if p in self.optimizer.state
        }
        return FinetuneState(self.step, snapshot(self.params), moments)


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up over the first tenth, then linear decay to a tenth of the peak."""
    warm = max(1, steps // 10)
    if step < warm:
        return peak * (step + 1) / warm
    return peak * (1 - 0.9 * (step - warm) / max(1, steps - warm))


def finetune(
    student: Student,
    start: FinetuneState,
    batches_at: Callable[[int], Sequence[AnyBatch]],
    plan: Plan,
    loss_at: Callable[[int], Loss] = _always_answers,
) -> Iterator[Step]:
    """Train the student in place from `start` to `plan.steps` AdamW updates, yielding after each.

    `batches_at(k)` gives the micro-batches of update k, counted from 0; their gradients add up to the whole batch's,
    per answer token. `loss_at(k)` gives the loss of update k, so that weights may follow a schedule, and a tuning that
    goes on from a state sees the weights of an unbroken one. Between steps the student holds the trained parameters, in
    evaluation mode: score it, but put nothing else into it. Memory: Adam's 12 bytes a trainable parameter, and the
    activations of the largest micro-batch.
    Raises Diverged, a UserError, when the loss stops being a number.
    """
    if plan.checkpointing and not student.backbone.model.supports_gradient_checkpointing:
        found = f"The family {student.backbone.family} cannot forget its activations and compute them again."
        raise UserError(found, "a model that supports gradient checkpointing", "Turn gradient checkpointing off.")
    tuning = _Tuning(student, start)
    try:
        for step in range(start.step, plan.steps):
            lr = learning_rate(step, plan.steps, plan.lr)
            for group in tuning.optimizer.param_groups:
                group["lr"] = lr
            tuning.optimizer.zero_grad()
            with _prepared(student, plan):
                value = _accumulate(student, tuning.params, batches_at(step), plan, loss_at(step))
            if not torch.isfinite(value):
                found = f"The loss is {value.item()} at step {step}."
                raise Diverged(found, "a finite loss", "Lower the learning rate.")
            if plan.clip is not None:
                torch.nn.utils.clip_grad_norm_(tuning.params.values(), plan.clip)
            tuning.optimizer.step()
            tuning.step = step + 1
            yield Step(step + 1, value.item(), lr, tuning)
    finally:
        tuning.optimizer.zero_grad()  # a finished student should not hold gradients


def finetuned(
    student: Student,
    rows: Data,
    start: Params,
    order: Sequence[list[int]],
    plan: Plan,
    told: Callable[[], None] | None = None,
) -> Params:
    """The parameters after the whole plan from `start`; step k reads the rows `order[k]`. `told` after every step.
    Layers below all adapters read a row once."""
    student, rows = learner(student, rows)
    end, tokens = start, tokens_at_once(student.model)
    for step in finetune(student, FinetuneState.fresh(start), lambda k: rows.micro_batches(order[k], tokens), plan):
        if told:
            told()
        if step.step == plan.steps:
            end = step.params()
    return end


def _accumulate(student: Student, params: Params, batches: Sequence[AnyBatch], plan: Plan, loss: Loss) -> Tensor:
    """Add the whole batch's gradient to the parameters, one micro-batch in memory at a time; its loss."""
    counts = [answer_tokens(batch) for batch in batches]
    parts = []
    for batch, count in zip(batches, counts, strict=True):
        with mixed(student.device.type, plan.mixed_precision):
            part = count / sum(counts) * loss(student, params, batch)
        part.backward()
        parts.append(part.detach())
    return torch.stack(parts).sum()


@contextmanager
def _prepared(student: Student, plan: Plan) -> Iterator[None]:
    """Layers checkpoint only in training mode, which without dropout changes nothing else."""
    if not plan.checkpointing:
        yield
        return
    model = student.backbone.model
    model.activation_checkpointing_enable({"use_reentrant": False})
    model.train()
    try:
        yield
    finally:
        model.eval()
        model.activation_checkpointing_disable()


class EarlyStop:
    """Remembers the best parameters by a validation number, larger being better, and says when to give up.

    `patience`: how many validations in a row may bring no gain; 0 for any number. A tie is no gain.
    """

    def __init__(self, patience: int):
        self.patience = patience
        self.best, self.best_step, self.step, self.waited = -math.inf, 0, 0, 0
        self.params: Params = {}

    def update(self, value: float, step: int, params: Callable[[], Params]) -> bool:
        """True when it is time to stop. `params` is called, and so copied, only after a gain.

        A step that was counted before counts no second time: a tuning that was killed repeats its last ones.
        """
        if step > self.step:
            self.step = step
            self.waited += 1
            if value > self.best or not self.params:
                self.best, self.best_step, self.waited, self.params = value, step, 0, params()
        return 0 < self.patience <= self.waited

    def save(self, path: Path) -> None:
        """Write it, so that a killed tuning goes on with its best."""
        told = {name: value for name, value in self.__dict__.items() if name != "params"}
        write_tensors(path, {f"params/{name}": p for name, p in self.params.items()}, told)

    @classmethod
    def load(cls, path: Path) -> "EarlyStop":
        """Read it back. Raises UserError where the file is missing or damaged."""
        tensors, told = read_tensors(path)
        stop = cls(0)
        stop.__dict__.update(told, params=below(tensors, "params"))
        return stop


def choose_lr(scores: dict[float, tuple[float, float]]) -> float:
    """The step size of the best (validation number, larger being better; loss): ties go to the lower loss, then the
    smaller step.

    A step size whose numbers are not finite loses to any other. Raises UserError where there is none that is finite.
    """
    finite = {lr: pair for lr, pair in scores.items() if all(map(math.isfinite, pair))}
    if not finite:
        found = f"None of the {len(scores)} learning rates gave a finite loss."
        raise UserError(found, "at least one", "Add lower learning rates to the grid.")
    return min(finite, key=lambda lr: (-finite[lr][0], finite[lr][1], lr))
