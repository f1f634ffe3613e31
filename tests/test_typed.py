"""While it is tested, the backend's types hold at every call, and shapes of arrays agree with each other."""

from collections.abc import Callable, Iterator
from functools import lru_cache

import jaxtyping
import numpy as np
import pytest
from jaxtyping import Float

from backend.core.scoring.compare import bootstrap, disagreement, mcnemar
from backend.core.scoring.scored import Scored
from backend.runs.folder import RunDir
from tests.typed import needs_shapes

Alias = dict[str, list[Float[np.ndarray, " n"]]]


def test_a_value_of_another_type_is_refused(tmp_path):
    for call in (lambda: mcnemar("1", 2), lambda: disagreement(1), lambda: Scored("a", None, "0", (), ())):
        with pytest.raises(jaxtyping.TypeCheckError):
            call()
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(TypeError):  # what a function returns, too
        RunDir(tmp_path).config()


def test_shapes_that_disagree_are_refused():
    with pytest.raises(jaxtyping.TypeCheckError):
        bootstrap(np.zeros((2, 5)), np.zeros((2, 4)), 10, 0)
    assert bootstrap(np.zeros((2, 5)), np.zeros((3, 5)), 10, 0).shape == (10,)


def test_only_functions_that_name_no_array_are_left_to_the_type_checker_alone():
    def plain(a: int, b: list[str | None], c: Callable[[int], str]) -> Iterator[int]: ...
    def direct(a: Float[np.ndarray, " n"]): ...
    def returned(a: int) -> Float[np.ndarray, " n"]: ...
    def within(a: int, b: Alias | None = None): ...
    def called(a: Callable[[Float[np.ndarray, " n"]], int]): ...
    def unread(a: "Scored"): ...
    def many(a: int) -> Iterator[int]:
        yield a

    assert not needs_shapes(plain)
    assert all(map(needs_shapes, (direct, returned, within, called, unread, many, property(plain), lru_cache(plain))))
