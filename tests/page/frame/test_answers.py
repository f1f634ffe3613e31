"""Answers are looked through for files as Gradio does it, but for their numbers."""

import asyncio

import pytest
from gradio_client import utils
from hypothesis import given
from hypothesis import strategies as st

from components.frame.answers import walk, walk_waiting

OWN = utils.traverse, utils.async_traverse
FILE = st.fixed_dictionaries({"path": st.text(max_size=3), "meta": st.just({"_type": "gradio.FileData"})})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3) | FILE,
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def moved(file: dict) -> dict:
    return {**file, "path": "elsewhere"}


async def moved_later(file: dict) -> dict:
    return moved(file)


@pytest.fixture(autouse=True)
def own(monkeypatch):
    """Whatever was built before, Gradio's own walks call themselves."""
    monkeypatch.setattr(utils, "traverse", OWN[0])
    monkeypatch.setattr(utils, "async_traverse", OWN[1])


def test_any_answer_comes_out_as_from_gradios_own():
    with asyncio.Runner() as loop:

        @given(JSON)
        def same(answer):
            wanted = utils.is_file_obj_with_meta
            assert walk(answer, moved, wanted) == OWN[0](answer, moved, wanted)
            theirs = loop.run(OWN[1](answer, moved_later, wanted))
            assert loop.run(walk_waiting(answer, moved_later, wanted)) == theirs

        same()


@pytest.mark.parametrize(("go", "asked"), [(walk, 3), (OWN[0], 1003)])
def test_numbers_are_not_asked_and_gradio_asks_them_all_so_the_mend_is_still_needed(go, asked):
    seen = []
    go({"x": [0.5] * 1000, "name": "loss"}, moved, lambda one: seen.append(one))
    assert len(seen) == asked
