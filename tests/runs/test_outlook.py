"""The time of a run: what is left of the whole falls, what it took is kept, and a run of before knows nothing of it."""

import json
from itertools import pairwise

import pytest

from backend.runs import outlook as outlooks
from backend.runs import progress
from backend.runs.folder import RunDir
from backend.runs.machine import Machine
from backend.runs.outlook import Expected, Outlook, elapsed, left_of
from backend.runs.progress import Progress
from backend.runs.timings import timings
from backend.runs.work import START, Amount, Part
from components.frame import words
from components.run.status import status_markup

QUIET = Machine(workers=2, cores=2, others=0.0, gpu=False)
SECONDS = {START: 10.0, "learn": 40.0, "score": 50.0}
PARTS = tuple(Part(stage, "", Amount(starts=1)) for stage in SECONDS)
ABOUT = {"study": "counted", "models": [], "memory_counted": 500}


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "home"))


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand; the process was born when it read 1000."""
    now = [1000.0]
    for module in (outlooks.time, progress.time):
        monkeypatch.setattr(module, "monotonic", lambda: now[0])
        monkeypatch.setattr(module, "time", lambda: now[0])
    monkeypatch.setattr(outlooks, "age", lambda: now[0] - 1000.0)
    return now


@pytest.fixture
def run(tmp_path, clock) -> RunDir:
    found = RunDir.create(tmp_path / "run", "counted", None, {})
    found.outlook = Outlook(Expected(SECONDS, PARTS, ABOUT), ("learn", "score"), QUIET)
    return found


def go(run: RunDir, clock: list[float], stage: str, each: float, steps: int = 10) -> list[float]:
    """A stage of so many steps; what was said to be left after each."""
    said = []
    with Progress(run, stage, steps) as bar:
        for _ in range(steps):
            clock[0] += each
            bar.advance()
            said.append(run.status()["time"]["left_s"])
    return said


def test_the_time_left_of_the_whole_run_falls_to_nothing(run, clock):
    assert run.outlook.told()["left_s"] == pytest.approx(100.0)
    clock[0] += 10
    said = [run.outlook.told()["left_s"], *go(run, clock, "learn", 4.0), *go(run, clock, "score", 5.0)]
    assert said[0] == pytest.approx(90.0, abs=2)
    assert all(b < a for a, b in pairwise(said))
    assert said[10] == pytest.approx(50.0, abs=1) and said[-1] == pytest.approx(0.0, abs=0.1)


def test_a_run_that_is_slower_than_expected_says_so_for_what_is_to_come(run, clock):
    clock[0] += 10
    said = go(run, clock, "learn", 8.0)
    assert 60 < said[-1] < 100, "twice as long so far: the rest is expected to take longer, if not twice"
    assert go(run, clock, "score", 10.0)[4] == pytest.approx(50.0, abs=1)


def test_a_resumed_stage_counts_what_is_left_of_it(run, clock):
    clock[0] += 10
    bar = Progress(run, "learn", 10, done=5)
    bar._write("")
    assert run.status()["time"]["left_s"] == pytest.approx(20.0 + 50.0, abs=1)


def test_a_stage_that_takes_longer_than_expected_is_not_said_to_be_over(run, clock):
    clock[0] += 10
    with Progress(run, "score", 4) as bar:
        clock[0] += 500
        bar._write("")
        assert run.status()["time"]["left_s"] > 0


def test_without_an_estimate_only_the_last_stage_knows(run, clock):
    run.outlook = Outlook(None, ("learn", "score"), QUIET)
    assert set(go(run, clock, "learn", 4.0)) == {None}
    assert go(run, clock, "score", 5.0)[4] == pytest.approx(25.0)
    assert timings("counted") == []


def test_what_it_took_is_kept_with_the_run_stage_by_stage(run, clock):
    clock[0] += 12
    go(run, clock, "learn", 4.0)
    go(run, clock, "score", 6.0)
    run.set_status(state="finished", time=run.outlook.ended(finished=True))
    told = json.loads((run.path / "status.json").read_text())["time"]
    assert told["stages"] == pytest.approx({START: 12.0, "learn": 40.0, "score": 60.0})
    assert (told["spent_s"], told["expected_s"], told["left_s"]) == (112.0, 100.0, None)
    assert elapsed(run.status()) == 112.0
    assert words.times(run.status()) == ["Took 1 min 52 s", "estimated 1 min 40 s"]


def test_every_stage_that_went_through_teaches_the_next_estimate(run, clock):
    clock[0] += 12
    go(run, clock, "learn", 4.0)
    go(run, clock, "score", 6.0)
    assert [row["stage"] for row in timings("counted")] == [START, "learn"]
    run.outlook.ended(finished=True)
    assert [row["seconds"] for row in timings("counted")] == [12.0, 40.0, 60.0]


def test_a_second_sitting_adds_up_and_teaches_nothing(run, clock):
    clock[0] += 10
    go(run, clock, "learn", 4.0)
    before = run.outlook.ended(finished=False)
    clock[0] = 1000.0
    run.outlook = Outlook(Expected(SECONDS, PARTS, ABOUT), ("learn", "score"), QUIET, before)
    clock[0] += 5
    go(run, clock, "score", 5.0)
    told = run.outlook.ended(finished=True)
    assert (told["before_s"], told["spent_s"]) == (50.0, 105.0)
    assert told["stages"] == pytest.approx({START: 15.0, "learn": 40.0, "score": 50.0})
    assert [row["stage"] for row in timings("counted")] == [START]


def test_a_process_that_is_older_than_a_start_counts_from_now(clock):
    clock[0] += 5000
    found = Outlook(Expected(SECONDS, PARTS, ABOUT), ("learn", "score"), QUIET)
    assert found.told()["spent_s"] == 0.0


# -- on the page --------------------------------------------------------------------------------------------------
def test_while_it_runs_the_head_tells_what_is_behind_and_what_is_left(clock):
    told = {"began_at": 1000.0, "before_s": 30.0, "spent_s": 31.0, "left_s": 130.0}
    status = {"state": "running", "worker": {"id": 1}, "time": told, "eta_s": 3.0, "stage": "distil"}
    clock[0] += 50
    assert elapsed(status) == 80.0 and left_of(status) == 130.0
    assert words.times(status) == ["1 min 20 s so far", "about 2 min left"]
    markup = status_markup("Quick", "A run.", status, (), False)
    assert "1 min 20 s so far" in markup and "left in this step" not in markup


def test_a_stopped_or_orphaned_run_stands_still(clock):
    told = {"began_at": 1000.0, "before_s": 30.0, "spent_s": 31.0, "left_s": 130.0}
    clock[0] += 5000
    for state in ("stopped", "orphaned", "failed"):
        assert words.times({"state": state, "worker": {"id": 1}, "time": told}) == ["31 s so far"]


@pytest.mark.parametrize("state", ["queued", "running", "stopping", "stopped", "finished", "failed", "orphaned"])
def test_a_run_of_before_opens_without_its_time(state):
    status = {"state": state, "stage": "distil", "done": 3, "total": 4, "eta_s": 20.0}
    assert elapsed(status) is None
    said = words.times(status)
    assert said == (["about 20 s left in this step"] if state in ("queued", "running", "stopping") else [])
    assert "None" not in status_markup("Quick", "A run.", status, (), False)


@pytest.mark.parametrize(("seconds", "says"), [(0.2, "1 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7800, "2 h 10 min")])
def test_a_time_that_is_over_is_said_exactly(seconds, says):
    assert words.exactly(seconds) == says
