"""Validation questions take turns in choosing training questions, whether words or vectors say what is alike."""

from dataclasses import replace

import numpy as np
import pytest

from backend.selection import SELECTORS
from backend.selection.dealing import deal
from backend.selection.quota import Quota
from tests import pocket_pool

pool = pocket_pool.pool


def test_validation_questions_take_turns():
    scores = np.array([[9.0, 8.0], [8.0, 9.5], [7.0, 7.0], [1.0, 9.0]])
    assert deal(scores, Quota([1] * 4, 4), [0, 1]) == [0, 1, 2, 3]  # by mean it would be 1, 0, 2, 3
    assert deal(scores, Quota([1] * 4, 3), [1, 0]) == [1, 0, 3]
    assert deal(scores, Quota([1, 2, 1, 2], 2), [0]) == [0, 1]


@pytest.mark.parametrize("name", ["embedding", "rds_plus", "bm25"])
def test_a_validation_question_finds_itself_in_the_pool(pool, name):
    wanted = [40, 41, 42, 43, 44, 45]
    asked = [pool.questions[row] for row in wanted]
    rows = replace(pool.reader.train, examples=[pool.reader.train.examples[row] for row in wanted])
    twins = replace(pool, validation=asked, validation_rows=rows)
    found = SELECTORS[name](twins, 60)  # large, so that no length is full in the first turns
    assert set(found[: len(wanted)]) == set(wanted)
