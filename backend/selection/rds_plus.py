"""RDS+: validation questions take turns, each taking the training question most like it, answers and all.

Ivison et al. 2025, Large-Scale Data Selection for Instruction Tuning (arXiv 2503.01807). Beside `similar` in
geometry.py: a mean weighted by position, over prompt and answer. Knows a pool; no gradients and no training.
"""

from backend.selection.dealing import deal
from backend.selection.embedding import embed_weighted
from backend.selection.plain import drawn_order
from backend.selection.pool import Pool


def rds_plus(pool: Pool, size: int) -> list[int]:
    """Each turn takes the open row of the largest cosine.

    Validation questions take their turns in an order drawn from the pool's seed. Costs one forward pass a row. Raises
    UserError for a size the pool cannot fill.
    """
    quota = pool.quota(size)
    rows, asked = (embed_weighted(pool.reader, part) for part in (pool.reader.train, pool.validation_rows))
    return deal(rows @ asked.T, quota, drawn_order(len(pool.validation), pool.seed, "turns"))
