"""Stacked students: several trained in one stream of work, each exactly as it would be alone.

    stack the students' LoRA matrices, and their batches row below row
    one forward and backward pass of the frozen model serves them all; every adapter multiplies its own rows
    AdamW works entry by entry, so that stacked students do not meet there either; where they step by sizes of their
    own, or are clipped, each has its own slice of the stack there

A GPU that trains one small student mostly waits for orders; nine at once take it hardly longer. Knows LoRA students and
rows of ids; not why they are trained. The arithmetic of the frozen part is in batches of another size, which may change
last digits. Memory grows with the students: activations of all their rows.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from backend.core.cached.quicker import top_of
from backend.core.matrices import mixed
from backend.core.models.lora import LoraStudent, Student
from backend.core.params import Params
from backend.core.text.batches import IGNORED, collate_encoded
from backend.core.text.examples import Rows, tokens_at_once
from backend.core.training.finetune import Diverged, Plan, finetuned, learning_rate

SMALL, PASS = 512, 4096  # on a CPU: tokens that one student's step reads at most, and those of a pass


@dataclass(frozen=True)
class Pupil:
    """One student among several: what it learns from, where it starts, and which rows each step reads. `lr` is its own
    peak step size, the plan's where it is None."""

    rows: Rows
    start: Params
    order: Sequence[list[int]]
    lr: float | None = None


Told = Callable[[int], None]  # hears of how many students one more step was taken


def finetuned_each(
    student: LoraStudent, pupils: Sequence[Pupil], plan: Plan, told: Told | None = None
) -> list[Params | None]:
    """The trained parameters of each; None for one that diverged. Those whose steps read alike are trained side by side
    on a GPU; on a CPU only where a step is small and runs all layers: twelve students of 12 rows gain 1.3 to 1.4 there,
    of 60 rows nothing.
    """
    groups: dict[tuple, list[int]] = {}
    for number, pupil in enumerate(pupils):
        groups.setdefault(tuple(map(len, pupil.order)), []).append(number)
    found: list[Params | None] = [None] * len(pupils)
    for group in groups.values():
        for number, end in zip(group, _group(student, [pupils[i] for i in group], plan, told), strict=True):
            found[number] = end
    return found


def _group(student: LoraStudent, pupils: Sequence[Pupil], plan: Plan, told: Told | None) -> list[Params | None]:
    if len(pupils) > 1 and not plan.checkpointing and stacks(student, _tokens_of_a_step(pupils)):
        return finetuned_stacked(student, pupils, plan, None if student.device.type != "cpu" else PASS, told)
    return [_alone(student, pupil, plan, told) for pupil in pupils]


def stacks(student: Student, tokens: int) -> bool:
    """Whether students whose steps read so many tokens are trained side by side; else each comes to the same wherever
    the others are. Where lower layers carry no adapters, a student alone reads them once, which saves more."""
    if student.device.type != "cpu":
        return can_stack(student)
    return can_stack(student) and tokens <= SMALL and top_of(student) is None


def can_stack(student: Student) -> bool:
    """Whether its adapters are plain products, which a stack of them can replace; DoRA's norms are not."""
    return isinstance(student, LoraStudent) and not student.reads_weights


def _alone(student: LoraStudent, pupil: Pupil, plan: Plan, told: Told | None) -> Params | None:
    own = replace(plan, lr=_peak(pupil, plan))
    try:
        return finetuned(student, pupil.rows, pupil.start, pupil.order, own, told and partial(told, 1))
    except Diverged:
        return None


def _peak(pupil: Pupil, plan: Plan) -> float:
    return plan.lr if pupil.lr is None else pupil.lr


def finetuned_stacked(
    student: LoraStudent, pupils: Sequence[Pupil], plan: Plan, tokens: int | None = None, told: Told | None = None
) -> list[Params | None]:
    """The pupils' trained parameters, as `finetuned_each` returns them, but always trained side by side: as many at a
    time as `tokens` of one pass allow, a micro-batch where it is None.

    Every step must read as many rows of each pupil as of the others. Raises RuntimeError where that is not so, and for
    a plan with checkpointing, which is not written here.
    """
    if plan.checkpointing:
        raise RuntimeError("Students side by side are not checkpointed.")
    found: list[Params | None] = []
    for some in _passes(pupils, tokens or tokens_at_once(student.model)):
        found += _train(student, some, plan, told)
    return found


