"""Students that read no prompts: scored while prompts are learned, to the same figures, and given up with the run."""

import os
from dataclasses import replace

import psutil
import pytest

from backend.core.fork_server import is_server
from backend.core.pool import Workers
from backend.studies.text_distillation.ahead import Ahead, promptless
from backend.studies.text_distillation.cells import cells
from backend.studies.text_distillation.run import run as run_stages
from backend.studies.text_distillation.scoring import cell_of
from tests.studies.text_distillation.test_run import outcome, start, tiny_config


@pytest.fixture(scope="module")
def config(tiny_models, tiny_tasks):
    arms = ("base", "init", "text", "random")
    return replace(tiny_config(tiny_models, tiny_tasks, "opt"), arms=arms, outer_steps=1)


@pytest.fixture
def begun(config, tmp_path):
    """A run whose experts are recorded."""
    return start(config, tmp_path / "begun", ("experts",))[0]


def test_they_are_scored_ahead_and_the_evaluate_stage_does_the_rest(config, begun, tmp_path, monkeypatch):
    with Workers(2) as workers, Ahead(config, begun, workers) as ahead:
        ahead.begin()
        ahead.wait()
    early = {cell_of(row) for row in begun.rows("results")}
    assert early == {cell for cell in cells(config) if promptless(cell)} and early != set(cells(config))
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")
    run_stages(config, begun)
    whole, _ = start(config, tmp_path / "whole")
    assert outcome(begun) == outcome(whole)


def test_a_student_that_reads_prompts_or_learned_step_sizes_waits_for_them(config):
    waiting = [cell for cell in cells(replace(config, regimes=("matched", "ordinary"))) if not promptless(cell)]
    assert {cell.arm for cell in waiting if cell.regime == "ordinary"} == {"text"}
    assert {cell.arm for cell in waiting if cell.regime == "matched"} == {"init", "text", "random"}


def test_a_run_that_fails_gives_up_what_is_under_way_and_leaves_no_process(config, begun):
    with pytest.raises(ZeroDivisionError), Workers(2) as workers, Ahead(config, begun, workers) as ahead:
        ahead.begin()
        raise ZeroDivisionError
    assert not ahead._thread.is_alive()
    children = psutil.wait_procs(psutil.Process().children(recursive=True), timeout=3)[1]
    assert all(is_server(child, os.getpid()) for child in children)
    assert len(begun.rows("results")) < 4 * len([cell for cell in cells(config) if promptless(cell)])


def test_with_one_worker_nothing_runs_beside_the_prompts(config, begun):
    with Workers(1) as workers, Ahead(config, begun, workers) as ahead:
        ahead.begin()
        ahead.wait()
    assert not begun.rows("results")


def test_what_fails_ahead_is_left_to_the_evaluate_stage(config, begun):
    unknown = replace(config, model="opt-pokcet")  # workers cannot load it
    with Workers(2) as workers, Ahead(unknown, begun, workers) as ahead:
        ahead.begin()
        ahead.wait()
    assert not begun.rows("results")
