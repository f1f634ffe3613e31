"""The quota of answer lengths: proportional to the pool, and it can always be filled. Knows no selector."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.selection.quota import Quota, shares


@given(st.data())
def test_a_quota_is_proportional_and_can_always_be_filled(data):
    lengths = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=60))
    size = data.draw(st.integers(1, len(lengths)))
    given_, counts = shares(lengths, size), Counter(lengths)
    assert sum(given_.values()) == size
    assert all(abs(given_[length] - size * counts[length] / len(lengths)) < 1 for length in counts)
    order = data.draw(st.permutations(range(len(lengths))))
    assert Counter(lengths[row] for row in Quota(lengths, size).fill(order)) == Counter(given_)
    assert shares(list(reversed(lengths)), size) == given_


def test_of_equal_remainders_the_shorter_length_wins():
    assert shares([3, 3, 2, 2], 3) == {2: 2, 3: 1}


def test_a_row_is_open_until_it_or_its_length_is_taken():
    quota = Quota([1, 1, 1, 2, 2, 2], 4)
    quota.take(0)
    assert quota.open().tolist() == [False, True, True, True, True, True]
    quota.take(2)
    assert quota.open().tolist() == [False, False, False, True, True, True]
    with pytest.raises(RuntimeError, match="Row 1"):
        quota.take(1)
    assert quota.fill([5, 1, 0, 4, 3]) == [0, 2, 5, 4]
    assert quota.full
