"""Students of a run are trained once each, in any order, and told in theirs; what a run has spent outlives a stop."""

import os
from functools import partial

import pytest

from backend.core.pool import Workers
from backend.runs.folder import RunDir
from backend.runs.intervals import apart, difference, spread
from backend.runs.spent import peak_memory_mb, seconds_spent, timed
from backend.runs.students import trained


class Seen(Exception):
    pass


def squaring(look_up):
    """Trains a number to its square and says in which process, and whether it was told to look up."""
    return lambda cell: (cell * cell, os.getpid(), look_up is not None)


def kept(found: dict, cell: int):
    return found.get(cell)


def nothing() -> None:
    pass


def test_what_is_there_is_not_trained_again_and_the_order_is_the_askers(monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "2")
    there, written = {3: "there"}, {}
    found = trained([5, 3, 4], partial(kept, there), squaring, written.__setitem__, nothing)
    assert list(found) == [5, 3, 4] and found[3] == "there"
    assert {cell: value[0] for cell, value in written.items()} == {5: 25, 4: 16}
    assert os.getpid() not in {value[1] for value in written.values()}


def test_a_training_in_this_process_looks_up_itself_and_one_in_a_worker_does_not():
    alone = trained([5], partial(kept, {}), squaring, lambda *_: None, nothing)
    assert alone[5] == (25, os.getpid(), True)
    with Workers(1) as workers:
        assert trained([5, 6], partial(kept, {}), squaring, lambda *_: None, nothing, workers)[6][2]
    with Workers(2) as workers:
        assert not trained([5, 6], partial(kept, {}), squaring, lambda *_: None, nothing, workers)[6][2]


def test_where_everything_is_there_nobody_looks():
    def look() -> None:
        raise Seen

    assert trained([1, 2], partial(kept, {1: "a", 2: "b"}), squaring, lambda *_: None, look) == {1: "a", 2: "b"}
    with pytest.raises(Seen):
        trained([1, 2], partial(kept, {1: "a"}), squaring, lambda *_: None, look)


def test_seconds_of_a_stage_are_added_over_stops(tmp_path):
    run = RunDir.create(tmp_path / "a" / "one", "bench", None, {})
    with pytest.raises(Seen), timed(run, "tune"):
        raise Seen
    first = seconds_spent(run)["tune"]
    run.artifacts.joinpath("seconds.json").write_text('{"tune": 2.5, "score": 1.0}')
    with timed(run, "tune"):
        pass
    assert 0 <= first < 1 and 2.5 <= seconds_spent(run)["tune"] < 3.5 and seconds_spent(run)["score"] == 1.0
    assert 10 < peak_memory_mb() < 100_000


def test_a_difference_is_taken_seed_by_seed_and_one_value_has_no_interval():
    a, b = {2: 5.0, 0: 1.0, 1: 4.0, 7: 9.0}, {0: 0.0, 1: 1.0, 2: 3.0}
    assert apart(a, b) == [1.0, 3.0, 2.0]
    told = difference(a, b)
    assert (told["mean"], told["seeds"]) == (2.0, 3)
    assert told["low"] == pytest.approx(2 - 4.302652729911275 / 3**0.5) and told["high"] == pytest.approx(
        4 - told["low"]
    )
    assert spread([3.0]) == {"mean": 3.0, "low": None, "high": None} and difference(a, {9: 1.0}) is None
