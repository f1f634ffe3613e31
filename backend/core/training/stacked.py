"""Stacked students: several trained in one stream of work, each exactly as it would be alone.

    stack the students' LoRA matrices, and their batches row below row
    one forward and backward pass of the frozen model serves them all; every adapter multiplies its own rows
    AdamW works entry by entry, so that stacked students do not meet there either

A GPU that trains one small student mostly waits for orders; nine at once take it hardly longer. Knows LoRA students and
rows of ids; not why they are trained. The arithmetic of the frozen part is in batches of another size, which may change
last digits.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from backend.core.matrices import mixed
from backend.core.models.lora import LoraStudent
from backend.core.params import Params
from backend.core.text.batches import IGNORED, collate_encoded
from backend.core.text.examples import Rows, tokens_at_once
from backend.core.training.finetune import Diverged, Plan, finetuned, learning_rate

SMALL, PASS = 512, 4096  # on a CPU: tokens that one student's step reads at most, and those of a pass


@dataclass(frozen=True)
class Pupil:
    """One student among several: what it learns from, where it starts, and which rows each step reads."""

    rows: Rows
    start: Params
    order: Sequence[list[int]]


def finetuned_each(student: LoraStudent, pupils: Sequence[Pupil], plan: Plan) -> list[Params | None]:
    """The trained parameters of each; None for one that diverged. Side by side on a GPU; on a CPU only where a step is
    small: twelve students of 12 rows gain 1.3 to 1.4 there, of 60 rows nothing."""
    alike = len({tuple(map(len, pupil.order)) for pupil in pupils}) == 1
    if alike and student.device.type != "cpu":
        return finetuned_stacked(student, pupils, plan)
    if alike and len(pupils) > 1 and _tokens_of_a_step(pupils) <= SMALL:
        return finetuned_stacked(student, pupils, plan, PASS)
    return [_alone(student, pupil, plan) for pupil in pupils]


def _alone(student: LoraStudent, pupil: Pupil, plan: Plan) -> Params | None:
    try:
        return finetuned(student, pupil.rows, pupil.start, pupil.order, plan)
    except Diverged:
        return None


def finetuned_stacked(
    student: LoraStudent, pupils: Sequence[Pupil], plan: Plan, tokens: int | None = None
) -> list[Params | None]:
    """The pupils' trained parameters, as `finetuned_each` returns them, but always trained side by side: as many at a
    time as `tokens` of one pass allow, a micro-batch where it is None.

    Every step must read as many rows of each pupil as of the others. Raises RuntimeError where that is not so, and for
    a plan with clipping or checkpointing, which is not written here.
    """
    if plan.clip is not None or plan.checkpointing:
        raise RuntimeError("Students side by side are neither clipped nor checkpointed.")
    found: list[Params | None] = []
    for some in _passes(pupils, tokens or tokens_at_once(student.model)):
        found += _train(student, some, plan)
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


def _train(student: LoraStudent, pupils: Sequence[Pupil], plan: Plan) -> list[Params | None]:
    stacked = {
        name: torch.stack([pupil.start[name].to(student.device) for pupil in pupils]).requires_grad_()
        for name in student.shapes
    }
    optimizer = torch.optim.AdamW(stacked.values(), lr=0.0, weight_decay=0.0)
    sound = torch.ones(len(pupils), dtype=torch.bool, device=student.device)
    with _own_adapters(student.model, len(pupils)):
        for step in range(plan.steps):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, plan.steps, plan.lr)
            optimizer.zero_grad()
            with mixed(student.device.type, plan.mixed_precision):
                losses = _losses(student, stacked, pupils, step)
            losses.sum().backward()
            sound &= losses.detach().isfinite()
            optimizer.step()
    return _unstacked(stacked, sound)


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
    module: torch.nn.Module, pupils: int, x: Float[Tensor, "rows seq inward"]
) -> Float[Tensor, "rows seq outward"]:
    rows = x.reshape(pupils, -1, x.shape[-1])
    return torch.bmm(rows, module.weight.mT).view(*x.shape[:-1], -1)
