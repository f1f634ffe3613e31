"""An expert that is stopped halfway goes on where it was, to the same trajectory, on every rule of stepping."""

from dataclasses import replace

import pytest
import torch

from backend import settings
from backend.runs.folder import RunDir
from backend.runs.progress import Stopped
from backend.studies.text_distillation import one_expert
from backend.studies.text_distillation.buffer import load_trajectory
from backend.studies.text_distillation.halfway import half_path, load_half
from backend.studies.text_distillation.one_expert import expert_path, record
from backend.studies.text_distillation.recording import record_experts
from backend.studies.text_distillation.setup import Setup
from tests.studies.text_distillation.test_run import tiny_config


class Impatient(RunDir):
    """Asked to stop after so many looks at the flag."""

    looks = 10**9

    def stop_requested(self) -> bool:
        self.looks -= 1
        return self.looks < 0


@pytest.fixture
def make(tiny_models, tiny_tasks, tmp_path, monkeypatch):
    def make(rule, home):
        monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / home))
        config = replace(tiny_config(tiny_models, tiny_tasks, "opt"), inner_rule=rule, expert_steps=6, experts=2)
        RunDir.create(tmp_path / home / "run", "text_distillation", None, settings.as_json(config))
        return Setup(config), Impatient(tmp_path / home / "run")

    return make


@pytest.mark.parametrize("rule", ["sgd", "normalised", "preconditioned"])
def test_stopped_again_and_again_it_becomes_the_trajectory_of_one_go(rule, make):
    setup, run = make(rule, "whole")
    record_experts(setup, run, range(2), "experts")
    whole = [load_trajectory(expert_path(setup, number)) for number in range(2)]
    logged = [row for row in run.rows("metrics") if row["stage"] == "experts"]
    setup, run = make(rule, "pieces")
    stops = 0
    while True:
        run.looks = 2
        try:
            record_experts(setup, run, range(2), "experts")
            break
        except Stopped:
            stops += 1
            assert stops < 30, "it never gets further"
    assert stops >= 3
    for number, expected in enumerate(whole):
        found = load_trajectory(expert_path(setup, number))
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name], expected[name]) for name in found)
    assert [row for row in run.rows("metrics") if row["stage"] == "experts"] == logged
    assert not list(run.artifacts.glob("*.half.*")), "a half of what is whole is only in the way"


def test_a_damaged_half_is_no_half(make):
    setup, run = make("sgd", "damaged")
    run.looks = 2
    with pytest.raises(Stopped):
        record_experts(setup, run, range(1), "experts")
    file = half_path(run, setup.recipe.digest(), 0)
    assert load_half(file, "cpu").walk.step > 0
    file.write_bytes(file.read_bytes()[:40])
    assert load_half(file, "cpu").walk.step == 0
    run.looks = 10**9
    record_experts(setup, run, range(2), "experts")
    assert expert_path(setup, 0).exists()


def test_a_killed_process_repeats_no_more_than_was_made_since_the_last_save(make, monkeypatch):
    setup, run = make("sgd", "killed")
    monkeypatch.setattr(one_expert, "SAVE_EVERY_S", 0.0)
    rows = record(setup, 0, run)
    made = [next(rows) for _ in range(4)]  # and here it dies: nobody closes it
    assert load_half(half_path(run, setup.recipe.digest(), 0), "cpu").walk.step == 3
    again = list(record(setup, 0, run))
    assert [new for _, new in again] == [False] * 3 + [True] * 3
    assert [row for row, _ in again[:4]] == [row for row, _ in made]
