"""Comparing two students: exact identities, a naive twin, and intervals that hold the truth as often as they say."""

import math
import random
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.scoring import compare
from backend.core.scoring.compare import Paired, bootstrap, mcnemar, paired, sentence
from backend.core.scoring.scored import Scored
from backend.errors import UserError

TRUTHS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40)


def student(truths) -> list[Scored]:
    """Scored questions that are right where `truths` says so."""
    values = {True: (-1.0, -2.0), False: (-2.0, -1.0)}
    return [Scored(f"q{i:03}", None, 0, values[bool(right)], (1, 1)) for i, right in enumerate(truths)]


def test_questions_that_share_an_id_and_nothing_else_are_not_compared():
    ours, other = student([True, False]), [replace(item, answer=1) for item in student([True, False])]
    with pytest.raises(UserError, match="2 questions have the same id and other options"):
        paired([ours], [other])


def counts(both: int, gained: int, lost: int, neither: int) -> Paired:
    a = [True] * both + [True] * gained + [False] * lost + [False] * neither
    b = [True] * both + [False] * gained + [True] * lost + [False] * neither
    return paired([student(a)], [student(b)])


def naive_bootstrap(a, b, draws: int, seed: int) -> list[float]:
    """The oracle: one draw after the other, in plain loops over seeds and questions."""
    a = [[*map(float, row), 1.0, 0.0] for row in a]
    b = [[*map(float, row), 0.0, 1.0] for row in b]
    n = len(a[0])
    of_questions, of_a, of_b = np.random.default_rng(seed).spawn(3)
    found = []
    for _ in range(draws):
        asked = of_questions.integers(n, size=n)
        means = []
        for side, source in ((a, of_a), (b, of_b)):
            chosen = source.integers(len(side), size=max(1, len(side) - 1))
            means.append(sum(side[s][q] for s in chosen for q in asked) / (len(chosen) * n))
        found.append(means[0] - means[1])
    return found


@pytest.mark.parametrize(("seeds_a", "seeds_b", "n"), [(1, 1, 1), (1, 1, 30), (3, 1, 30), (2, 5, 17)])
def test_the_bootstrap_equals_its_naive_twin(seeds_a, seeds_b, n):
    source = np.random.default_rng(7)
    a, b = (source.integers(2, size=(seeds, n)).astype(float) for seeds in (seeds_a, seeds_b))
    assert bootstrap(a, b, 50, seed=3) == pytest.approx(naive_bootstrap(a, b, 50, seed=3), abs=1e-12)


def test_drawing_in_blocks_changes_nothing(monkeypatch):
    a, b = np.random.default_rng(1).integers(2, size=(2, 2, 30)).astype(float)
    whole = bootstrap(a, b, 100, seed=0)
    monkeypatch.setattr(compare, "BLOCK", 7 * 32)
    assert bootstrap(a, b, 100, seed=0) == pytest.approx(whole, abs=1e-15)


def test_a_student_against_itself_differs_by_nothing():
    scored = student([True, False, True, True])
    result = paired([scored], [scored])
    assert (result.difference, result.p_value, result.gained, result.lost) == (0, 1, [], [])
    assert result.inside_noise and result.low < 0 < result.high


def test_few_questions_without_a_flip_leave_more_room_for_luck_than_many():
    few, many = counts(5, 0, 0, 5), counts(100, 0, 0, 100)
    assert few.high > 0.1
    assert many.high == pytest.approx(0.015, abs=0.005)
    assert many.low == pytest.approx(-many.high, abs=0.005)


@settings(max_examples=40)
@given(TRUTHS, st.data())
def test_the_order_of_the_questions_changes_nothing(truths, data):
    a, b = student(first for first, _ in truths), student(second for _, second in truths)
    mixed = paired([data.draw(st.permutations(a))], [data.draw(st.permutations(b))], draws=50)
    assert mixed == paired([a], [b], draws=50)


