"""What a run will need, before it starts: counts that follow the settings, a pace learned from this machine's runs."""

from dataclasses import replace

import pytest

from backend.runs import timings
from backend.runs.folder import RunDir
from backend.runs.machine import Machine, this_machine
from backend.settings import as_json
from backend.studies.text_distillation import run as study_run
from backend.studies.text_distillation.branching import STUDY
from backend.studies.text_distillation.cells import cells
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.cost import cell_work, decode_work, distil_work, memory_mb, stage_work
from backend.studies.text_distillation.estimate import estimate
from components.run.cost import cost_markup, span
from tests.studies.text_distillation.test_run import start, tiny_config

QUIET = Machine(workers=2, pace=1.0, crowding=1.0, gpu=False)
CONFIG = DistillConfig()


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def row(stage: str, config: DistillConfig, times: float, **more) -> dict:
    """A stage that took `times` what the table says."""
    seconds = times * stage_work(config, 2)[stage]
    found = {"study": STUDY, "stage": stage, "share": 1.0, "seconds": seconds, "memory_mb": 1000, "crowding": 1.0}
    return found | {"device": "cpu", "config": as_json(config)} | more


@pytest.mark.parametrize(
    "more",
    ["experts", "expert_steps", "expert_batch", "outer_steps", "inner_steps", "prompts", "seeds", "finetune_steps",
     "search_rounds", "heldout_experts"],
)  # fmt: skip
def test_more_of_anything_takes_longer(more):
    value = getattr(CONFIG, more)
    whole = [sum(stage_work(replace(CONFIG, **{more: n}), 2).values()) for n in (value, 2 * value)]
    assert whole[1] > whole[0]


def test_a_shorter_form_takes_no_longer(own_home):
    everything, learning = (estimate(CONFIG, stages, [], QUIET) for stages in ("", "experts,distil"))
    assert learning.seconds[1] < everything.seconds[0] and learning.memory_mb < everything.memory_mb


