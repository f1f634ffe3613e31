"""`--follow`: every row of a run becomes a point in the tool, once; a tool that fails harms nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.__main__ import main
from backend.commands import follow
from backend.commands.follow import Follower
from backend.runs import points
from backend.runs.folder import RunDir
from backend.study import find

ROOT = Path(__file__).parents[2]
BENCH = find("bench")
CELL = {"phase": "grid", "lr": 0.002, "seed": 1}


@pytest.fixture
def run(tmp_path) -> RunDir:
    made = RunDir.create(tmp_path / "first", "bench", None, {"seeds": 1})
    write(made, 1)
    return made


def write(run: RunDir, step: int) -> None:
    run.append("metrics", {"stage": "tune", **CELL, "step": step, "loss": 2.0 / step})


class Remembering:
    """A tool that only remembers."""

    def __init__(self, run: RunDir):
        self.found, self.closed = [], False

    def add(self, found):
        self.found += found

    def close(self):
        self.closed = True


@pytest.fixture
def tool(monkeypatch) -> list[Remembering]:
    made = []
    monkeypatch.setitem(follow.TRACKERS, "tensorboard", lambda run: made.append(Remembering(run)) or made[-1])
    return made


def test_rows_become_points_as_they_grow_and_none_twice(run, tool):
    follower = Follower(run, "tensorboard", pytest.fail)
    follower.look()
    follower.look()
    write(run, 2)
    run.append("results", {"arm": "base", "student": "opt", "task": "t", "metric": "acc", "seed": 3, "value": 0.5})
    follower.look()
    follower.close()
    series = "tune/loss/phase=grid/lr=0.002/seed=1"
    assert tool[0].found == [(series, 1, 2.0), (series, 2, 1.0), ("results/acc/t/base/opt", 3, 0.5)]
    assert tool[0].closed and len(tool) == 1


def test_a_run_without_a_row_starts_no_tool(tmp_path, tool):
    follower = Follower(RunDir.create(tmp_path / "new", "bench", None, {}), "tensorboard", pytest.fail)
    follower.look()
    follower.close()
    assert tool == []


def test_a_tool_that_fails_is_told_of_once_and_the_run_goes_on(run, monkeypatch):
    def broken(run):
        raise RuntimeError("no database")

    monkeypatch.setitem(follow.TRACKERS, "trackio", broken)
    told = []
    follower = Follower(run, "trackio", told.append)
    for _ in range(3):
        follower.look()
    follower.close()
    assert told == ["trackio takes no more metrics (RuntimeError: no database). The run goes on."]


def test_numbers_that_are_none_and_other_stages_are_no_points():
    row = {"stage": "tune", **CELL, "step": 1}
    assert list(points.of_metrics(BENCH, row | {"loss": None})) == []
    assert list(points.of_metrics(BENCH, row | {"loss": 1.0, "stage": "other"})) == []
    assert list(points.of_results({"metric": "acc", "value": None})) == []


def test_series_of_one_stage_are_told_apart_by_what_the_curves_part_them_by():
    row = {"stage": "score", "who": "base", "task": "arc", "done": 40, "total": 80, "acc": 0.25, "low": 0.1, "high": 1}
    assert list(points.of_metrics(BENCH, row)) == [("score/acc/who=base/task=arc", 40, 0.25)]


def test_a_tool_that_is_not_installed_is_refused_before_anything_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(follow, "find_spec", lambda name: None)
    words = ["run", "bench", "--preset", "pocket", "--out", str(tmp_path / "run"), "--follow", "trackio"]
    assert main(words) == 2
    assert "Run `pip install trackio`." in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def in_a_process(code: str, **environment: str) -> str:
    """What a few lines print in an interpreter of their own: these packages warn and remember where they were first."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


FOLLOWED = """
import json, sys
from backend.commands.follow import Follower
from backend.runs.folder import RunDir
for _ in range({times}):
    follower = Follower(RunDir({path!r}), {tool!r}, sys.exit)
    follower.look()
    follower.close()
"""


def test_tensorboard_reads_the_very_numbers_also_when_a_run_is_followed_twice(run):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed (requirements-follow.txt)")
    write(run, 2)
    read = """
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
found = EventAccumulator({folder!r}).Reload()
print(json.dumps({{name: [(e.step, e.value) for e in found.Scalars(name)] for name in found.Tags()["scalars"]}}))
"""
    code = FOLLOWED.format(path=str(run.path), tool="tensorboard", times=2)
    read = in_a_process(code + read.format(folder=str(run.path / "tensorboard")))
    assert json.loads(read) == {"tune/loss/phase=grid/lr=0.002/seed=1": [[1, 2.0], [2, 1.0]]}


def test_trackio_keeps_the_very_numbers_and_our_own_output_stays_clean(run, tmp_path):
    pytest.importorskip("trackio", reason="trackio is not installed (requirements-follow.txt)")
    write(run, 2)
    code = FOLLOWED.format(path=str(run.path), tool="trackio", times=1)
    read = """
from trackio.sqlite_storage import SQLiteStorage
rows = SQLiteStorage.get_logs("distilloscope", "first")
print(json.dumps([[row["step"], row["tune/loss/phase=grid/lr=0.002/seed=1"]] for row in rows]))
"""
    assert json.loads(in_a_process(code + read, TRACKIO_DIR=str(tmp_path / "trackio"))) == [[1, 2.0], [2, 1.0]]
