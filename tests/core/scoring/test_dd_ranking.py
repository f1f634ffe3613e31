"""DD-Ranking's measures, at the points where their value is known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.scoring.dd_ranking import (
    decode_gap,
    hard_label_recovery,
    improvement_over_random,
    label_robust_score,
    template_robust_score,
    transfer_ratio,
)
from backend.errors import UserError

accuracy = st.floats(0, 1)
difference = st.floats(-1, 1)


@given(accuracy)
def test_equal_accuracies_leave_nothing(value):
    assert hard_label_recovery(value, value) == improvement_over_random(value, value) == decode_gap(value, value) == 0


def test_signs_say_what_is_good():
    assert hard_label_recovery(full=0.8, distilled=0.6) == pytest.approx(0.2)
    assert improvement_over_random(distilled=0.6, random=0.5) == pytest.approx(0.1)
    assert decode_gap(soft=0.7, text=0.6) == pytest.approx(0.1)


def test_the_best_score_is_one_the_worst_zero_and_neither_gain_nor_loss_is_known():
    assert label_robust_score(improvement=1.0, recovery=-1.0) == 1
    assert label_robust_score(improvement=-1.0, recovery=1.0) == 0
    assert label_robust_score(0.0, 0.0) == pytest.approx((1 - 1 / math.e) / (math.e - 1 / math.e))


def test_the_score_of_a_worked_case():
    """alpha = 0.5 * 0.1 - 0.5 * 0.2 = -0.05."""
    assert label_robust_score(0.1, 0.2) == pytest.approx((math.exp(-0.05) - math.exp(-1)) / (math.e - math.exp(-1)))


@given(difference, difference, accuracy)
def test_scores_stay_between_zero_and_one(first, second, weight):
    assert -1e-12 <= label_robust_score(first, second, weight) <= 1 + 1e-12
    assert -1e-12 <= template_robust_score(first, second, weight) <= 1 + 1e-12


@given(difference, difference)
def test_the_weight_chooses_between_its_two_parts(first, second):
    assert label_robust_score(first, second, weight=1.0) == label_robust_score(first, 0.0, weight=1.0)
    assert label_robust_score(first, second, weight=0.0) == label_robust_score(0.0, second, weight=0.0)
    assert template_robust_score(first, second) == pytest.approx(template_robust_score(second, first))


@given(difference, accuracy)
def test_both_scores_agree_where_the_second_part_has_the_opposite_sign(improvement, weight):
    assert template_robust_score(improvement, -improvement, weight) == label_robust_score(
        improvement, improvement, weight
    )


def test_full_transfer_is_one_and_nothing_gained_is_nothing_to_transfer():
    assert transfer_ratio(own=0.1, other=0.1) == 1
    assert transfer_ratio(own=0.2, other=-0.1) == pytest.approx(-0.5)
    assert transfer_ratio(own=0.0, other=0.1) is None
    assert transfer_ratio(own=-0.1, other=-0.2) is None  # the ratio of two losses would look like a gain


@pytest.mark.parametrize("bad", [57.0, -0.1, math.nan])
def test_a_percentage_is_refused(bad):
    for measure in (hard_label_recovery, improvement_over_random, decode_gap):
        with pytest.raises(UserError, match="fraction from 0 to 1"):
            measure(bad, 0.5)
        with pytest.raises(UserError, match="fraction from 0 to 1"):
            measure(0.5, bad)