def _passes(pupils: Sequence[Pupil], tokens: int) -> Iterator[Sequence[Pupil]]:
    if not pupils:
        return
    at_once = max(1, tokens // _tokens_of_a_step(pupils))
    for begin in range(0, len(pupils), at_once):
        yield pupils[begin : begin + at_once]


def _tokens_of_a_step(pupils: Sequence[Pupil]) -> int:
    longest = max(max(pupil.rows.lengths()) for pupil in pupils)
    return longest * max(len(chosen) for pupil in pupils for chosen in pupil.order)


def _train(student: LoraStudent, pupils: Sequence[Pupil], plan: Plan, told: Told | None) -> list[Params | None]:
    stacked = {
        name: torch.stack([pupil.start[name].to(student.device) for pupil in pupils]).requires_grad_()
        for name in student.shapes
    }
    groups = _groups(stacked, pupils, plan)
    optimizer = torch.optim.AdamW(groups, lr=0.0, weight_decay=0.0)
    sound = torch.ones(len(pupils), dtype=torch.bool, device=student.device)
    with _own_adapters(student.model, len(pupils)):
        for step in range(plan.steps):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, plan.steps, group["peak"])
            for p in stacked.values():
                p.grad = None
            with mixed(student.device.type, plan.mixed_precision):
                losses = _losses(student, stacked, pupils, step)
            losses.sum().backward()
            sound &= losses.detach().isfinite()
            _hand_on(stacked, groups, plan.clip)
            optimizer.step()
            if told:
                told(len(pupils))
    return _unstacked(stacked, sound)


def _groups(stacked: Params, pupils: Sequence[Pupil], plan: Plan) -> list[dict]:
    """AdamW's groups: the stack as a whole where all step alike, else each pupil's own slices of it."""
    peaks = [_peak(pupil, plan) for pupil in pupils]
    if plan.clip is None and len(set(peaks)) == 1:
        return [{"params": list(stacked.values()), "peak": peaks[0]}]
    slices = ([p.detach()[i].requires_grad_() for p in stacked.values()] for i in range(len(pupils)))
    return [{"params": own, "peak": peak} for own, peak in zip(slices, peaks, strict=True)]


def _hand_on(stacked: Params, groups: list[dict], clip: float | None) -> None:
    """Give each pupil's slices their part of the gradient, at most `clip` long."""
    for i, group in enumerate(groups):
        for whole, own in zip(stacked.values(), group["params"], strict=True):
            if own is not whole:
                own.grad = whole.grad[i]
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(group["params"], clip)


def _losses(student: LoraStudent, stacked: Params, pupils: Sequence[Pupil], step: int) -> Float[Tensor, " pupils"]:
    """Mean cross entropy per answer token of each pupil's rows."""
    chosen = [[pupil.rows.examples[i] for i in pupil.order[step]] for pupil in pupils]
    if len({len(rows) for rows in chosen}) > 1:
        found = [len(rows) for rows in chosen]
        raise RuntimeError(f"Step {step} reads {found} rows: students side by side read alike.")
    batch = collate_encoded([row for rows in chosen for row in rows], student.table)
    logits = student.answer_logits(stacked, batch)
    of_token = F.cross_entropy(logits.flatten(0, 1), batch.labels.flatten(), ignore_index=IGNORED, reduction="none")
    counts = (batch.labels != IGNORED).view(len(pupils), -1).sum(1)
    return of_token.view(len(pupils), -1).sum(1) / counts


def _unstacked(stacked: Params, sound: Bool[Tensor, " pupils"]) -> list[Params | None]:
    ends = {name: p.detach().cpu() for name, p in stacked.items()}
    return [{name: p[i].clone() for name, p in ends.items()} if ok else None for i, ok in enumerate(sound.tolist())]


@contextmanager
def _own_adapters(model: torch.nn.Module, pupils: int) -> Iterator[None]:
    """While this lasts, an adapter's weight is (pupils, out, in), and each pupil's rows meet their own."""
    adapters = [m for name, m in model.named_modules() if name.endswith(("lora_A.default", "lora_B.default"))]
    for module in adapters:
        module.forward = partial(_each_its_own, module, pupils)
    try:
        yield
    finally:
        for module in adapters:
            del module.forward  # the class's own shows again


def _each_its_own(
    module: torch.nn.Module, pupils: int, x: Float[Tensor, "*places inward"]
) -> Float[Tensor, "*places outward"]:
    rows = x.reshape(pupils, -1, x.shape[-1])
    return torch.bmm(rows, module.weight.mT).view(*x.shape[:-1], -1)
