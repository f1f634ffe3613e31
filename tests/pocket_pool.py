"""A pool to choose from: a tenth of the bundled questions, read by the bundled OPT.

Knows nothing of the ways to choose.
"""

import pytest
import torch

from backend.core.models.readers import Reader
from backend.core.text.tasks import find_task, to_example
from backend.core.text.text_data import load_questions
from backend.selection.pool import Pool, make_pool

SPEC = find_task("pocket_science")


@pytest.fixture(scope="module")
def pool() -> Pool:
    """A tenth of the bundled questions, read by the bundled OPT."""
    torch.set_num_threads(1)
    questions = load_questions("pocket_science", "train", limit=120)
    reader = Reader("opt-pocket", 2, 4, [to_example(question, SPEC) for question in questions])
    return make_pool(SPEC, questions, load_questions("pocket_science", "validation", limit=30), reader, seed=3)
