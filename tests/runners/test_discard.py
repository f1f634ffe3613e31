"""Discarding with real processes: at once where nothing runs, after the stop where something does."""

import sys
import time

import pytest

from backend.runners.local import LocalRunner
from backend.runners.processes import PROJECT
from backend.runs.folder import RunDir

WORKER = """
import sys, time
from backend.runs.folder import RunDir
run = RunDir(sys.argv[sys.argv.index("--out") + 1])
run.claim()
while not run.stop_requested():
    run.set_status(stage="distil")
    time.sleep(0.05)
run.set_status(state="stopped")
"""


@pytest.fixture
def runner(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    (tmp_path / "worker.py").write_text(WORKER)
    runner = LocalRunner(tmp_path / "runs", [sys.executable, str(tmp_path / "worker.py")], grace_s=10.0)
    yield runner
    for path in (tmp_path / "runs").glob("*/*"):
        runner.discard(RunDir(path))
        until(lambda path=path: not path.exists())


def until(holds, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def make(runner, name: str = "a") -> RunDir:
    return RunDir.create(runner.root / "owner" / name, "text_distillation", None, {})


def test_a_run_that_rests_is_gone_at_once_and_leaves_nothing(runner, tmp_path):
    run = make(runner)
    run.set_status(state="finished")
    runner.discard(run)
    assert not run.path.exists() and not (tmp_path / "discarded").exists()
    assert runner.poll(run)["state"] == "stopped", "a page that still asks gets an answer"


def test_a_live_run_is_stopped_first_and_the_next_one_starts(runner):
    run, waiting = make(runner), make(runner, "b")
    runner.start(run)
    runner.start(waiting)
    until(run.worker_alive)
    runner.discard(run)
    assert run.path.exists(), "its worker is still writing"
    runner.start(run)  # too late
    until(lambda: not run.path.exists())
    until(waiting.worker_alive)


def test_a_run_that_waits_its_turn_can_be_discarded(runner):
    run, waiting = make(runner), make(runner, "b")
    runner.start(run)
    runner.start(waiting)
    runner.discard(waiting)
    assert not waiting.path.exists()
    until(run.worker_alive)


def test_the_worker_of_an_earlier_server_is_stopped_too(runner, tmp_path):
    run = make(runner)
    runner.start(run)
    until(run.worker_alive)
    later = LocalRunner(runner.root, runner.launcher.command, grace_s=10.0)
    later.discard(run)
    until(lambda: not run.path.exists())
