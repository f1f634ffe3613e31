"""BM25: training questions that share rare words with validation questions. Reads no model.

Knows the words of questions, by the library bm25s; not their options, which differ in number, nor the answers.
"""

from collections.abc import Sequence

import bm25s
import numpy as np
from jaxtyping import Float

from backend.selection.dealing import deal
from backend.selection.plain import drawn_order
from backend.selection.pool import Pool


def bm25(pool: Pool, size: int) -> list[int]:
    """BM25 (Robertson and Zaragoza 2009): validation questions are queries, and take turns as in dealing.py.

    By turns and not by mean score, because scores grow with the query's length and so do not compare across queries.
    The turns are in an order drawn from the pool's seed. Raises UserError for a size the pool cannot fill.
    """
    quota = pool.quota(size)
    scores = word_scores([q.question for q in pool.questions], [q.question for q in pool.validation])
    return deal(scores, quota, drawn_order(len(pool.validation), pool.seed, "turns"))


def word_scores(documents: Sequence[str], queries: Sequence[str]) -> Float[np.ndarray, "documents queries"]:
    """The BM25 score of every document for every query; 0 where they share no word. Lower case, without stop words."""
    scores = np.zeros((len(documents), len(queries)), np.float32)
    words, asked = (
        bm25s.tokenize(list(texts), return_ids=False, show_progress=False) for texts in (documents, queries)
    )
    if not any(words):
        return scores
    index = bm25s.BM25(method="lucene")
    index.index(words, show_progress=False)
    for number, query in enumerate(asked):
        if query:  # the library fails on a query of stop words alone
            scores[:, number] = index.get_scores(query)
    return scores
