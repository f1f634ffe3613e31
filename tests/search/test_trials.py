"""Which changes the search tries together, and the race between trials; no model is needed to say."""

import math
import random
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backend.search import count, search
from backend.search.court import SearchPlan
from backend.search.moves import Draft
from backend.search.trials import Proposal, crossings, draw_trials, joint_trials, race, together
from tests.tiny_search import DRAFTS


def proposals(*changes: tuple[int, str]) -> list[Proposal]:
    return [Proposal(slot, replace(DRAFTS[slot], question=text)) for slot, text in changes]


def changed(trial: tuple[Draft, ...]) -> dict[int, str]:
    return {i: draft.question for i, draft in enumerate(trial) if draft != DRAFTS[i]}


def test_joint_trials_take_the_best_of_each_slot_1_2_4_together():
    given_ = proposals((0, "a"), (1, "b"), (0, "better a"), (2, "c"), (3, "d"), (4, "e"), (5, "worse"))
    found = joint_trials(DRAFTS[:8], given_, [-1.0, -5.0, -6.0, -4.0, -3.0, -2.0, 1.0])
    four = {0: "better a", 1: "b", 2: "c", 3: "d"}
    assert [changed(trial) for trial in found] == [{0: "better a"}, {0: "better a", 1: "b"}, four]


def test_a_trial_never_holds_two_equal_texts():
    found = joint_trials(DRAFTS[:4], proposals((0, "same"), (1, "same"), (2, "other")), [-4.0, -3.0, -2.0])
    assert [changed(trial) for trial in found] == [{0: "same"}, {0: "same", 2: "other"}]
    assert all(len({draft.question for draft in trial}) == 4 for trial in found)


def test_nothing_is_tried_that_promises_nothing():
    assert joint_trials(DRAFTS[:4], proposals((0, "a"), (1, "b")), [0.0, 2.0]) == []
    assert joint_trials(DRAFTS[:4], [], []) == draw_trials(DRAFTS[:4], [], [], 5, random.Random(0)) == []


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from("abcdefgh"), st.floats(-1, 1)), max_size=30))
def test_joint_trials_are_different_texts_that_change_a_power_of_two_of_slots(drawn):
    found = joint_trials(DRAFTS[:7], proposals(*((slot, text) for slot, text, _ in drawn)), [e for *_, e in drawn])
    assert len(set(found)) == len(found)
    for trial in found:
        assert len({draft.question for draft in trial}) == 7
        assert len(changed(trial)) in (1, 2, 4)


@given(
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from("abcdefghijkl"), st.floats(-1, 1)), max_size=40),
    st.integers(1, 12),
    st.integers(0, 9),
)
def test_drawn_trials_are_different_changed_texts_no_more_than_asked_for(drawn, most, seed):
    given_, effect = proposals(*((slot, text) for slot, text, _ in drawn)), [e for *_, e in drawn]
    found = draw_trials(DRAFTS[:7], given_, effect, most, random.Random(seed))
    assert found == draw_trials(DRAFTS[:7], given_, effect, most, random.Random(seed))
    assert len(set(found)) == len(found) <= most and DRAFTS[:7] not in found
    assert bool(found) == bool(drawn) or most == 1
    for trial in found:
        assert len({draft.question for draft in trial}) == 7
        assert all((slot, text) in {(s, t) for s, t, _ in drawn} for slot, text in changed(trial).items())


def test_a_drawn_trial_takes_its_changes_from_the_best_fifth_of_a_slot_and_changes_several():
    given_ = proposals(*((slot, f"{slot} {rank}") for slot in range(12) for rank in range(10)))
    found = draw_trials(DRAFTS[:12], given_, [float(i % 10) for i in range(120)], 8, random.Random(0))
    assert len(found) == 8, "no effect is below 0, so all are drawn"
    assert [len(changed(trial)) for trial in found] == [1, 1, 2, 3] * 2
    assert {text.split()[1] for trial in found for text in changed(trial).values()} == {"0", "1"}


def texts(names: str) -> tuple[Draft, ...]:
    """A text for each letter, other ones in other slots."""
    return tuple(Draft(f"{slot} {name}", "an answer", name) for slot, name in enumerate(names))


NOW = texts("aaaaaa")


def judges(values: dict[str, float], luck: float = 0.0, rng: random.Random | None = None):
    """One reader's students, whose loss is e to the sum of what each slot's text is worth, but for their luck; and what
    they were asked."""
    asked, rng = [], rng or random.Random(0)

    def judged(given_, students, stage):
        names = ["".join(draft.question[-1] for draft in text) for text in given_]
        asked.append((names, students))
        worth = [sum(values.get(name, 0.0) for name in one) + rng.gauss(0, luck / students**0.5) for one in names]
        return torch.tensor([worth]).exp()

    return judged, asked


