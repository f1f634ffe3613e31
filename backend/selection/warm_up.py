"""Warm-up: a short training whose state after every epoch is where selectors take gradients or losses.

Knows the core's fine-tuning and a student; not what a selector makes of its checkpoints.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.params import on
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.examples import Rows
from backend.core.training.finetune import Plan, finetune
from backend.core.training.finetune_state import FinetuneState
from backend.selection.gradients import example_gradients
from backend.selection.pool import Pool


@dataclass(frozen=True)
class Schedule:
    """How a student is warmed up. The step size suits LoRA on small models; LESS has 2e-5 for 7 billion parameters."""

    epochs: int = 4
    batch: int = 8
    lr: float = 1e-3


@dataclass(frozen=True)
class Checkpoint:
    """The student after an epoch of warm-up, and that epoch's share `weight` of the mean step sizes."""

    state: FinetuneState
    weight: float


def checkpoints(pool: Pool, rows: Rows, chosen: Sequence[int], schedule: Schedule, name: str) -> list[Checkpoint]:
    """Train LoRA on the `chosen` rows; parameters and Adam's moments after every epoch. `name` decides on the order.

    The student is left as it was found. 4 checkpoints of SmolLM2 are 22 MB. Raises Diverged where the training does.
    """
    student = pool.reader.student
    per_epoch = max(1, len(chosen) // schedule.batch)
    steps = schedule.epochs * per_epoch
    batches = shuffled_batches(len(chosen), schedule.batch, steps, generator("selection", name, pool.seed))
    before = {name: p.detach().clone() for name, p in student.live().items()}

    def batches_at(step: int) -> list:
        return rows.micro_batches([chosen[i] for i in batches[step]])

    states, rates = [], []
    plan = Plan(steps, schedule.lr, mixed_precision=pool.mixed_precision)
    try:
        for step in finetune(student, FinetuneState.fresh(student.initial(pool.seed)), batches_at, plan):
            rates.append(step.lr)
            if step.step % per_epoch == 0:
                states.append(step.state())
    finally:
        student.put(before)
    means = np.array(rates).reshape(schedule.epochs, per_epoch).mean(axis=1)
    return [Checkpoint(state, float(mean / means.sum())) for state, mean in zip(states, means, strict=True)]


def gradients_at(
    pool: Pool, state: FinetuneState, rows: Rows
) -> Iterator[tuple[list[int], Float[Tensor, "chunk parameters"]]]:
    """Per-example gradients of the rows at a checkpoint, chunk by chunk."""
    student = pool.reader.student
    params = on(state.params, student.device)
    return example_gradients(student, params, rows, mixed_precision=pool.mixed_precision)


def all_gradients_at(pool: Pool, state: FinetuneState, rows: Rows) -> Float[Tensor, "rows parameters"]:
    """The gradients of few rows at once: 300 of SmolLM2's adapters are 0.6 GB."""
    parts = list(gradients_at(pool, state, rows))
    order = torch.tensor([row for chosen, _ in parts for row in chosen]).argsort()
    return torch.cat([gradients for _, gradients in parts])[order.to(parts[0][1].device)]
