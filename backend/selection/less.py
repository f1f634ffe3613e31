"""LESS: training questions whose update would lower the loss on validation questions the most, by first order.

Xia et al. 2024, LESS: Selecting Influential Data for Targeted Instruction Tuning. Knows a pool, the core's fine-tuning
and per-example gradients. Other than as published: the core's schedule (a tenth of warm-up, decay to a tenth of the
peak) and its loss per answer token of the whole batch; sparse signs for dense ones in the projection; float32
unless the pool says mixed precision.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from backend.core.params import on
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.examples import Rows
from backend.core.training.finetune import Plan, finetune
from backend.core.training.finetune_state import FinetuneState
from backend.selection.gradients import example_gradients, flat
from backend.selection.plain import drawn_order
from backend.selection.pool import Pool
from backend.selection.projection import DIMENSIONS, Projection

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # Adam's


@dataclass(frozen=True)
class LessSettings:
    """LESS warms up on 5 % of its pool for 4 epochs. Of a small pool that is nothing to learn from: at least
    `least_rows` (or all there are). The step size suits LoRA on small models; published is 2e-5 for 7 billion.
    """

    warmup_share: float = 0.05
    least_rows: int = 8
    epochs: int = 4
    batch: int = 8
    lr: float = 1e-3
    dimensions: int = DIMENSIONS


@dataclass(frozen=True)
class Checkpoint:
    """The student after an epoch of warm-up, and that epoch's share `weight` of the mean step sizes."""

    state: FinetuneState
    weight: float


DEFAULT = LessSettings()


def less(pool: Pool, size: int, settings: LessSettings = DEFAULT) -> list[int]:
    """The rows of the largest influence that the quota has room for; of equal scores the first row wins.

    The student is left as it was found. Costs, beside the warm-up, one gradient a row and checkpoint. Raises UserError
    for a size the pool cannot fill, and Diverged where the warm-up does.
    """
    quota = pool.quota(size)  # a wrong size should not wait for the gradients
    scores = influences(pool, settings)
    return quota.fill(np.argsort(-scores, kind="stable").tolist())


def influences(pool: Pool, settings: LessSettings = DEFAULT) -> Float[np.ndarray, " pool"]:
    """max over sub-tasks of the mean over their validation rows v of sum_i w_i cos(G_i(z), g_i(v)), for each row z.

    G_i is the Adam direction and g_i the plain gradient at checkpoint i, both projected alike; w_i is the mean step
    size of epoch i, over all epochs 1. The mean is taken over the normalised g_i first, which is the same by linearity:
    memory is a chunk of gradients and one row for each sub-task, whatever the pool's size.
    """
    student = pool.reader.student
    tasks = pool.validation_groups or ["all"] * len(pool.validation)
    project = Projection(sum(shape.numel() for shape in student.shapes.values()), settings.dimensions, pool.seed)
    scores = np.zeros((len(pool), len(set(tasks))), np.float32)
    for checkpoint in warm_up(pool, settings):
        wanted = _task_means(pool, checkpoint.state, tasks, project)
        for chosen, directions in _train_directions(pool, checkpoint.state):
            scores[chosen] += checkpoint.weight * (_unit(project(directions.cpu().numpy())) @ wanted.T)
    return scores.max(axis=1)


def warm_up(pool: Pool, settings: LessSettings) -> list[Checkpoint]:
    """Train LoRA on random rows and keep parameters and Adam's moments after every epoch.

    4 checkpoints of SmolLM2 are 22 MB.
    """
    student = pool.reader.student
    rows = min(len(pool), max(settings.least_rows, round(settings.warmup_share * len(pool))))
    chosen = drawn_order(len(pool), pool.seed, "less warm-up")[:rows]
    per_epoch = max(1, rows // settings.batch)
    steps = settings.epochs * per_epoch
    batches = shuffled_batches(rows, settings.batch, steps, generator("selection", "less batches", pool.seed))
    before = {name: p.detach().clone() for name, p in student.live().items()}

    def batches_at(step: int) -> list:
        return pool.reader.train.micro_batches([chosen[i] for i in batches[step]])

    states, rates = [], []
    try:
        start = FinetuneState.fresh(student.initial(pool.seed))
        for step in finetune(
            student, start, batches_at, Plan(steps, settings.lr, mixed_precision=pool.mixed_precision)
        ):
            rates.append(step.lr)
            if step.step % per_epoch == 0:
                states.append(step.state())
    finally:
        student.put(before)
    means = np.array(rates).reshape(settings.epochs, per_epoch).mean(axis=1)
    return [Checkpoint(state, float(mean / means.sum())) for state, mean in zip(states, means, strict=True)]


def adam_directions(
    gradients: Float[Tensor, "n parameters"], first: Float[Tensor, " parameters"], second: Float[Tensor, " parameters"]
) -> Float[Tensor, "n parameters"]:
    """Where one more Adam step on each gradient alone would go. As LESS has it: no bias correction, epsilon inside."""
    m = BETA1 * first + (1 - BETA1) * gradients
    v = BETA2 * second + (1 - BETA2) * gradients.square()
    return m / (v + EPSILON).sqrt()


def _train_directions(
    pool: Pool, state: FinetuneState
) -> Iterator[tuple[list[int], Float[Tensor, "chunk parameters"]]]:
    """Adam directions at a checkpoint, chunk by chunk."""
    student, names = pool.reader.student, list(state.params)
    first, second = (
        flat({name: state.moments[name][key] for name in names}, names).to(student.device)
        for key in ("exp_avg", "exp_avg_sq")
    )
    for chosen, gradients in _gradients(pool, state, pool.reader.train):
        yield chosen, adam_directions(gradients, first, second)


def _task_means(
    pool: Pool, state: FinetuneState, tasks: list[str], project: Projection
) -> Float[np.ndarray, "tasks dimensions"]:
    """The mean normalised gradient of each sub-task's rows, in the order of the sub-tasks' names."""
    numbers = {task: number for number, task in enumerate(sorted(set(tasks)))}
    sums = np.zeros((len(numbers), project.dimensions), np.float32)
    for chosen, gradients in _gradients(pool, state, pool.validation_rows):
        np.add.at(sums, [numbers[tasks[row]] for row in chosen], _unit(project(gradients.cpu().numpy())))
    return sums / np.array([[tasks.count(task)] for task in numbers], np.float32)


def _gradients(
    pool: Pool, state: FinetuneState, rows: Rows
) -> Iterator[tuple[list[int], Float[Tensor, "chunk parameters"]]]:
    """Per-example gradients at a checkpoint."""
    student = pool.reader.student
    params = on(state.params, student.device)
    return example_gradients(student, params, rows, mixed_precision=pool.mixed_precision)


def _unit(rows: Float[np.ndarray, "n dimensions"]) -> Float[np.ndarray, "n dimensions"]:
    """Rows of length 1; a row of zeros stays one."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
