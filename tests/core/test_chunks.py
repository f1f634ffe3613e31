"""Chunks of rows: every row once, and no chunk over its limits."""

from hypothesis import given
from hypothesis import strategies as st

from backend.core.chunks import chunks


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(50, 200), st.integers(1, 9))
def test_chunks_hold_every_row_once_within_their_limits(lengths, tokens, most):
    found = chunks(lengths, tokens, most)
    assert sorted(row for chunk in found for row in chunk) == list(range(len(lengths)))
    for chunk in found:
        assert len(chunk) <= most and len(chunk) * max(lengths[row] for row in chunk) <= tokens
