"""Evolution of a choice, with a judge made by hand: never worse, within its evaluations, resumable."""

import re

import pytest

from backend.errors import UserError
from backend.selection.evolve import evolve

POOL_LENGTHS = [2, 3] * 20


def distance_to(target: set[int]):
    calls = []

    def judge(sets: list[list[int]]) -> list[float]:
        calls.append(sets)
        return [float(len(target - set(rows))) for rows in sets]

    return judge, calls


def test_evolution_finds_the_best_rows_and_never_gets_worse():
    judge, _ = distance_to({30, 31, 32, 33})
    rounds = list(evolve([0, 1, 2, 3], POOL_LENGTHS, judge, 3000, seed=0))
    losses = [one.loss for one in rounds]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == 0 and set(rounds[-1].chosen) == {30, 31, 32, 33}


def test_evolution_judges_the_parent_again_beside_children_of_its_lengths():
    judge, calls = distance_to({30, 31, 32, 33})
    rounds = list(evolve([0, 1, 2, 3], POOL_LENGTHS, judge, 100, seed=1))
    parent = [0, 1, 2, 3]
    for sets, one in zip(calls, rounds, strict=True):
        assert sets[0] == parent and one.chosen in sets
        for child in sets[1:]:
            assert len(set(child)) == 4 and 1 <= len(set(child) - set(parent)) <= 2
            assert [POOL_LENGTHS[row] for row in child] == [POOL_LENGTHS[row] for row in parent]
        assert len({frozenset(one) for one in sets}) == len(sets)
        parent = one.chosen
    assert {len(set(child) - set(sets[0])) for sets in calls for child in sets[1:]} == {1, 2}


def test_evolution_stays_within_its_evaluations():
    for evaluations in range(13):
        judge, calls = distance_to({30})
        rounds = list(evolve([0, 1], POOL_LENGTHS, judge, evaluations, seed=0))
        assert sum(map(len, calls)) == (rounds[-1].evaluations if rounds else 0) <= evaluations


def test_evolution_goes_on_after_a_stop_to_the_same_rounds():
    judge, _ = distance_to({30, 31, 32, 33})
    whole = list(evolve([0, 1, 2, 3], POOL_LENGTHS, judge, 103, seed=2))
    half = whole[:7]
    assert half + list(evolve([0, 1, 2, 3], POOL_LENGTHS, judge, 103, seed=2, after=half[-1])) == whole
    assert list(evolve([0, 1, 2, 3], POOL_LENGTHS, judge, 103, seed=5)) != whole


def test_evolution_keeps_its_choice_in_a_tie_and_from_a_loss_that_is_no_number():
    for loss in (1.0, float("nan")):
        rounds = list(
            evolve([0, 1], POOL_LENGTHS, lambda sets, loss=loss: [1.0] + [loss] * (len(sets) - 1), 50, seed=0)
        )
        assert all(one.chosen == [0, 1] for one in rounds)


def test_evolution_leaves_a_parent_whose_loss_is_no_number():
    first = next(evolve([0, 1], POOL_LENGTHS, lambda sets: [float("nan")] + [1.0] * (len(sets) - 1), 50, seed=0))
    assert first.loss == 1.0 and first.chosen != [0, 1]


def test_evolution_ends_where_nothing_can_be_swapped():
    assert list(evolve([0, 1], [2, 3], lambda sets: [0.0] * len(sets), 50, seed=0)) == []


@pytest.mark.parametrize("start", [[], [0, 0], [0, 40], [-1]])
def test_evolution_refuses_rows_that_are_not_in_the_pool(start):
    with pytest.raises(UserError, match=re.escape(f"The {len(start)} rows")):
        next(evolve(start, POOL_LENGTHS, lambda sets: [0.0] * len(sets), 50, seed=0))
