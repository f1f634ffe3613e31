"""The court of the search: it judges equal texts alike, an effect is of the change, and what diverges loses.

In double precision: trials are trained side by side, and compared with students trained alone.
"""

import math
from dataclasses import replace

import pytest

from backend.core.models.readers import Reader
from backend.core.training import stacked
from backend.core.training.finetune import Diverged, finetuned
from backend.search import search as module
from backend.search.court import Court, Proposal, Students
from tests import tiny_search
from tests.double import EXACT
from tests.tiny_search import DRAFTS, PLAN, TRAIN, trained

pytestmark = pytest.mark.usefixtures("double")
readers = tiny_search.double_readers


def court(reader: Reader, **changes) -> Court:
    plan = replace(PLAN, lrs=(0.05,), **changes)
    students = [Students(reader, module.Plan(plan.steps, 0.05), plan, (1, seed)) for seed in range(plan.seeds)]
    return Court(reader, students, TRAIN[:6], plan)


@pytest.mark.parametrize("objective", ["error", "answers", "matching"])
def test_a_court_judges_equal_texts_alike_and_others_not(readers, objective):
    judge, other = court(readers[0], objective=objective, seeds=2), (DRAFTS[5], *DRAFTS[1:4])
    losses = judge.judge([DRAFTS[:4], other, DRAFTS[:4]]).tolist()
    assert losses[0] == losses[2] != losses[1]
    singles = [judge._objectives[i].value(trained(s, judge._rows(other))) for i, s in enumerate(judge.students)]
    assert losses[1] == pytest.approx(sum(singles) / 2, rel=EXACT) and singles[0] != singles[1]


def test_where_students_are_trained_alone_a_text_comes_to_the_same_whatever_is_judged_beside_it(readers, monkeypatch):
    monkeypatch.setattr(stacked, "SMALL", 0)
    judge = court(readers[0], seeds=8)
    assert judge.judge([DRAFTS[:4], DRAFTS[4:8]]).tolist()[1] == judge.judge([DRAFTS[4:8]]).item()


def test_an_effect_is_of_the_change_so_a_draft_for_itself_has_none(readers):
    given_ = [Proposal(2, DRAFTS[2]), Proposal(2, DRAFTS[7]), Proposal(0, DRAFTS[7])]
    effects = court(readers[0]).effects(DRAFTS[:4], given_)
    assert effects[0].abs() < EXACT * effects[1:].abs().max() and effects[1] != effects[2]
    assert court(readers[0]).effects(DRAFTS[:4], []).tolist() == []


def test_a_trial_whose_student_diverges_loses(readers, monkeypatch):
    def broken(student, rows, *given):
        if len(rows) == 3:
            raise Diverged("The loss is nan.", "a finite loss", "Lower it.")
        end = finetuned(student, rows, *given)
        return {name: p * math.nan for name, p in end.items()} if len(rows) == 2 else end

    monkeypatch.setattr("backend.core.training.stacked.finetuned", broken)
    losses = court(readers[0]).judge([DRAFTS[:4], DRAFTS[:3], DRAFTS[:2]])
    assert losses.isfinite().tolist() == [True, False, False] and losses.argmin() == 0
