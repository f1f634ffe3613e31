"""GIST: alignment inside the validation gradients' subspace is what the paper says, one example at a time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from backend.core.models.readers import Reader
from backend.core.params import as_leaves, gradients
from backend.core.text.tasks import Question, TaskSpec, to_example
from backend.selection.gist import GistSettings, alignments, gist
from backend.selection.gradients import flat
from backend.selection.less import LessSettings, warm_up
from backend.selection.pool import Pool, make_pool
from tests.tiny import FACTS

pytestmark = pytest.mark.usefixtures("double")

SPEC = TaskSpec("toy", "arc", bundled="nowhere")
QUICK = GistSettings(directions=3, warm_up=LessSettings(epochs=2, batch=4, lr=1e-2))
QUESTIONS = [Question(f"toy_{i}", text, options, answer, None) for i, (text, options, answer) in enumerate(FACTS)]


@pytest.fixture(scope="module")
def pool(tiny_models, double) -> Pool:
    """The toy questions; the validation questions have two subjects, of three and two questions."""
    reader = Reader(str(tiny_models["opt"]), 2, 4, [to_example(question, SPEC) for question in QUESTIONS])
    validation = [replace(q, subject="a" if i < 3 else "b") for i, q in enumerate(QUESTIONS[5:10])]
    return make_pool(SPEC, QUESTIONS, validation, reader, seed=1)


def one_by_one(pool: Pool, state, rows) -> np.ndarray:
    student, found = pool.reader.student, []
    for row in range(len(rows)):
        leaves = as_leaves({name: p.clone() for name, p in state.params.items()})
        found.append(flat(gradients(student.loss(leaves, rows.batch([row])), leaves), list(student.shapes)))
    return torch.stack(found).numpy()


def test_alignment_is_the_cosine_inside_the_subspace_summed_over_checkpoints(pool):
    total, groups = np.zeros((len(pool), 2)), (slice(0, 3), slice(3, 5))
    for checkpoint in warm_up(pool, QUICK.warm_up):
        asked = one_by_one(pool, checkpoint.state, pool.validation_rows)
        inside = np.linalg.svd(asked, full_matrices=False)[2][:3]
        for z, row in enumerate(one_by_one(pool, checkpoint.state, pool.reader.train)):
            for task, members in enumerate(groups):
                a, b = inside @ row, inside @ asked[members].mean(axis=0)
                total[z, task] += checkpoint.weight * (a @ b) / np.linalg.norm(a) / np.linalg.norm(b)
    found = alignments(pool, QUICK)
    assert np.allclose(found, total.max(axis=1), atol=1e-6)  # scores are summed in float32
    assert np.ptp(found) > 0.1


def test_as_many_directions_as_validation_gradients_lose_nothing_of_these(pool):
    """With one validation question there is one direction, so that only signs are left."""
    one = make_pool(SPEC, QUESTIONS, [QUESTIONS[4]], pool.reader, seed=1)
    found = alignments(one, QUICK)
    weights = [checkpoint.weight for checkpoint in warm_up(one, QUICK.warm_up)]
    sums = {round(a * weights[0] + b * weights[1], 5) for a in (-1, 1) for b in (-1, 1)}
    assert {round(float(score), 5) for score in found} <= sums
    assert found[4] == pytest.approx(1) and 4 in gist(one, len(pool) // 2, QUICK)


def test_gist_leaves_the_student_as_it_was_found(pool):
    student = pool.reader.student
    before = {name: torch.full_like(p, 0.25) for name, p in student.live().items()}
    student.put(before)
    gist(pool, 3, QUICK)
    assert all(torch.equal(p, before[name]) for name, p in student.live().items())
    student.put(student.initial(0))
