"""A scored question's choice, and what a summary of many says. No model answers here."""

import math

import pytest

from backend.core.scoring.metrics import summarise
from backend.core.scoring.scored import Scored


def test_normalised_choice_divides_by_characters():
    scored = Scored("q", None, 1, (-3.0, -4.0), (2, 8))
    assert (scored.choice, scored.choice_norm) == (0, 1)
    assert (scored.correct, scored.correct_norm) == (False, True)


def test_equal_scores_choose_the_first_option():
    assert Scored("q", None, 0, (-1.0, -1.0), (1, 1)).choice == 0


def test_summary_has_the_standard_error_of_the_harness():
    scored = [Scored(str(i), None, 0, (-1.0, -2.0) if i < 3 else (-2.0, -1.0), (1, 1)) for i in range(4)]
    summary = summarise(scored)
    deviations = [(right - 0.75) ** 2 for right in (1, 1, 1, 0)]
    assert summary["n"] == 4 and summary["acc"] == 0.75
    assert summary["acc_stderr"] == pytest.approx(math.sqrt(sum(deviations) / 3) / math.sqrt(4))


def test_one_question_has_no_standard_error():
    assert summarise([Scored("q", None, 0, (-1.0, -2.0), (1, 1))])["acc_stderr"] is None


def test_subjects_are_averaged_both_ways():
    right, wrong = (-1.0, -2.0), (-2.0, -1.0)
    scored = [Scored(str(i), "big", 0, right, (1, 1)) for i in range(3)] + [Scored("x", "small", 0, wrong, (1, 1))]
    summary = summarise(scored)
    assert summary["micro"]["acc"] == summary["acc"] == 0.75
    assert summary["macro"]["acc"] == 0.5
    assert summary["subjects"]["big"]["n"] == 3 and summary["subjects"]["small"]["acc"] == 0.0
