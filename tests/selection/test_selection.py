"""Choosing real questions: every way fills the same quota, is drawn from its seed, and leaves the student alone."""

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from backend.errors import UserError
from backend.selection import NAMES, SELECTORS
from backend.selection.pool import make_pool
from backend.selection.quota import shares
from backend.selection.select import DEFAULT, projected_steps
from tests import pocket_pool
from tests.pocket_pool import SPEC

pool = pocket_pool.pool

SIZE = 12


@pytest.fixture(scope="module")
def steps(pool) -> tuple:
    """What `select` measures of the pool, whatever number is to be chosen: it trains an expert for that."""
    return projected_steps(pool, DEFAULT)


@pytest.fixture(scope="module")
def chosen(pool, steps) -> dict[str, list[int]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backend.selection.select.projected_steps", lambda *_: steps)
        return {name: SELECTORS[name](pool, SIZE) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_selector_takes_different_rows_of_exactly_the_quotas_lengths(pool, chosen, name):
    lengths = pool.answer_lengths()
    assert len(set(chosen[name])) == len(chosen[name]) == SIZE
    assert Counter(lengths[row] for row in chosen[name]) == Counter(
        {length: count for length, count in shares(lengths, SIZE).items() if count}
    )


def test_every_arm_teaches_equally_many_answer_tokens(pool, chosen):
    lengths = pool.answer_lengths()
    assert len({sum(lengths[row] for row in rows) for rows in chosen.values()}) == 1
    assert len(set(lengths)) > 2  # else that says nothing


@pytest.mark.parametrize("name", NAMES)
def test_a_selector_is_drawn_from_its_seed_alone(pool, chosen, name):
    torch.manual_seed(99), np.random.seed(99), random.seed(99)
    assert SELECTORS[name](pool, SIZE) == chosen[name]


def test_selectors_choose_differently(chosen):
    assert len({frozenset(rows) for rows in chosen.values()}) == len(NAMES)


@pytest.mark.parametrize("name", ["random", "balanced", "bm25", "embedding", "rds_plus", "less", "gist"])
def test_another_seed_chooses_other_rows_where_something_is_drawn(pool, chosen, name):
    assert set(SELECTORS[name](replace(pool, seed=4), SIZE)) != set(chosen[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_pool_can_be_chosen_and_no_more(pool, name, steps, monkeypatch):
    monkeypatch.setattr("backend.selection.select.projected_steps", lambda *_: steps)
    if name not in ("less", "gist", "kernel_matching"):  # they would only repeat their gradients
        assert sorted(SELECTORS[name](pool, len(pool))) == list(range(len(pool)))
    for size in (0, len(pool) + 1):
        with pytest.raises(UserError, match=f"{size} of 120"):
            SELECTORS[name](pool, size)


def test_no_selector_changes_the_student(pool, chosen):
    assert all(not p.any() for name, p in pool.reader.student.live().items() if "lora_B" in name)


def test_a_pool_without_questions_is_refused(pool):
    for questions, validation, what in (([], pool.validation, "training"), (pool.questions, [], "validation")):
        with pytest.raises(UserError, match=f"no {what} questions"):
            make_pool(SPEC, questions, validation, pool.reader, seed=0)


# balanced


def test_balanced_takes_every_group_equally_often(pool):
    four = [f"g{min(i % 8, 3)}" for i in range(len(pool))]  # g3 is five times as large as the others
    rows = SELECTORS["balanced"](replace(pool, told_groups=four), SIZE)
    assert set(Counter(four[row] for row in rows).values()) == {3}
    assert len({pool.groups[row] for row in SELECTORS["balanced"](pool, SIZE)}) == SIZE


def test_balanced_takes_every_position_equally_often_and_odd_ones_last(pool):
    one = replace(pool, told_groups=["one"] * len(pool))
    assert Counter(pool.questions[row].answer for row in SELECTORS["balanced"](one, SIZE)) == {0: 3, 1: 3, 2: 3, 3: 3}
    questions = list(pool.questions)
    for row in range(0, len(questions), 3):
        questions[row] = replace(questions[row], options=tuple("abcde"), answer=4)
    assert all(questions[row].answer < 4 for row in SELECTORS["balanced"](replace(one, questions=questions), SIZE))
