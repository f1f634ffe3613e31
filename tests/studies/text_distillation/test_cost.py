"""What the study counts of a run follows its settings, part by part, and so does the estimate that is made of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from backend.core.pool import worker_count
from backend.runs.carry_out import carry_out
from backend.runs.estimate import estimate
from backend.runs.folder import RunDir
from backend.runs.machine import Machine
from backend.runs.pace import REFERENCE
from backend.runs.timings import begin_again, timings
from backend.runs.work import START
from backend.settings import as_json, build, load_preset
from backend.studies.text_distillation.branching import RECORDING
from backend.studies.text_distillation.cells import cells
from backend.studies.text_distillation.config import PRESETS, DistillConfig
from backend.studies.text_distillation.cost import cell_work, memory_mb, weight, work
from backend.studies.text_distillation.recorded import experts_like, write_settings
from backend.studies.text_distillation.study import STUDY
from tests.studies.text_distillation.test_run import tiny_config

QUIET = Machine(workers=2, cores=2, others=0.0, gpu=False)
CONFIG = DistillConfig()


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def seconds(config: DistillConfig, stage: str = "", begun: int = 0) -> float:
    """The counted seconds of a stage, or of the whole, on the reference machine."""
    parts = [part for part in work(config, 2, begun).parts if stage in ("", part.stage)]
    return sum(REFERENCE.seconds(part.amount, part.model) / part.at_once for part in parts)


@pytest.mark.parametrize(
    "more",
    ["experts", "expert_steps", "expert_batch", "outer_steps", "inner_steps", "prompts", "seeds", "finetune_steps",
     "search_rounds", "heldout_experts"],
)  # fmt: skip
def test_more_of_anything_takes_longer(more):
    value = getattr(CONFIG, more)
    assert seconds(replace(CONFIG, **{more: 2 * value})) > seconds(CONFIG)


def test_every_stage_and_the_start_are_counted_and_no_part_is_negative():
    parts = work(CONFIG, 2).parts
    assert {part.stage for part in parts} == {START, *STUDY.stage_names}
    assert all(count >= 0 for part in parts for count in part.amount.counts)


def test_a_branch_is_spared_what_is_over():
    assert seconds(CONFIG, "distil", CONFIG.outer_steps // 2) < 0.7 * seconds(CONFIG, "distil")
    assert seconds(CONFIG, "distil", CONFIG.outer_steps) == 0


def test_students_of_all_the_data_weigh_more_than_untrained_ones():
    found = {cell.arm: cell_work(CONFIG, cell) for cell in cells(CONFIG) if cell.regime == "ordinary"}
    assert found["full"] > found["text"] > found["base"] > 0
    assert seconds(CONFIG, "decode") > 2 * seconds(replace(CONFIG, decoder="nearest"), "decode")


def test_a_larger_model_takes_longer():
    pocket = replace(CONFIG, other_model="", decoder="nearest", search_rounds=0)
    assert seconds(replace(pocket, model="smollm2-135m")) > 10 * seconds(pocket)


def test_a_shorter_form_takes_no_longer():
    everything, learning = (estimate(STUDY, CONFIG, stages, QUIET) for stages in ("", "experts,distil"))
    assert learning.high < everything.low
    assert set(learning.stages) == {START, "experts", "distil"}


def test_experts_that_are_recorded_already_cost_nothing(own_home):
    folder = own_home / "experts" / "abc"
    folder.mkdir(parents=True)
    before = seconds(CONFIG, "experts")
    write_settings(folder, {name: getattr(CONFIG, name) for name in RECORDING})
    (folder / "expert-0.safetensors").touch()
    assert experts_like({name: getattr(CONFIG, name) for name in RECORDING}, own_home / "experts") == {0}
    assert seconds(CONFIG, "experts") < before
    for number in range(CONFIG.experts + 1):
        (folder / f"expert-{number}.safetensors").touch()
    assert sum(part.amount.steps for part in work(CONFIG, 2).parts if part.stage == "experts") == 0
    other = replace(CONFIG, expert_lr=0.001)
    assert seconds(other, "experts") == pytest.approx(before)
    (folder / "settings.json").write_text("{")
    assert seconds(CONFIG, "experts") == pytest.approx(before), "a damaged file says nothing"


def test_memory_grows_with_what_is_read_at_once():
    assert memory_mb(replace(CONFIG, prompts=64)) > memory_mb(CONFIG) > memory_mb(replace(CONFIG, inner_batch=1))


@pytest.mark.parametrize("preset", [file.stem for file in PRESETS.glob("*.json")])
def test_every_preset_has_an_estimate_of_one_figure(preset):
    config = build(DistillConfig, load_preset(PRESETS, preset)["settings"])
    found = estimate(STUDY, config, "", QUIET)
    assert found.low < found.seconds < found.high <= 2 * found.low
    assert sum(found.stages.values()) == pytest.approx(found.seconds)


def test_weights_of_a_model_follow_its_size():
    amount = work(CONFIG, 2).parts[1].amount
    assert weight(amount, "smollm2-135m") > 10 * weight(amount, "opt-pocket")


def test_a_finished_run_keeps_its_time_and_teaches_the_machine(tiny_models, tiny_tasks, tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")
    assert worker_count() == 1
    config = replace(tiny_config(tiny_models, tiny_tasks, "opt"), outer_steps=4, arms=("init",), regimes=("ordinary",))
    assert estimate(STUDY, config, "", QUIET) is None, "this model was never seen"
    begin_again()
    run = started(config, tmp_path / "a")
    rows = timings(STUDY.name)
    assert [row["stage"] for row in rows] == [START, *STUDY.stage_names]
    assert all(row["seconds"] > 0 and row["memory_mb"] > 50 for row in rows)
    told = run.status()["time"]
    assert set(told["stages"]) == {START, *STUDY.stage_names} and told["left_s"] is None
    assert told["spent_s"] == pytest.approx(sum(told["stages"].values()), abs=0.5)
    found = estimate(STUDY, config, "", QUIET)
    assert found.seconds > 0 and found.memory_mb > 50


def test_a_run_in_two_sittings_keeps_the_time_of_both_and_teaches_nothing(tiny_models, tiny_tasks, tmp_path):
    config = replace(tiny_config(tiny_models, tiny_tasks, "opt"), outer_steps=2, arms=("init",), regimes=("ordinary",))
    begin_again()
    run = started(config, tmp_path / "a", "experts,distil")
    first, rows = run.status()["time"], timings(STUDY.name)
    begin_again()
    started(config, tmp_path / "a")
    told = run.status()["time"]
    assert told["before_s"] == first["spent_s"] and told["spent_s"] > first["spent_s"]
    assert told["stages"]["distil"] >= first["stages"]["distil"]
    assert timings(STUDY.name) == rows


def started(config: DistillConfig, folder: Path, stages: str = "") -> RunDir:
    run = RunDir.create(folder, STUDY.name, None, as_json(config))
    run.claim()
    assert carry_out(run, config, stages) == "finished"
    return run
