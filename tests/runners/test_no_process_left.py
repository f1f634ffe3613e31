"""No process stays behind a real run: not after Stop in any stage, and not after its worker is killed.

The engine itself in processes of its own, as the page starts it; psutil looks who is left.
"""

import contextlib
import os
import time
from dataclasses import replace
from functools import partial

import psutil
import pytest

from backend.runners.local import LocalRunner
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.bench.config import BenchConfig
from tests.marks import SLOW
from tests.studies.text_distillation.test_run import tiny_config

STUDY = "text_distillation"
GONE_S = 20.0


@pytest.fixture
def lab(tmp_path, monkeypatch, tiny_models, tiny_tasks):
    """`start(study)`: a runner and a run that is computing with two helpers, with experts of its own."""
    made = []

    def start(study: str = STUDY, **changes) -> tuple[LocalRunner, RunDir]:
        monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "2")
        plain = tiny_config(tiny_models, tiny_tasks, "opt", "llama") if study == STUDY else BenchConfig()
        config = replace(plain, **changes)
        run = RunDir.create(tmp_path / "runs" / "owner" / "run", study, None, as_json(config))
        runner = LocalRunner(tmp_path / "runs")
        runner.start(run)
        made.append((runner, run))
        return runner, run

    yield start
    for runner, run in made:
        runner.stop(run)
        until(partial(gone, run), 30)


def until(condition, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return bool(found)


def gone(run: RunDir) -> bool:
    return not group_of(run)


def group_of(run: RunDir) -> list[psutil.Process]:
    """Everything that lives in the session of the run's worker, which all it starts belongs to."""
    worker, found = run.worker(), []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            ours = str(run.path) in process.cmdline() or (worker and os.getsid(process.pid) == worker.id)
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def reach(runner: LocalRunner, run: RunDir, stage: str) -> None:
    """Wait until the run is in the stage, at work."""

    def there() -> bool:
        status = runner.poll(run)
        assert status["alive"], status
        if stage == "evaluate":  # nothing is written before the first student is done, but its helpers are there
            return status["stage"] == stage and len(psutil.Process(run.worker().id).children()) > 1
        return any(row["stage"] == ("search" if stage == "decode" else stage) for row in run.rows("metrics"))

    assert until(there, 240), f"it never came to {stage}"


EVALUATING = {"outer_steps": 1, "finetune_steps": 20_000}
LONG = {
    "experts": {"expert_steps": 5000},
    "distil": {"outer_steps": 5000},
    "decode": {"outer_steps": 1, "decoder": "search", "search_rounds": 5000},
    "evaluate": EVALUATING,
}


@pytest.mark.parametrize("stage", [SLOW("experts"), "distil", SLOW("decode"), "evaluate"])
def test_nothing_is_left_after_stop(stage, lab):
    runner, run = lab(**LONG[stage])
    reach(runner, run, stage)
    assert group_of(run)
    runner.stop(run)
    assert until(partial(gone, run), GONE_S), group_of(run)
    assert until(lambda: runner.poll(run)["state"] == "stopped", 5)


@pytest.mark.slow
def test_nothing_is_left_after_a_bench_run_was_stopped_while_its_helpers_tune(lab):
    runner, run = lab("bench", steps=5000, seeds=1)
    reach(runner, run, "tune")
    assert len(group_of(run)) > 2
    runner.stop(run)
    assert until(partial(gone, run), GONE_S), group_of(run)
    assert until(lambda: runner.poll(run)["state"] == "stopped", 5)


@pytest.mark.parametrize("stage", [SLOW("distil"), "evaluate"])
def test_nothing_is_left_after_the_worker_alone_was_killed(stage, lab):
    """Kill -9 of the one process, as the kernel does it when memory runs out; its helpers live on at first."""
    runner, run = lab(**LONG[stage])
    reach(runner, run, stage)
    psutil.Process(run.worker().id).kill()
    assert until(partial(gone, run), GONE_S), group_of(run)
    assert until(lambda: runner.poll(run)["state"] == "failed", 5)


def test_nothing_is_left_where_no_server_lives_to_clear_up(lab, monkeypatch):
    """The runner's thread is what kills the group; without it the helpers have to notice by themselves."""
    monkeypatch.setattr("backend.runners.local.os.killpg", lambda group, number: None)
    runner, run = lab(**EVALUATING)
    reach(runner, run, "evaluate")
    helpers = psutil.Process(run.worker().id).children(recursive=True)
    assert helpers
    psutil.Process(run.worker().id).kill()
    assert until(partial(gone, run), GONE_S), group_of(run)
