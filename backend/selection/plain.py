"""Plain selectors, which read no model: at random, and spread evenly over groups and answer positions.

Know questions, groups and a quota.
"""

from collections import Counter

import numpy as np
import torch

from backend.core.seeding import generator
from backend.selection.pool import Pool


def random_rows(pool: Pool, size: int) -> list[int]:
    """Rows at random. Raises UserError for a size the pool cannot fill."""
    return pool.quota(size).fill(drawn_order(len(pool), pool.seed, "random"))


def balanced(pool: Pool, size: int) -> list[int]:
    """Every group equally often as far as its rows reach, whatever its share of the pool, at random within.

    Each turn goes to the groups that were taken from least; among their rows, to the answer position (the letter A, B,
    ... of the right option) taken least. Positions that most questions do not have, such as E among four options, come
    last: evening them out would fill the choice with odd questions. Raises UserError for a size the pool cannot fill.
    """
    quota = pool.quota(size)
    order = np.array(drawn_order(len(pool), pool.seed, "balanced"))
    letters = [question.answer for question in pool.questions]
    usual = Counter(len(question.options) for question in pool.questions).most_common(1)[0][0]
    by_group, by_letter = Counter(), Counter()

    def want(row: int) -> tuple:
        return by_group[pool.groups[row]], letters[row] >= usual, by_letter[letters[row]]

    while not quota.full:
        # the first of the best in drawn order: size * n comparisons of small tuples, 60 of 1,200 rows take 0.05 s
        row = min(order[quota.open()[order]].tolist(), key=want)
        quota.take(row)
        by_group[pool.groups[row]] += 1
        by_letter[letters[row]] += 1
    return quota.taken


def drawn_order(rows: int, seed: int, *what: object) -> list[int]:
    """All row numbers in an order that depends on the seed and on `what` it is for."""
    return torch.randperm(rows, generator=generator("selection", *what, seed)).tolist()
