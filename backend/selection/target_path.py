"""Target path: training questions that a student learns by the way while it is trained on the validation questions.

Yang, He and Cheng 2026, Let the Target Select for Itself: Data Selection via Target-Aligned Paths (arXiv 2605.09404).
The path is the target's own, so that no random half of the pool decides where it leads; a candidate is read twice, and
no gradient is taken of it. Knows a pool and a warm-up. Other than as published: the length and the step size of the
path are LESS's, not calibrated for the task.
"""

import numpy as np
import torch
from jaxtyping import Float

from backend.core.cached.quicker import learner
from backend.core.params import on
from backend.core.training.finetune_state import FinetuneState
from backend.core.training.influence import grouped, wide
from backend.selection.pool import Pool
from backend.selection.warm_up import Schedule, checkpoints

DEFAULT = Schedule()


def target_path(pool: Pool, size: int, schedule: Schedule = DEFAULT) -> list[int]:
    """The rows of the largest drop that the quota has room for; of equal drops the first row wins.

    The student is left as it was found. Costs the warm-up and two forward passes a row. Raises UserError for a size the
    pool cannot fill, and Diverged where the warm-up does.
    """
    quota = pool.quota(size)
    return quota.fill(np.argsort(-loss_drops(pool, schedule), kind="stable").tolist())


def loss_drops(pool: Pool, schedule: Schedule = DEFAULT) -> Float[np.ndarray, " pool"]:
    """(l_1(z) - l_T(z)) / l_1(z) for each row z: its answer's loss after the first epoch and after the last.

    Relative, else hard questions would win, whose loss has further to fall. From the first epoch on and not from the
    untrained student, as published: what is learned before that is the form of an answer.
    """
    every = range(len(pool.validation_rows))
    found = checkpoints(pool, pool.validation_rows, every, schedule, "target path")
    first, last = (losses_at(pool, found[end].state) for end in (0, -1))
    return (first - last) / np.maximum(first, 1e-12)


@torch.no_grad()
def losses_at(pool: Pool, state: FinetuneState) -> Float[np.ndarray, " pool"]:
    """The loss of each training row's answer, summed over its tokens, at a checkpoint."""
    student, rows = learner(pool.reader.student, pool.reader.train)
    losses = np.zeros(len(pool))
    params = on(state.params, student.device)
    for chosen, batch in grouped(rows, wide(student)):
        losses[chosen] = student.row_losses(params, batch).float().cpu().numpy()
    return losses
