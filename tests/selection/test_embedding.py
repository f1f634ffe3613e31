"""The embedding of a question is the mean over its prompt, and nothing beside it or in the adapter changes it."""

import numpy as np
import torch

from backend.selection.embedding import embed, embed_weighted
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


def test_a_weighted_embedding_weighs_places_over_prompt_and_answer(pool):
    """RDS+: the i-th token counts i times, whatever stands beside the row in its batch."""
    reader, student = pool.reader, pool.reader.student
    vectors = embed_weighted(reader, reader.train)
    for row in (0, 7, 53):
        example = reader.train.examples[row]
        ids = torch.tensor([[*example.prompt, *example.answer]])
        with student.model.disable_adapter(), torch.no_grad():
            hidden = student.model.get_base_model().model(input_ids=ids).last_hidden_state[0]
        mean = sum((place + 1) * state for place, state in enumerate(hidden))
        assert np.allclose(vectors[row], (mean / mean.norm()).numpy(), atol=1e-5)
    assert not np.allclose(vectors, embed(reader, reader.train), atol=1e-2)
