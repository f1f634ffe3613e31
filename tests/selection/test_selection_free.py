"""Choosing among free answers: every way works without options, and arms teach about equally many tokens."""

from collections import Counter

import pytest

from backend.core.models.readers import Reader
from backend.core.text.lengths import length_class
from backend.core.text.tasks import OWN_TASKS, Question, to_example
from backend.selection import NAMES, SELECTORS
from backend.selection.pool import Pool, make_pool
from backend.selection.quota import shares
from tests.tiny import FACTS

SPEC, SIZE = OWN_TASKS["own_text"], 6


def questions(split: str) -> list[Question]:
    """Answers of one to twelve words."""
    found = []
    for number, (question, options, answer) in enumerate(FACTS * 3):
        words = " ".join([options[answer], *(word for text in options for word in text.split())][: 1 + number % 12])
        found.append(Question(f"{split}_{number}", f"{question} ({split} {number})", (words,), 0))
    return found


@pytest.fixture(scope="module")
def pool(tiny_models) -> Pool:
    train = questions("train")
    reader = Reader(str(tiny_models["opt"]), 2, 4, [to_example(question, SPEC) for question in train])
    return make_pool(SPEC, train, questions("validation")[:8], reader, seed=1)


@pytest.mark.parametrize("name", NAMES)
def test_every_selector_takes_free_answers_of_like_lengths(pool, name):
    chosen, classes = SELECTORS[name](pool, SIZE), pool.answer_lengths()
    assert len(set(chosen)) == len(chosen) == SIZE
    wanted = {one: count for one, count in shares(classes, SIZE).items() if count}
    assert Counter(classes[row] for row in chosen) == Counter(wanted)


def test_the_choice_is_not_among_the_shortest_answers_alone(pool):
    """By exact lengths each would be rare, and the rule for equal remainders would take the shortest ones."""
    tokens = [len(example.answer) for example in pool.reader.train.examples]
    assert len(set(tokens)) > 2 * SIZE
    chosen = SELECTORS["random"](pool, SIZE)
    assert sum(tokens[row] for row in chosen) > 2 * sum(sorted(tokens)[:SIZE])


def test_free_answers_of_a_class_differ_by_less_than_half_and_others_by_no_token():
    assert [length_class(tokens, free=False) for tokens in (1, 2, 9, 500)] == [1, 2, 9, 500]
    of_class: dict[int, list[int]] = {}
    for tokens in range(1, 2000):
        of_class.setdefault(length_class(tokens, free=True), []).append(tokens)
    assert all(max(alike) / min(alike) < 1.5 for alike in of_class.values())
    assert list(of_class) == sorted(of_class) and len(of_class) < 25
