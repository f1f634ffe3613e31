"""What the command line says of a run while it computes: every stage, and not a line for every step."""

import threading
import time

import pytest

from backend.commands import watch
from backend.commands.watch import ProgressLines, watching
from backend.runs.folder import RunDir

TITLES = {"fit": "Fit", "judge": "Judge"}


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    now = [0.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def run(tmp_path) -> RunDir:
    made = RunDir.create(tmp_path / "run", "s", None, {})
    made.set_status(state="running")
    return made


@pytest.fixture
def told() -> list[str]:
    return []


def test_each_stage_and_each_message_without_a_count_is_a_line(run, clock, told):
    lines = ProgressLines(run, TITLES, told.append, bars=False)
    for status in (
        {"stage": "fit", "message": "Loading the data"},
        {"stage": "fit", "message": "Line 1", "done": 0, "total": 4},
        {"stage": "judge", "message": "", "done": 2, "total": 8, "eta_s": 65.0},
        {"stage": "judge", "message": "Writing", "done": 0, "total": 0},
    ):
        run.set_status(**status)
        lines.look()
        lines.look()
    assert told == ["Fit: Loading the data", "Fit: 0 of 4", "Judge: 2 of 8, 01:05 left", "Judge: Writing"]


def test_a_long_stage_is_told_of_now_and_then(run, clock, told):
    lines = ProgressLines(run, TITLES, told.append, bars=False)
    for done in range(100_000):
        run.status = lambda done=done: {"state": "running", "stage": "fit", "done": done, "total": 100_000}
        clock[0] = float(done)
        lines.look()
    assert told[:3] == ["Fit: 0 of 100000", "Fit: 10 of 100000", "Fit: 20 of 100000"]
    assert 100 < len(told) < 250


def test_what_an_earlier_attempt_left_is_not_told_again(run, clock, told):
    run.set_status(stage="fit", done=3, total=4)
    lines = ProgressLines(run, TITLES, told.append, bars=False)
    lines.look()
    assert told == []


def test_where_bars_are_drawn_only_what_has_none_becomes_a_line(run, clock, told):
    lines = ProgressLines(run, TITLES, told.append, bars=True)
    for status in ({"stage": "fit", "message": "Loading"}, {"done": 1, "total": 4}):
        run.set_status(**status)
        lines.look()
    assert told == ["Fit: Loading"]


def test_a_status_that_is_half_written_is_read_again_later(run, clock, told):
    lines = ProgressLines(run, TITLES, told.append, bars=False)
    (run.path / "status.json").write_text("{")
    lines.look()
    (run.path / "status.json").write_text('{"state": "running", "stage": "fit", "message": "On"}')
    lines.look()
    assert told == ["Fit: On"]


def test_the_last_look_is_at_the_end_also_of_a_failure():
    looks = []
    with pytest.raises(ZeroDivisionError), watching(lambda: looks.append(threading.current_thread().name), every=0.01):
        until = time.monotonic() + 10
        while not looks and time.monotonic() < until:
            time.sleep(0.01)
        raise ZeroDivisionError
    assert looks[0] == "watch" and looks[-1] == threading.current_thread().name
