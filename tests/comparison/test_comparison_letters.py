"""A comparison by letters: what is asked and learned, and its control with the test's options in another order."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.comparison.materials import Materials
from backend.core.text.prompts import LETTERS
from backend.core.text.tasks import Question, find_task, reordered, to_example, with_letters
from backend.errors import UserError
from backend.search.moves import words_of
from tests import tiny_comparison
from tests.tiny_comparison import files_of, start

one_process = tiny_comparison.one_process
config = tiny_comparison.config

ASKED = (st.text(min_size=1), st.lists(st.text(min_size=1), min_size=2, max_size=6, unique=True), st.integers(0, 100))


def question_of(text: str, options: list[str], place: int) -> Question:
    return Question("q", text, tuple(options), place % len(options))


@given(*ASKED)
def test_a_question_with_letters_lists_every_option_once_and_is_answered_by_its_letter(text, options, place):
    question = question_of(text, options, place)
    found = with_letters(question)
    assert found.options[found.answer] == LETTERS[question.answer] and len(found.options) == len(question.options)
    listed = [f"\n{letter}. {option}" for letter, option in zip(LETTERS, question.options, strict=False)]
    assert found.question == question.question.strip() + "".join(listed)
    example = to_example(found, find_task("arc_easy"))
    assert example.answer == LETTERS[question.answer] and example.prompt.endswith("\nAnswer:")


@given(*ASKED, st.integers())
def test_reordering_keeps_the_right_option_and_all_others(text, options, place, seed):
    question = question_of(text, options, place)
    found = reordered(question, random.Random(seed))
    assert found.options[found.answer] == question.options[question.answer]
    assert Counter(found.options) == Counter(question.options)


def test_shuffled_options_change_the_test_and_nothing_that_is_learned(config):
    config = replace(config, style="letters")
    plain, control = Materials(config), Materials(replace(config, shuffle_options=True))
    assert (plain.train, plain.validation) == (control.train, control.validation)
    moved = [a.answer != b.answer for a, b in zip(plain.test, control.test, strict=True)]
    assert any(moved) and not all(moved)
    assert control.test == Materials(control.config).test


def test_a_comparison_by_letters_teaches_letters_below_listed_options(config, tmp_path):
    config = replace(config, style="letters", arms=("random", "text", "full"), seeds=1, moves=("question", "phrase"))
    run, state = start(config, tmp_path / "run")
    assert state == "finished"
    for rows in files_of(run).values():
        assert all(row["answer"] in LETTERS and "\nB. " in row["prompt"] for row in rows)


def test_arms_made_of_embeddings_are_refused_by_letters(config):
    for refused in ({"arms": ("nearest",)}, {"arms": ("soft",)}, {"regimes": ("matched",)}):
        with pytest.raises(UserError, match="style is letters"):
            replace(config, style="letters", **refused)


def test_a_task_of_another_layout_is_refused(config):
    with pytest.raises(UserError, match="style=letters"):
        Materials(replace(config, task="mmlu"))


def test_a_line_break_stays_inside_a_word():
    assert " ".join(words_of("Which?\nA. x\nB. y")) == "Which?\nA. x\nB. y"
