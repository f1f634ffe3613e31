"""The failure doctor: what it finds in real failures, that it leaves good runs alone, and that a cure cures."""

from dataclasses import replace
from pathlib import Path

import pytest

from backend.core.models.hub import refusal
from backend.core.models.lora import LoraStudent
from backend.core.pool import each
from backend.disk import disk_error
from backend.errors import UserError
from backend.runners.processes import KILLED, settle
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.text_distillation.branching import parents_config
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.doctor import ENOUGH, LOST, cured, diagnose, experts_share, level
from backend.studies.text_distillation.learning import ASTRAY, count_astray
from tests.studies.text_distillation.test_run import start, tiny_config

SAMPLES = Path(__file__).parents[3] / "assets" / "sample_runs"
GOOD = {"matching_loss": 0.4, "adjoint_growth": 3.0, "regulariser": 0.4, "skipped": 0}


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")


def curve(*changes: dict) -> list[dict]:
    """Updates of a good run, the last of them with `changes`, behind an expert that learned."""
    experts = [{"stage": "experts", "expert": 0, "step": n, "loss": 10.0 / n} for n in range(1, 6)]
    rows = [{"stage": "distil", "step": n, **GOOD} for n in range(20)]
    return experts + rows[: 20 - len(changes)] + [{**rows[-1], **change} for change in changes]


def failed(error: UserError) -> dict:
    return {"state": "failed", "error": error.as_dict()}


def fails(config: DistillConfig, tmp_path) -> dict:
    """The status of a run that really fails."""
    with pytest.raises(UserError) as error:
        start(config, tmp_path / "run")
    return failed(error.value)


# -- good runs ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["quick", "standard"])
def test_the_recorded_runs_are_well(name):
    run = RunDir(SAMPLES / name)
    assert diagnose(parents_config(run), run.status(), run.rows("metrics")) is None


def test_a_young_run_is_not_judged():
    rows = [{"stage": "distil", "step": n, **GOOD, "matching_loss": None} for n in range(ENOUGH - 1)]
    assert diagnose(DistillConfig(), {"state": "running"}, rows) is None


def test_one_wild_update_is_no_trouble():
    rows = curve({"adjoint_growth": 5000.0, "matching_loss": None, "skipped": 1}, {}, {}, {})
    assert diagnose(DistillConfig(), {"state": "finished"}, rows) is None


# -- what the curve says ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("settings", "changes", "kind", "wanted"),
    [
        ({"prompt_lr": 1.0}, [{"skipped": 5}] * 9, "diverging", {"prompt_lr": (1.0, 0.05)}),
        ({"lr_of_inner_lr": 0.5}, [{"matching_loss": None}] * 6, "diverging", {"lr_of_inner_lr": (0.5, 0.02)}),
        ({"expert_lr": 0.1}, [{"matching_loss": 0.99}] * 20, "diverging", {"expert_lr": (0.1, 0.002)}),
        ({"clip": 50.0}, [{"matching_loss": 0.7}] * 4, "diverging", {"clip": (50.0, 2.0)}),
        ({}, [{"adjoint_growth": 5e4}] * 12, "chaos", {"inner_steps": (16, 8), "expert_span": (16, 8)}),
        ({"prompt_lr": 1.0}, [{"regulariser": 5.8}] * 9, "far", {"prompt_lr": (1.0, 0.05)}),
        ({"skip_above": 0.5}, [{"skipped": 9}] * 9, "limit", {"skip_above": (0.5, 2.0)}),
    ],
)
def test_a_bad_curve_is_named_and_exactly_the_right_settings_are_changed(settings, changes, kind, wanted):
    found = diagnose(DistillConfig(**settings), {"state": "running"}, curve(*changes))
    assert (found.kind, found.changes) == (kind, wanted)


def test_where_no_setting_is_wild_the_way_is_made_shorter():
    found = diagnose(DistillConfig(), {"state": "finished"}, curve(*[{"matching_loss": 0.95}] * 20))
    assert set(found.changes) == {"expert_span", "inner_steps", "prompt_lr"}
    assert cured(DistillConfig(), found).expert_span == 8


def test_a_loss_that_falls_slowly_is_no_trouble():
    falling = [{"matching_loss": 1.2 - 0.02 * n} for n in range(20)]
    assert diagnose(DistillConfig(), {"state": "running"}, curve(*falling)) is None


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"expert_lr": 0.02}, {"expert_lr": (0.02, 0.002)}),
        ({"expert_lr": 1e-5}, {"expert_lr": (1e-5, 0.002)}),
        ({"inner_rule": "sgd"}, {"inner_rule": ("sgd", "normalised")}),
    ],
)
def test_experts_that_learned_nothing_are_the_first_to_be_cured(settings, wanted):
    rows = [{"stage": "experts", "expert": 0, "step": n, "loss": 10.0} for n in range(1, 6)]
    found = diagnose(DistillConfig(**settings), {"state": "finished"}, rows + curve()[5:])
    assert found.kind == "experts" and found.changes == wanted
    assert experts_share(rows) == 1.0


# -- what a failure says ------------------------------------------------------------------------------------------
def test_a_missing_model_is_replaced_by_the_bundled_one(tiny_models, tiny_tasks, tmp_path):
    config = replace(tiny_config(tiny_models, tiny_tasks, "opt"), model="nobody/knows-it")
    found = diagnose(config, fails(config, tmp_path), [])
    assert found.kind == "model" and found.changes == {"model": ("nobody/knows-it", "opt-pocket")}