@settings(max_examples=40)
@given(TRUTHS)
def test_changing_sides_changes_the_sign(truths):
    a, b = [student(first for first, _ in truths)], [student(second for _, second in truths)]
    there, back = paired(a, b, draws=50), paired(b, a, draws=50)
    assert there.difference == -back.difference and there.p_value == back.p_value
    assert (there.gained, there.lost) == (back.lost, back.gained)


@settings(max_examples=40)
@given(TRUTHS)
def test_the_interval_has_a_width_and_holds_the_difference(truths):
    result = paired([student(first for first, _ in truths)], [student(second for _, second in truths)])
    assert result.low <= result.difference <= result.high
    assert result.low < result.high


def test_the_same_seed_gives_the_same_interval_and_another_seed_nearly():
    a, b = [student([True, True, False, True] * 25)], [student([True, False, False, True] * 25)]
    assert paired(a, b, seed=1) == paired(a, b, seed=1)
    assert paired(a, b, seed=1).low == pytest.approx(paired(a, b, seed=2).low, abs=0.03)


def test_flips_are_named_and_counted_by_hand():
    result = counts(both=100, gained=40, lost=15, neither=45)
    assert (result.n, len(result.gained), len(result.lost)) == (200, 40, 15)
    assert result.gained[0] == "q100" and result.lost[0] == "q140"
    assert (result.mean_a, result.mean_b) == (0.7, 0.575)
    assert result.difference == pytest.approx(0.125)


def test_many_flips_leave_the_interval_of_the_textbook():
    """Paired proportions: the error is sqrt(gained + lost - (gained - lost)^2 / n) / n."""
    result = counts(both=1000, gained=400, lost=150, neither=450)
    half = 1.96 * math.sqrt(550 - 250**2 / 2000) / 2000
    assert (result.low, result.high) == pytest.approx((0.125 - half, 0.125 + half), abs=0.002)


def test_mcnemar_by_hand():
    """8 against 2: twice the chance of at most 2 heads in 10 throws, (1 + 10 + 45) / 1024."""
    assert mcnemar(8, 2) == mcnemar(2, 8) == 112 / 1024
    assert mcnemar(0, 0) == mcnemar(5, 5) == 1
    assert mcnemar(3, 0) == 0.25
    assert counts(20, 8, 2, 20).p_value == 112 / 1024


def test_mcnemar_does_not_overflow():
    assert mcnemar(4000, 4000) == 1
    assert 0 <= mcnemar(4000, 3000) < 1e-20


def test_four_flips_of_ten_are_not_taken_for_certain():
    """McNemar's p is 0.125; a plain bootstrap would put the lower end at 0.1."""
    result = counts(both=3, gained=4, lost=0, neither=3)
    assert result.p_value == 0.125 and result.inside_noise


def test_seeds_are_averaged_and_flips_go_by_their_majority():
    a = [student([True, True, False, True]), student([True, False, False, True]), student([True, True, False, False])]
    b = [student([False, False, True, True])]
    result = paired(a, b)
    assert (result.seeds_a, result.seeds_b, result.p_value) == (3, 1, None)
    assert result.mean_a == pytest.approx(7 / 12) and result.mean_b == 0.5
    assert (result.gained, result.lost) == (["q000", "q001"], ["q002"])


def test_a_question_that_half_the_seeds_answer_is_neither_gained_nor_lost():
    result = paired([student([True]), student([False])], [student([False])])
    assert (result.gained, result.lost) == ([], [])


def test_drawing_one_seed_less_gives_their_mean_its_right_variance():
    a = np.full((3, 200), 0.5) + np.array([[-0.3], [0.0], [0.3]])
    found = bootstrap(a, np.zeros((1, 200)), 5000, seed=0)
    assert found.var() == pytest.approx(0.09 / 3, rel=0.06)  # k of k would give 0.02


def coverage(n: int, ability: float, flip_up: float, flip_down: float, luck: float = 0.0, seeds: int = 1) -> float:
    """How often the interval holds the true difference, over 300 pairs of students."""
    source, held = np.random.default_rng(0), 0
    for trial in range(300):
        b = source.random((1, n)) < ability
        up = flip_up + source.uniform(-luck, luck, (seeds, 1))
        chance = source.random((seeds, n))
        a = np.where(b, chance >= flip_down, chance < up)
        low, high = np.percentile(bootstrap(a.astype(float), b.astype(float), 300, trial), (2.5, 97.5))
        held += low <= (1 - ability) * flip_up - ability * flip_down <= high
    return held / 300


