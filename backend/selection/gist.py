"""GIST: training questions whose gradients point as validation's do, inside the few directions that those span.

Min et al. 2026, GIST: Targeted Data Selection for Instruction Tuning via Coupled Optimization Geometry (arXiv
2602.18584). LESS divides each coordinate by Adam's second moment as if coordinates were independent; LoRA's A and B are
not. Here plain gradients are projected on the strongest right singular vectors of the validation gradients, and
compared there. Knows a pool, LESS's warm-up and a subspace. Other than as published: the warm-up is LESS's of this
project, with all of its checkpoints, and gradients are taken in float32.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from backend.core.subspace import subspace
from backend.selection.less import LessSettings, warm_up
from backend.selection.pool import Pool
from backend.selection.projection import unit
from backend.selection.warm_up import all_gradients_at, gradients_at


@dataclass(frozen=True)
class GistSettings:
    """`directions` of the subspace, and the warm-up: of LESS's settings all but its projection."""

    directions: int = 50
    warm_up: LessSettings = field(default_factory=LessSettings)


DEFAULT = GistSettings()


def gist(pool: Pool, size: int, settings: GistSettings = DEFAULT) -> list[int]:
    """The rows of the best alignment that the quota has room for; of equal scores the first row wins.

    The student is left as it was found. Costs what LESS does, less the random projection: a row needs 50 numbers in
    place of 8,192. Raises UserError for a size the pool cannot fill, and Diverged where the warm-up does.
    """
    quota = pool.quota(size)
    return quota.fill(np.argsort(-alignments(pool, settings), kind="stable").tolist())


def alignments(pool: Pool, settings: GistSettings = DEFAULT) -> Float[np.ndarray, " pool"]:
    """max over sub-tasks of sum_i w_i cos(P_i g_i(z), P_i mean g_i(v)), for each row z.

    g_i is the plain gradient at checkpoint i, P_i its projection on the subspace of the validation gradients there, the
    mean is over the sub-task's validation rows v, w_i the epoch's share of the step sizes.
    """
    tasks = pool.validation_groups or ["all"] * len(pool.validation)
    members = [[row for row, task in enumerate(tasks) if task == name] for name in sorted(set(tasks))]
    scores = np.zeros((len(pool), len(members)), np.float32)
    for checkpoint in warm_up(pool, settings.warm_up):
        asked = all_gradients_at(pool, checkpoint.state, pool.validation_rows)
        basis = subspace(asked, settings.directions)
        inside = (asked @ basis).cpu().numpy()
        wanted = unit(np.stack([inside[rows].mean(axis=0) for rows in members]))
        for chosen, gradients in gradients_at(pool, checkpoint.state, pool.reader.train):
            scores[chosen] += checkpoint.weight * (unit((gradients @ basis).cpu().numpy()) @ wanted.T)
    return scores.max(axis=1)
