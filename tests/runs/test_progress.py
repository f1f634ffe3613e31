"""The time left is honest: by work and not by count, without what had been done before, and with what comes later."""

import pytest

from backend.runs import progress
from backend.runs.folder import RunDir
from backend.runs.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def run(tmp_path) -> RunDir:
    return RunDir.create(tmp_path / "run", "s", None, {})


def test_nothing_is_promised_before_anything_was_done(run, clock):
    assert Progress(run, "a", 5).seconds_left() is None


def test_equal_steps_are_counted(run, clock):
    bar = Progress(run, "a", 10, done=4)
    clock[0] += 6
    bar.advance(by=2)
    assert bar.seconds_left() == 12


def test_what_was_recorded_before_says_nothing_of_the_pace(run, clock):
    bar = Progress(run, "a", 4, work=3.0)
    bar.advance(work=0.0)
    assert bar.seconds_left() is None
    clock[0] += 5
    bar.advance(work=1.0)
    assert bar.seconds_left() == 10


def test_a_large_piece_at_the_end_and_a_later_part_are_expected(run, clock):
    bar = Progress(run, "a", 3, work=10.0, later=5.0)
    clock[0] += 2
    bar.advance(work=1.0)
    assert bar.seconds_left() == 2 * (9 + 5)


def test_loading_at_the_beginning_is_not_taken_for_the_pace(run, clock):
    bar = Progress(run, "a", 3, slow_start=True)
    clock[0] += 60
    bar.advance()
    assert bar.seconds_left() is None
    clock[0] += 2
    bar.advance()
    assert bar.seconds_left() == 2


def test_what_other_processes_are_at_counts_half(run, clock):
    bar = Progress(run, "a", 4, work=8.0)
    clock[0] += 6
    bar.advance(work=2.0, under_way=2.0)
    assert bar.seconds_left() == 6 / 3 * 5