def test_a_third_of_a_race_goes_on_with_crossings_and_the_texts_as_they_are_run_to_the_end():
    judged, asked = judges({"b": -0.1, "c": -0.3, "d": 0.2, "e": 0.05})
    trials = [texts(name) for name in ("baaaaa", "acaaaa", "aadaaa", "aaaeaa")]
    raced = race(NOW, trials, judged, (1, 1, 2))
    assert raced.winner == texts("bcaaaa") and raced.ran == (5, 6, 3)
    names, students = zip(*asked, strict=True)
    assert students == (1, 1, 2) and all(some[0] == "aaaaaa" for some in names)
    assert set(names[1][1:]) == {"acaaaa", "baaaaa", "bcaaaa", "bcaeaa", "bcdeaa"}
    assert names[2] == ["aaaaaa", "bcaaaa", "bcaeaa"]
    assert raced.loss == pytest.approx(1.0) and raced.gain == pytest.approx(1 - math.exp(-0.4), rel=1e-4)


def test_where_two_trials_change_a_slot_their_crossing_has_the_better_ones_text():
    ranked = [texts("baaaaa"), texts("caadaa"), texts("aeaaaa")]
    assert crossings(NOW, ranked) == [texts("baadaa"), texts("beadaa")]
    assert crossings(NOW, ranked[:1]) == [] == crossings(NOW, [texts("baaaaa"), texts("caaaaa")])


def test_a_race_is_won_by_the_texts_as_they_are_where_nothing_is_better():
    judged, _ = judges({"b": 0.1})
    raced = race(NOW, [texts("baaaaa"), texts("abaaaa")], judged, (1, 1, 2))
    assert raced.winner == NOW and raced.gain == 0
    judged, asked = judges({})
    assert race(NOW, [], judged, (1, 1, 2)).ran == (1,) and len(asked) == 1, "alone they need not run on"


def test_a_race_counts_all_students_a_trial_met_beside_the_texts_as_they_are():
    """Students of one stage are all a little better than those of another: that must not count."""

    def judged(given_, students, stage):
        fate = {NOW: (1.0, 10.0), texts("baaaaa"): (0.9, 9.5)}
        return torch.tensor([[fate[text][stage] for text in given_]])

    raced = race(NOW, [texts("baaaaa")], judged, (1, 3))
    assert raced.loss == pytest.approx((1 + 3 * 10) / 4)
    assert raced.gain == pytest.approx(raced.loss * (1 - (0.9 * 0.95**3) ** 0.25))


def test_readers_count_alike_whatever_the_size_of_their_losses():
    assert together(torch.tensor([[1.0, 0.9], [100.0, 90.0]])).tolist() == pytest.approx([10.0, 9.0])
    assert together(torch.tensor([[0.0, 0.1], [torch.inf, 1.0]]))[0] == torch.inf


@pytest.mark.parametrize("now", [0.0, math.inf])
def test_a_trial_whose_students_ran_away_loses_a_race(now):
    judged, _ = judges({"a": now / 6, "b": math.inf, "c": 0.1 if now else -0.1})
    found = race(NOW, [texts("bbbbbb"), texts("cccccc")], judged, (1, 1))
    assert found.winner == texts("cccccc")


def test_a_trial_that_ran_away_loses_even_where_the_texts_as_they_are_ran_away_before():
    def judged(given_, students, stage):
        fate = {NOW: (math.inf, 1.0, 1.0), texts("bbbbbb"): (1.0, math.inf, 0.9), texts("cccccc"): (2.0, 0.9, 0.9)}
        return torch.tensor([[fate.get(text, (3.0, 3.0, 3.0))[stage] for text in given_]])

    trials = [texts(name * 6) for name in "bcde"]
    assert race(NOW, trials, judged, (1, 1, 1)).winner == texts("cccccc")


def test_the_estimate_counts_the_students_of_a_whole_race():
    judged, asked = judges({"b": 0.1})
    most = SearchPlan("", 1, (), 1, 1).trials
    now = texts("a" * most)
    race(now, [texts("a" * i + "b" + "a" * (most - 1 - i)) for i in range(most)], judged, search.RACE)
    assert tuple((len(names), students) for names, students in asked) == count.RACE


def test_a_race_finds_better_texts_than_one_look_at_each():
    """Where luck is as large as what tells the changes apart."""
    rng, raced, looked = random.Random(1), [], []
    for _ in range(200):
        values = {name: rng.gauss(0, 0.1) for name in "bcdefghi"} | {"a": 0.0}
        trials = [texts("a" * (i % 6) + name + "a" * (5 - i % 6)) for i, name in enumerate("bcdefghi")]
        judged, _ = judges(values, 0.1, rng)
        once = int(judged([NOW, *trials], 1, 0)[0].argmin())
        for found, text in ((raced, race(NOW, trials, judged, (1, 1, 2)).winner), (looked, [NOW, *trials][once])):
            found.append(sum(values[draft.question[-1]] for draft in text))
    assert sum(raced) < 1.3 * sum(looked) < 0
