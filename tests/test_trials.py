"""Which proposals the search tries together; no model is needed to say."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from backend.studies.text_distillation.court import Proposal
from backend.studies.text_distillation.moves import Draft
from backend.studies.text_distillation.search import joint_trials
from tests.tiny_search import DRAFTS


def proposals(*changes: tuple[int, str]) -> list[Proposal]:
    return [Proposal(slot, replace(DRAFTS[slot], question=text)) for slot, text in changes]


def changed(trial: tuple[Draft, ...]) -> dict[int, str]:
    return {i: draft.question for i, draft in enumerate(trial) if draft != DRAFTS[i]}


def test_trials_take_the_best_of_each_slot_1_2_4_together_and_the_next_alone():
    given_ = proposals((0, "a"), (1, "b"), (0, "better a"), (2, "c"), (3, "d"), (4, "e"), (5, "worse"))
    found = joint_trials(DRAFTS[:8], given_, [-1.0, -5.0, -6.0, -4.0, -3.0, -2.0, 1.0])
    four = {0: "better a", 1: "b", 2: "c", 3: "d"}
    assert [changed(trial) for trial in found] == [
        {0: "better a"}, {0: "better a", 1: "b"}, four, {1: "b"}, {2: "c"},
    ]  # fmt: skip


def test_a_trial_never_holds_two_equal_texts():
    found = joint_trials(DRAFTS[:4], proposals((0, "same"), (1, "same"), (2, "other")), [-4.0, -3.0, -2.0])
    assert [changed(trial) for trial in found] == [{0: "same"}, {0: "same", 2: "other"}, {2: "other"}]
    assert all(len({draft.question for draft in trial}) == 4 for trial in found)


def test_nothing_is_tried_that_promises_nothing():
    assert joint_trials(DRAFTS[:4], proposals((0, "a"), (1, "b")), [0.0, 2.0]) == []
    assert joint_trials(DRAFTS[:4], [], []) == []


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from("abcdefgh"), st.floats(-1, 1)), max_size=30))
def test_trials_are_different_texts_that_change_a_power_of_two_of_slots(drawn):
    found = joint_trials(DRAFTS[:7], proposals(*((slot, text) for slot, text, _ in drawn)), [e for *_, e in drawn])
    assert len(set(found)) == len(found)
    for trial in found:
        assert len({draft.question for draft in trial}) == 7
        assert len(changed(trial)) in (1, 2, 4)
