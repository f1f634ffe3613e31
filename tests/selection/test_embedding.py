"""The embedding of a question is the mean over its prompt, and nothing beside it or in the adapter changes it."""

import numpy as np
import torch

from backend.selection.embedding import embed
from tests import pocket_pool

pool = pocket_pool.pool


def test_an_embedding_is_the_mean_over_the_prompt_whatever_stands_beside_it_and_is_trained(pool):
    reader, student = pool.reader, pool.reader.student
    vectors = embed(reader, reader.train)
    ids = torch.tensor([reader.train.examples[7].prompt])
    with student.model.disable_adapter(), torch.no_grad():
        hidden = student.model.get_base_model().model(input_ids=ids).last_hidden_state[0].mean(0)
    assert np.allclose(vectors[7], (hidden / hidden.norm()).numpy(), atol=1e-5)
    before = {name: p.detach().clone() for name, p in student.live().items()}
    student.put({name: torch.ones_like(p) for name, p in before.items()})
    again = embed(reader, reader.train)
    student.put(before)
    assert np.array_equal(vectors, again)