def test_of_two_models_the_missing_one_is_replaced(tiny_models, tiny_tasks, tmp_path):
    config = replace(tiny_config(tiny_models, tiny_tasks, "opt"), other_model="nobody/knows-it", arms=("init",))
    config = replace(config, regimes=("ordinary",), outer_steps=1)
    found = diagnose(config, fails(config, tmp_path), [])
    assert found.changes == {"other_model": ("nobody/knows-it", "llama-pocket")}


@pytest.mark.parametrize(("lost", "well"), [("gpt2-medium", "gpt2"), ("a/gpt2", "gpt2"), ("qwen-1.5", "qwen-1")])
def test_a_model_whose_name_is_part_of_the_missing_ones_is_left_alone(lost, well):
    error = failed(refusal(lost, f"The model {lost} is gone.", "another", "Choose."))
    assert list(diagnose(DistillConfig(model=well, other_model=lost), error, []).changes) == ["other_model"]
    assert list(diagnose(DistillConfig(model=lost, other_model=well), error, []).changes) == ["model"]


@pytest.mark.parametrize("task", ["pocket_science", "arc_easy"])
def test_a_folder_without_questions_leads_to_the_bundled_task(task, tmp_path):
    config = DistillConfig(task=task, data_dir=str(tmp_path / "nowhere"))
    found = diagnose(config, fails(config, tmp_path), [])
    assert found.kind == "data" and found.changes["data_dir"] == (config.data_dir, "")
    assert cured(config, found).task == "pocket_science"


def test_a_killed_worker_gets_smaller_batches(tmp_path):
    run = RunDir.create(tmp_path / "run", "text_distillation", None, as_json(DistillConfig()))
    run.set_status(state="running", worker=None)
    settle(run, KILLED)
    found = diagnose(DistillConfig(), run.status(), [])
    assert found.kind == "memory"
    assert {name: new for name, (_, new) in found.changes.items()} == {
        "expert_batch": 64, "inner_batch": 4, "finetune_batch": 16,
    }  # fmt: skip


def test_a_killed_process_of_the_pool_is_the_same_trouble(monkeypatch):
    with pytest.raises(UserError) as error:
        list(each(killed, [1, 2], 2, lambda: None))
    assert diagnose(DistillConfig(), failed(error.value), []).kind == "memory"


def killed():
    import os  # noqa: PLC0415 - in a process of its own

    return lambda item: os.kill(os.getpid(), 9)


def test_a_full_disk_has_words_and_no_cure():
    found = diagnose(DistillConfig(), failed(disk_error(OSError(28, "no space"), Path("x"))), [])
    assert found.kind == "disk" and found.changes == {} and "free some space" in found.cause


def test_an_expert_whose_loss_is_no_number_gets_smaller_steps(tiny_models, tiny_tasks, tmp_path, monkeypatch):
    monkeypatch.setattr(LoraStudent, "mean_gradient", lambda self, params, batches: (float("nan"), params))
    config = replace(tiny_config(tiny_models, tiny_tasks, "opt"), seed=51)
    found = diagnose(config, fails(config, tmp_path), [])
    assert found.kind == "expert" and list(found.changes) == ["expert_lr"]


def test_updates_that_are_all_skipped_lead_to_gentler_steps():
    with pytest.raises(UserError) as error:
        count_astray(ASTRAY - 1, True)
    found = diagnose(DistillConfig(prompt_lr=1.0), failed(error.value), [])
    assert found.kind == "diverging" and found.changes == {"prompt_lr": (1.0, 0.05)}


def test_an_error_is_known_by_its_kind_and_not_by_its_words():
    told = {"found": "Die Platte ist voll.", "expected": "Platz", "next_step": "Schaffen Sie Platz."}
    assert diagnose(DistillConfig(), {"state": "failed", "error": told | {"kind": "disk"}}, []).kind == "disk"


def test_a_failed_run_of_before_errors_had_a_kind_is_judged_by_its_curve():
    told = {"found": "The disk is full (x).", "expected": "room", "next_step": "Free some space, then resume."}
    status = {"state": "failed", "error": told}
    assert diagnose(DistillConfig(), status, []) is None
    assert diagnose(DistillConfig(prompt_lr=1.0), status, curve(*[{"skipped": 5}] * 9)).kind == "diverging"


def test_a_failure_that_it_does_not_know_is_left_to_its_own_words():
    error = UserError("prompts is 9, but there are 4 training questions.", "fewer", "Lower prompts.")
    assert diagnose(DistillConfig(), failed(error), []) is None


def test_no_change_is_offered_that_would_be_no_config():
    config = DistillConfig(expert_span=1, max_start=0, inner_steps=1, prompt_lr=0.0)
    found = diagnose(config, {"state": "finished"}, curve(*[{"matching_loss": 0.95}] * 20))
    cured(config, found)  # raises where it would be none


# -- the cure cures -----------------------------------------------------------------------------------------------
def test_a_run_that_really_diverges_is_found_and_runs_well_with_the_fix(tiny_models, tiny_tasks, tmp_path):
    config = tiny_config(tiny_models, tiny_tasks, "opt")
    config = replace(config, expert_steps=12, expert_span=8, inner_steps=6, outer_steps=20, expert_lr=5.0)
    learn = ("experts", "distil")
    run, _ = start(config, tmp_path / "bad", learn)
    found = diagnose(config, run.status(), run.rows("metrics"))
    assert level(updates(run)) > LOST and "expert_lr" in found.changes
    run, _ = start(cured(config, found), tmp_path / "good", learn)
    assert level(updates(run)) < LOST
    assert diagnose(cured(config, found), run.status(), run.rows("metrics")) is None


def updates(run: RunDir) -> list[dict]:
    return [row for row in run.rows("metrics") if row["stage"] == "distil"]
