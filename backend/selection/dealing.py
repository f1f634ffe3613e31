"""Dealing: validation questions take turns, each taking the open training question most like it.

Knows similarities and a quota; not whether words or vectors made them. Round-robin as in RDS+ (Ivison et al. 2025,
Large-Scale Data Selection for Instruction Tuning). A mean over the validation questions would choose what is like all
of them a little, and a maximum would let one question with near twins take everything.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from backend.selection.quota import Quota


def deal(scores: Float[np.ndarray, "n queries"], quota: Quota, turns: Sequence[int]) -> list[int]:
    """Fill the quota by turns. `turns` orders the queries; fewer rows than queries means the rest has no turn.

    Of equal scores the first row wins. Costs size * n.
    """
    while not quota.full:
        query = turns[len(quota.taken) % len(turns)]
        quota.take(int(np.argmax(np.where(quota.open(), scores[:, query], -np.inf))))
    return quota.taken
