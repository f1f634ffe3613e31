"""Experts recorded at once by real processes: the files of a run are those of one expert after the other."""

from dataclasses import replace

import pytest
import torch

from backend import settings
from backend.runs.folder import RunDir
from backend.runs.progress import Stopped
from backend.studies.text_distillation import recording, side_by_side
from backend.studies.text_distillation.buffer import load_trajectory
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.cost import experts_at_once, work
from backend.studies.text_distillation.halfway import half_path, load_half
from backend.studies.text_distillation.one_expert import expert_path, losses_path
from backend.studies.text_distillation.recording import record_experts
from backend.studies.text_distillation.setup import Setup
from tests.studies.text_distillation.test_run import tiny_config

COUNT = 3


@pytest.fixture
def make(tiny_models, tiny_tasks, tmp_path, monkeypatch):
    """A setup and a run in a home of their own; `at_once` experts are recorded at a time."""

    def make(home: str, at_once: int) -> tuple[Setup, RunDir]:
        monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / home))
        monkeypatch.setattr(recording, "workers_for", lambda _: at_once)
        config = replace(tiny_config(tiny_models, tiny_tasks, "opt"), expert_steps=6, experts=COUNT)
        run = RunDir.create(tmp_path / home / "run", "text_distillation", None, settings.as_json(config))
        return Setup(config), run

    return make


@pytest.fixture
def one_go(make):
    """The rows and the trajectories of experts that were recorded one after the other."""
    setup, run = make("one", 1)
    record_experts(setup, run, range(COUNT), "experts")
    return (run.path / "metrics.jsonl").read_bytes(), recorded(setup)


def recorded(setup: Setup) -> list[dict]:
    return [load_trajectory(expert_path(setup, number)) for number in range(COUNT)]


def check_alike(found: list[dict], expected: list[dict]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_recorded_at_once_they_are_what_they_are_one_by_one(make, one_go):
    setup, run = make("both", 2)
    (run.artifacts / "expert-9.rows.jsonl").touch()  # of a process that was killed
    record_experts(setup, run, range(COUNT), "experts")
    rows, trajectories = one_go
    assert (run.path / "metrics.jsonl").read_bytes() == rows
    check_alike(recorded(setup), trajectories)
    assert run.status()["done"] == COUNT * 6, "the bar has counted every step once"
    assert not list(run.artifacts.iterdir()), "what workers told each other with is gone"


def test_stopped_they_keep_their_halves_and_go_on_from_there(make, one_go):
    setup, run = make("stopped", 2)
    run.stop_flag.touch()
    with pytest.raises(Stopped):
        record_experts(setup, run, range(COUNT), "experts")
    halves = [load_half(half_path(run, setup.recipe.digest(), number), "cpu") for number in range(COUNT)]
    assert [half.walk.step for half in halves] == [1] * COUNT, "each stops after the step it was on"
    run.stop_flag.unlink()
    record_experts(setup, run, range(COUNT), "experts")
    rows, trajectories = one_go
    assert (run.path / "metrics.jsonl").read_bytes() == rows
    check_alike(recorded(setup), trajectories)


def test_what_goes_wrong_in_a_worker_ends_the_run(make):
    setup, run = make("wrong", 2)
    losses_path(expert_path(setup, 1)).mkdir()  # where a file should go
    with pytest.raises(IsADirectoryError, match=r"expert-1\.json"):
        record_experts(setup, run, range(COUNT), "experts")


def test_small_experts_are_recorded_one_by_one_and_large_ones_at_once():
    quick = DistillConfig(experts=2, expert_steps=20, expert_batch=64, expert_span=8)
    smol = DistillConfig(
        model="smollm2-135m", task="arc_easy", experts=2, expert_steps=12, expert_span=8, expert_batch=32
    )
    assert experts_at_once(quick, 2) == 1
    assert experts_at_once(smol, 2) == 2
    assert experts_at_once(replace(smol, experts=1), 2) == 1, "there is nothing beside a single one"
    assert experts_at_once(smol, 1) == 1
    assert experts_at_once(smol, 2, slower=0.1) == 1, "once it is loaded a model's weight is known"
    starts = [sum(part.amount.starts for part in work(smol, n).parts if part.stage == "experts") for n in (1, 2)]
    assert starts == [0, 2], "loading is counted"


def test_what_half_the_memory_does_not_hold_is_not_loaded_several_times(make, monkeypatch):
    setup, _ = make("memory", 2)
    monkeypatch.setattr(side_by_side, "experts_at_once", lambda _, workers, slower: workers)
    monkeypatch.setattr(side_by_side, "worker_count", lambda: 2)
    assert side_by_side.workers_for(setup) == 2
    monkeypatch.setattr(setup.own.student, "weight_bytes", lambda: 10**15)
    assert side_by_side.workers_for(setup) == 1
