"""Metrics, by identities: what cannot change must not, and a perfectly calibrated student has no error."""

import math
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.scoring.metrics import calibration, interval, letters, option_loss, option_probabilities, summarise
from backend.core.scoring.scored import Scored
from backend.errors import UserError


def asked(*log_likelihoods: float, answer: int = 0, id: str = "q", subject: str | None = None) -> Scored:
    return Scored(id, subject, answer, log_likelihoods, (1,) * len(log_likelihoods))


def sure(probability: float, right: bool) -> Scored:
    """A question of two options whose first is chosen with this probability."""
    return asked(math.log(probability), math.log1p(-probability), answer=int(not right))


@given(st.lists(st.tuples(st.lists(st.floats(-50, 0), min_size=2, max_size=5), st.booleans()), min_size=1), st.data())
def test_the_order_of_the_questions_changes_no_figure(rows, data):
    scored = [asked(*values, answer=len(values) - 1, subject="xy"[which]) for values, which in rows]
    before, after = summarise(scored), summarise(data.draw(st.permutations(scored)))
    assert before.pop("ece") == pytest.approx(after.pop("ece"), abs=1e-12)
    assert before.pop("option_loss") == pytest.approx(after.pop("option_loss"), abs=1e-12)
    assert before == after


def test_summary_has_the_standard_error_of_the_harness():
    summary = summarise([asked(*((-1.0, -2.0) if i < 3 else (-2.0, -1.0))) for i in range(4)])
    deviations = [(right - 0.75) ** 2 for right in (1, 1, 1, 0)]
    assert summary["n"] == 4 and summary["acc"] == 0.75
    assert summary["acc_stderr"] == pytest.approx(math.sqrt(sum(deviations) / 3) / math.sqrt(4))


def test_one_question_has_no_standard_error():
    assert summarise([asked(-1.0, -2.0)])["acc_stderr"] is None


def test_a_subject_carries_accuracy_alone_and_macro_is_the_mean_of_subjects():
    scored = [asked(-1.0, -2.0, subject="big") for _ in range(3)] + [asked(-2.0, -1.0, subject="small")]
    summary = summarise(scored)
    assert summary["micro"]["acc"] == summary["acc"] == 0.75
    assert summary["macro"]["acc"] == 0.5
    assert set(summary["subjects"]["big"]) == {"n", "acc", "acc_stderr", "acc_norm", "acc_norm_stderr"}
    assert {"ece", "letters", "option_loss"} <= set(summary)


@pytest.mark.parametrize("figure", [summarise, calibration, letters, option_loss])
def test_no_scores_is_an_error(figure):
    with pytest.raises(UserError, match="no scores"):
        figure([])


def test_the_interval_is_wilsons():
    """The ends solve |share - p| = z * sqrt(p (1 - p) / n), the equation he solved."""
    low, high = interval(7, 20)
    for end in (low, high):
        assert abs(0.35 - end) == pytest.approx(1.959964 * math.sqrt(end * (1 - end) / 20), rel=1e-9)
    assert low < 0.35 < high


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_has_a_width_and_is_symmetric(counts):
    successes, n = counts
    low, high = interval(successes, n)
    assert 0 <= low <= successes / n <= high <= 1 and low < high
    assert interval(n - successes, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_nothing_asked_says_nothing():
    assert interval(0, 0) == (0.0, 1.0)


@given(st.lists(st.floats(-1e6, 0), min_size=2, max_size=8), st.floats(-1e6, 1e6))
def test_probabilities_sum_to_one_and_do_not_depend_on_a_common_shift(values, shift):
    probabilities = option_probabilities(asked(*values))
    assert math.fsum(probabilities) == pytest.approx(1)
    assert option_probabilities(asked(*(value + shift for value in values))) == pytest.approx(probabilities, abs=1e-8)


def test_probabilities_of_known_options_come_back():
    assert option_probabilities(asked(*map(math.log, (0.5, 0.3, 0.2)))) == pytest.approx((0.5, 0.3, 0.2))
    assert option_probabilities(asked(-math.inf, -3.0)) == (0.0, 1.0)
    assert option_probabilities(asked(-math.inf, -math.inf)) == (0.5, 0.5)


def test_the_option_loss_of_a_student_without_opinion_is_the_log_of_the_options():
    assert option_loss([asked(-7.0, -7.0, -7.0, -7.0, answer=2)]) == pytest.approx(math.log(4))


def test_a_student_as_often_right_as_sure_has_no_calibration_error():
    scored = [sure(0.75, right=i < 3) for i in range(4)] + [sure(0.9, right=i < 9) for i in range(10)]
    found = calibration(scored)
    assert found["ece"] == pytest.approx(0, abs=1e-12)
    assert sum(part["n"] for part in found["bins"]) == len(scored)


def test_a_student_always_sure_and_never_right_has_all_the_error_there_is():
    assert calibration([asked(0.0, -800.0, answer=1)] * 3)["ece"] == 1


def test_bins_are_open_below_closed_above_and_empty_ones_have_no_mean():
    bins = calibration([sure(0.5, True), sure(0.51, False)])["bins"]
    assert (bins[4]["n"], bins[4]["low"], bins[4]["high"]) == (1, 0.4, 0.5)
    assert (bins[5]["n"], bins[5]["accuracy"]) == (1, 0)
    assert bins[0] == {"low": 0.0, "high": 0.1, "n": 0, "confidence": None, "accuracy": None}


def test_calibration_equals_the_plain_sum_over_bins():
    chance = random.Random(0)
    scored = [sure(chance.uniform(0.5, 1), chance.random() < 0.7) for _ in range(300)]
    naive = 0.0
    for number in range(10):
        inside = [q for q in scored if number / 10 < max(option_probabilities(q)) <= (number + 1) / 10]
        naive += abs(sum(q.correct for q in inside) - sum(max(option_probabilities(q)) for q in inside)) / 300
    assert calibration(scored)["ece"] == pytest.approx(naive, abs=1e-12)


def test_letters_show_a_student_that_always_says_the_second():
    scored = [asked(-2.0, -1.0, -3.0, answer=i % 2) for i in range(4)] + [asked(-2.0, -1.0, -3.0, -4.0, answer=3)]
    assert letters(scored) == {"chosen": [0, 5, 0, 0], "right": [2, 2, 0, 1]}


@pytest.mark.parametrize("name", ["scoring.metrics", "scoring.compare", "text.leaks", "scoring.dd_ranking"])
def test_the_statistics_load_without_torch(name):
    code = f"import sys, backend.core.{name}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=True)
