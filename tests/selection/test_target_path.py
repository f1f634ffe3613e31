"""Target path: a question counts by the relative fall of its loss while the student learns the validation questions."""

import numpy as np
import pytest

from backend.core.models.readers import Reader
from backend.core.text.tasks import Question, TaskSpec, to_example
from backend.selection.pool import Pool, make_pool
from backend.selection.target_path import loss_drops, target_path
from backend.selection.warm_up import Schedule, checkpoints
from tests.tiny import FACTS

pytestmark = pytest.mark.usefixtures("double")

SPEC = TaskSpec("toy", "arc", bundled="nowhere")
QUICK = Schedule(epochs=3, batch=2, lr=0.02)
QUESTIONS = [Question(f"toy_{i}", text, options, answer, None) for i, (text, options, answer) in enumerate(FACTS)]


@pytest.fixture(scope="module")
def pool(tiny_models, double) -> Pool:
    reader = Reader(str(tiny_models["llama"]), 2, 4, [to_example(question, SPEC) for question in QUESTIONS])
    return make_pool(SPEC, QUESTIONS, QUESTIONS[5:9], reader, seed=1)


def test_a_drop_is_that_of_one_row_at_a_time_between_the_first_epoch_and_the_last(pool):
    path = checkpoints(pool, pool.validation_rows, range(4), QUICK, "target path")
    assert [checkpoint.state.step for checkpoint in path] == [2, 4, 6]
    student, train = pool.reader.student, pool.reader.train
    found = loss_drops(pool, QUICK)
    for row in range(len(pool)):
        first, last = (student.loss(path[end].state.params, train.batch([row])).item() for end in (0, -1))
        assert found[row] == pytest.approx((first - last) / first, rel=1e-9)


def test_what_validation_asks_falls_most_and_is_taken(pool):
    found = loss_drops(pool, QUICK)
    others = [row for row in range(len(pool)) if not 5 <= row < 9]
    assert found[5:9].mean() > np.mean(found[others]) + 0.02
    size = len(pool) // 2
    assert target_path(pool, size, QUICK)[0] == int(np.argmax(np.where(pool.quota(size).open(), found, -np.inf)))


def test_one_epoch_is_no_path_and_all_questions_are_alike(pool):
    assert not loss_drops(pool, Schedule(epochs=1, batch=2)).any()
