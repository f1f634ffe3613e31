"""Step sets begin at step 0, have the size that was asked for, and are dense where their name says."""

import pytest

from backend.core.diffusion import step_sets
from backend.errors import UserError

PLACED = (step_sets.uniform, step_sets.dense_start, step_sets.dense_middle, step_sets.dense_end)


@pytest.mark.parametrize("steps", [1, 2, 7, 20, 50])
@pytest.mark.parametrize("placed", PLACED)
def test_a_set_has_as_many_steps_as_were_asked_for(placed, steps):
    for count in range(1, steps + 1):
        found = placed(steps, count)
        assert len(found) == count and found[0] == 0 and found[-1] < steps
        assert list(found) == sorted(set(found))


def test_each_set_is_dense_where_it_says():
    def in_third(found, third):
        return sum(third * 20 <= step < (third + 1) * 20 for step in found)

    for number, placed in enumerate(PLACED[1:]):
        counts = [in_third(placed(60, 20), third) for third in range(3)]
        assert max(counts) == counts[number] and counts.count(max(counts)) == 1
    gaps = {after - before for before, after in zip(range(0, 20, 2), range(2, 20, 2), strict=False)}
    assert step_sets.uniform(20, 10) == step_sets.every(20, 2) and gaps == {2}


def test_the_other_sets_are_what_their_names_say():
    assert step_sets.every(10, 3) == (0, 3, 6, 9)
    assert step_sets.warm_up(12, 3, 3) == (0, 1, 2, 5, 8, 11)
    assert step_sets.gate(10, 4) == (0, 1, 2, 3)
    assert step_sets.by_hand(10, [7, 0, 7]) == (0, 7)
    assert step_sets.by_change([9.0, 0.1, 0.2, 0.3, 0.05, 0.4], 0.25) == (0, 2, 3, 5)
    assert step_sets.by_change([9.0, 0.1, 0.2], 0.0) == (0, 1, 2)


@pytest.mark.parametrize("computed", [[], [1, 2], [0, 10], [-1, 0]])
def test_a_set_by_hand_needs_step_0_and_steps_that_there_are(computed):
    with pytest.raises(UserError, match="step 0"):
        step_sets.by_hand(10, computed)


def test_impossible_sizes_are_refused():
    for wrong in (lambda: step_sets.uniform(5, 6), lambda: step_sets.uniform(5, 0), lambda: step_sets.every(5, 0)):
        with pytest.raises(UserError):
            wrong()