@pytest.mark.parametrize(("n", "up", "down"), [(40, 0.3, 0.1), (200, 0.3, 0.1), (200, 0.1, 0.1), (50, 0.04, 0.0)])
def test_intervals_hold_the_truth_as_often_as_they_say(n, up, down):
    assert coverage(n, 0.5, up, down) >= 0.93


def test_intervals_hold_the_truth_where_training_has_luck_of_its_own():
    assert coverage(200, 0.5, 0.4, 0.1, luck=0.2, seeds=5) >= 0.91


def test_acc_norm_compares_the_normalised_choice():
    long = Scored("q", None, 1, (-3.0, -4.0), (2, 8))  # wrong by sums, right by characters
    short = replace(long, log_likelihoods=(-3.0, -16.0))  # wrong by both
    assert paired([[long]], [[short]]).difference == 0
    assert paired([[long]], [[short]], metric="acc_norm").gained == ["q"]
    with pytest.raises(UserError, match="no metric"):
        paired([[long]], [[short]], metric="f1")


def test_other_questions_are_counted_and_one_is_named():
    a, b = student([True] * 5), student([True] * 3)
    with pytest.raises(UserError, match=r"2 questions .* 'q003'"):
        paired([a], [b])
    with pytest.raises(UserError, match=r"1 question was .* 'q004'"):
        paired([a, a[:4]], [a])


def test_a_question_scored_twice_is_refused():
    with pytest.raises(UserError, match="1 ids stand for 2 scores"):
        paired([student([True]) * 2], [student([True])])


@pytest.mark.parametrize(("a", "b"), [([], [1]), ([1], []), ([1, 0], [1])])
def test_nothing_to_compare_is_an_error(a, b):
    with pytest.raises(UserError, match="no scores"):
        paired([student([True] * n) for n in a], [student([True] * n) for n in b])


def test_the_sentence_says_how_much_of_what_and_how_sure():
    result = counts(both=100, gained=40, lost=15, neither=45)
    said = sentence(replace(result, low=0.04, high=0.21), "tuned", "base")
    assert said == (
        "tuned scores 12.5 points higher than base on the 200 questions (95 % interval 4.0 to 21.0; 40 "
        "gained, 15 lost)."
    )


def test_the_sentence_says_where_it_may_be_luck_and_which_sign_the_interval_has():
    result = replace(counts(both=3, gained=1, lost=2, neither=4), low=-0.4, high=-0.0001, inside_noise=True)
    said = sentence(result, "tuned", "base")
    assert said == (
        "tuned scores 10.0 points lower than base on the 10 questions (difference -10.0, 95 % interval -40.0 to 0.0; "
        "1 gained, 2 lost). The difference is within the noise."
    )
    assert sentence(counts(1, 0, 0, 0), "a", "b").startswith("a and b score the same on the one question (")


def test_the_sentence_names_seeds_where_there_are_several():
    right = student([True, False])
    assert "; 3 seeds against 1 seed)" in sentence(paired([right] * 3, [right]), "tuned", "base")


def test_a_comparison_is_made_of_plain_values():
    chance = random.Random(0)
    result = paired(*([student(chance.random() < 0.5 for _ in range(9))] for _ in range(2)))
    plain = {int, float, bool, list, str, type(None)}
    assert {type(value) for value in asdict(result).values()} <= plain


def test_intervals_of_several_comparisons_are_wider_and_one_is_as_before():
    a, b = student([True] * 40 + [False] * 20), student([True] * 30 + [False] * 30)
    alone, same, six = (paired([a], [b], together=pairs) for pairs in (1, 1, 6))
    assert alone == same == paired([a], [b])
    assert six.low < alone.low < alone.difference < alone.high < six.high
    assert (six.difference, six.gained, six.p_value) == (alone.difference, alone.gained, alone.p_value)
