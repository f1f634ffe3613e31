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

from backend.core.training.finetune_state import FinetuneState
from backend.selection.gradients import flat
from backend.selection.plain import drawn_order
from backend.selection.pool import Pool
from backend.selection.projection import DIMENSIONS, Projection, unit
from backend.selection.warm_up import Checkpoint, Schedule, checkpoints, gradients_at

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
            scores[chosen] += checkpoint.weight * (unit(project(directions.cpu().numpy())) @ wanted.T)
    return scores.max(axis=1)


def warm_up(pool: Pool, settings: LessSettings) -> list[Checkpoint]:
    """Checkpoints of a training on random rows of the pool."""
    rows = min(len(pool), max(settings.least_rows, round(settings.warmup_share * len(pool))))
    chosen = drawn_order(len(pool), pool.seed, "less warm-up")[:rows]
    schedule = Schedule(settings.epochs, settings.batch, settings.lr)
    return checkpoints(pool, pool.reader.train, chosen, schedule, "less batches")


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
    for chosen, gradients in gradients_at(pool, state, pool.reader.train):
        yield chosen, adam_directions(gradients, first, second)


def _task_means(
    pool: Pool, state: FinetuneState, tasks: list[str], project: Projection
) -> Float[np.ndarray, "tasks dimensions"]:
    """The mean normalised gradient of each sub-task's rows, in the order of the sub-tasks' names."""
    numbers = {task: number for number, task in enumerate(sorted(set(tasks)))}
    sums = np.zeros((len(numbers), project.dimensions), np.float32)
    for chosen, gradients in gradients_at(pool, state, pool.validation_rows):
        np.add.at(sums, [numbers[tasks[row]] for row in chosen], unit(project(gradients.cpu().numpy())))
    return sums / np.array([[tasks.count(task)] for task in numbers], np.float32)