def test_a_branch_is_spared_what_is_over():
    assert distil_work(CONFIG, CONFIG.outer_steps // 2) < 0.6 * distil_work(CONFIG)


def test_students_of_all_the_data_weigh_more_than_untrained_ones():
    work = {cell.arm: cell_work(CONFIG, cell) for cell in cells(CONFIG) if cell.regime == "ordinary"}
    assert work["full"] > work["text"] > work["base"] > 0
    assert decode_work(CONFIG) > decode_work(replace(CONFIG, decoder="nearest"))


def test_a_machine_that_was_slow_is_expected_to_be_slow(own_home):
    rows = [row(stage, CONFIG, 3.0) for stage in stage_work(CONFIG)] * 4
    table, learned = estimate(CONFIG, "", [], QUIET), estimate(CONFIG, "", rows, QUIET)
    whole = sum(stage_work(CONFIG, 2).values())
    assert learned.seconds[0] < 3 * whole < learned.seconds[1]
    assert learned.seconds[1] / learned.seconds[0] < table.seconds[1] / table.seconds[0], "what was measured is surer"


def test_what_made_an_earlier_run_slow_is_not_expected_again(own_home):
    rows = [row(stage, CONFIG, 4.0, crowding=4.0) for stage in stage_work(CONFIG)]
    low, high = estimate(CONFIG, "", rows, QUIET).seconds
    assert low < sum(stage_work(CONFIG, 2).values()) < high
    assert "busy" not in cost_markup(estimate(CONFIG, "", rows, QUIET))
    crowded = estimate(CONFIG, "", rows, replace(QUIET, crowding=4.0))
    assert crowded.seconds == pytest.approx((2 * low, 4 * high)), "the others may end soon, or stay"
    assert "Other programs keep this machine busy" in cost_markup(crowded)


def test_experts_that_are_recorded_already_cost_nothing(own_home):
    (own_home / "experts" / "abc").mkdir(parents=True)
    rows = [row("start", CONFIG, 1.0), row("experts", CONFIG, 1.0)]
    again = estimate(CONFIG, "experts", rows, QUIET)
    (own_home / "experts" / "abc" / "expert-0.safetensors").touch()
    assert estimate(CONFIG, "experts", rows, QUIET).seconds[1] < again.seconds[0]
    other = replace(CONFIG, expert_lr=0.001)
    assert estimate(other, "experts", rows, QUIET).seconds == pytest.approx(again.seconds)


def test_an_unknown_model_is_unknown_until_it_has_run_here(own_home):
    config = replace(CONFIG, model="someone/else", other_model="")
    assert estimate(config, "", [row("distil", CONFIG, 1.0)], QUIET) is None
    assert estimate(config, "", [row("distil", config, 50.0)], QUIET).seconds[0] > 60
    assert estimate(CONFIG, "", [], replace(QUIET, gpu=True)) is None, "no one measured a GPU"
    assert "unknown" in cost_markup(None)


def test_a_finished_run_teaches_the_machine(tiny_models, tiny_tasks, own_home, tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")
    monkeypatch.setattr(study_run, "LONGEST_START_S", float("inf"))  # this process is as old as the tests before it
    config = replace(tiny_config(tiny_models, tiny_tasks, "opt"), outer_steps=4, arms=("init",), regimes=("ordinary",))
    assert estimate(config, "", timings.timings(STUDY), this_machine()) is None
    start(config, tmp_path / "a")
    rows = timings.timings(STUDY)
    assert [one["stage"] for one in rows] == ["start", "experts", "distil", "decode", "evaluate"]
    assert all(one["seconds"] > 0 and one["share"] == 1 and one["memory_mb"] > 50 for one in rows)
    found = estimate(config, "", rows, this_machine())
    assert found.seconds[0] > 0 and found.memory_mb > 50
    start(config, tmp_path / "b")
    assert [one["stage"] for one in timings.timings(STUDY)[5:]] == ["start", "distil", "decode", "evaluate"]
    monkeypatch.setattr(study_run, "LONGEST_START_S", 0.0)  # a notebook is older than its runs
    start(config, tmp_path / "c")
    assert [one["stage"] for one in timings.timings(STUDY)[9:]] == ["distil", "decode", "evaluate"]


def test_a_torn_or_overlong_ledger_is_no_trouble(own_home, tmp_path, monkeypatch):
    monkeypatch.setattr(timings, "KEPT", 5)
    run = RunDir.create(tmp_path / "run", STUDY, None, as_json(CONFIG))
    for _ in range(12):
        timings.note(run, "start", "cpu", 1.0)
    assert 5 <= len(timings.timings(STUDY)) <= 10
    with timings.timings_path().open("a") as file:
        file.write('{"study": "text_dist')
    assert len(timings.timings(STUDY)) <= 10 and timings.timings("bench") == []


def test_timings_of_another_version_are_passed_over(own_home):
    slow = row("distil", CONFIG, 9.0)
    odd = [{}, slow | {"config": {"model": CONFIG.model, "gone": 1}}, slow | {"share": None}, slow | {"stage": "tune"}]
    assert estimate(CONFIG, "", odd, QUIET).seconds[1] < estimate(CONFIG, "", [slow], QUIET).seconds[0]


def test_memory_grows_with_what_is_read_at_once():
    assert memory_mb(replace(CONFIG, prompts=64)) > memory_mb(CONFIG) > memory_mb(replace(CONFIG, inner_batch=1))


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [(4, 7, "about 4 to 7 s"), (41, 68, "about 40 to 70 s"), (50, 130, "about 1 to 2 min"), (60, 61, "about 60 s"),
     (1300, 2500, "about 20 to 40 min"), (7000, 12600, "about 2 to 4 h")],
)  # fmt: skip
def test_the_range_is_said_in_one_unit(low, high, says):
    assert span(float(low), float(high)) == says
