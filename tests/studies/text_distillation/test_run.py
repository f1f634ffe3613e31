"""Whole runs on tiny models: files, resumption after a kill, and bad input. Real calls, real processes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from backend import settings
from backend.core.models.lora import LoraStudent
from backend.errors import UserError
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.learning import ASTRAY, count_astray
from backend.studies.text_distillation.study import STUDY
from tests import deaths
from tests.marks import SLOW
from tests.tiny import FAMILIES

killed = deaths.killed
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    """Starting processes costs seconds; the pool has a test of its own."""
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")


@pytest.fixture(scope="module")
def config(tiny_models, tiny_tasks) -> DistillConfig:
    return tiny_config(tiny_models, tiny_tasks, "opt", "llama")


@pytest.fixture(scope="module")
def plain(config, tmp_path_factory) -> RunDir:
    """A run with these settings, to its end; it is only read."""
    return start(config, tmp_path_factory.mktemp("plain") / "run")[0]


def tiny_config(models, tasks, family: str, other: str = "") -> DistillConfig:
    return DistillConfig(
        task="arc_easy", data_dir=str(tasks), model=str(models[family]),
        other_model=str(models[other]) if other else "",
        experts=2, heldout_experts=1, expert_steps=6, expert_batch=6, expert_span=4, max_start=2,
        lora_rank=2, lora_alpha=4,
        prompts=3, prompt_tokens=6, outer_steps=6, inner_steps=3, snapshot_every=2, checkpoint_every=2,
        seeds=1, finetune_steps=2, test_limit=4, decoder="nearest",
    )  # fmt: skip


def start(config: DistillConfig, folder: Path, stages=STUDY.stage_names) -> tuple[RunDir, str]:
    run = RunDir.create(folder, "text_distillation", None, settings.as_json(config))
    run.claim()
    return run, run_to_the_end(config, run, stages)


def outcome(run: RunDir) -> dict:
    """All that a run found, without clocks."""
    metrics = [{k: v for k, v in row.items() if k != "seconds"} for row in run.rows("metrics")]
    results = sorted(run.rows("results"), key=lambda row: json.dumps(row))
    return {
        "metrics": metrics,
        "prompts": run.rows("prompts"),
        "paths": run.rows("paths"),
        "neighbours": run.rows("neighbours"),
        "results": results,
        "distilled": run.rows("distilled"),
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_runs_from_real_questions_to_scored_text(family, tiny_models, tiny_tasks, tmp_path):
    config = replace(tiny_config(tiny_models, tiny_tasks, family), outer_steps=2)
    run, state = start(config, tmp_path / "run")
    assert state == "finished"
    arms = {(row["arm"], row["regime"]) for row in run.rows("results")}
    assert {("text", "ordinary"), ("soft", "matched"), ("full", "matched"), ("base", "ordinary")} <= arms
    distil = [row for row in run.rows("metrics") if row["stage"] == "distil"]
    assert [row["step"] for row in distil] == [1, 2]
    assert all(row["matching_loss"] > 0 for row in distil)


@pytest.mark.parametrize("rule", ["sgd", "preconditioned"])
@pytest.mark.parametrize("layout", ["replace", "prefix"])
def test_every_rule_and_layout_runs(rule, layout, config, tmp_path):
    config = replace(config, inner_rule=rule, layout=layout, inner_batch=2, other_model="", outer_steps=2)
    run, state = start(config, tmp_path / "run")
    assert state == "finished"
    if layout == "prefix":
        rows = run.rows("distilled")
        assert all(row["prompt"].startswith(f"Question: {row['provenance']['text']}") for row in rows)
        assert all(row["prompt"].endswith("?\nAnswer:") for row in rows)  # the real question stays behind the prompt


def test_the_first_snapshot_is_the_real_questions_untouched(config, tmp_path):
    run, _ = start(replace(config, prompt_tokens=64), tmp_path / "run", ("experts", "distil"))
    first = run.rows("prompts")[0]
    assert first["step"] == 0
    assert all(prompt["changed"] == 0 and prompt["distance"] == 0 for prompt in first["prompts"])
    lines = (Path(config.data_dir) / "arc_easy/train.jsonl").read_text().splitlines()
    asked = {json.loads(line)["question"] for line in lines}
    assert all(prompt["text"] in asked for prompt in first["prompts"])


def test_the_same_seed_gives_the_same_run_and_another_seed_another(config, tmp_path):
    config = replace(config, arms=("text",), regimes=("ordinary",))
    first, _ = start(config, tmp_path / "a")
    second, _ = start(config, tmp_path / "b")
    third, _ = start(replace(config, seed=1), tmp_path / "c")
    assert outcome(first) == outcome(second)
    assert outcome(first)["metrics"] != outcome(third)["metrics"]


def test_experts_are_recorded_once_for_one_recipe(config, tmp_path, home):
    start(config, tmp_path / "a", ("experts",))
    recorded = {p: p.stat().st_mtime_ns for p in (home / "experts").glob("*/*.safetensors")}
    start(replace(config, outer_steps=3, inner_steps=2), tmp_path / "b", ("experts",))
    assert {p: p.stat().st_mtime_ns for p in (home / "experts").glob("*/*.safetensors")} == recorded
    rows = RunDir(tmp_path / "b").rows("metrics")
    assert [row["step"] for row in rows if row["expert"] == 0] == list(range(1, config.expert_steps + 1))


def stopped_at_three(config, folder, monkeypatch):
    """The folder of a run that was asked to stop after its third update."""
    append = RunDir.append

    def stop_at_three(self, name, row):
        append(self, name, row)
        if self.path == folder and row.get("step") == 3 and row.get("stage") == "distil":
            self.stop_flag.touch()

    with monkeypatch.context() as patch:
        patch.setattr(RunDir, "append", stop_at_three)
        assert start(config, folder)[1] == "stopped"
    return folder


def test_a_stopped_run_resumes_to_the_numbers_of_an_unbroken_one(config, plain, tmp_path, monkeypatch):
    folder = stopped_at_three(config, tmp_path / "broken", monkeypatch)
    run, state = start(config, folder)
    assert state == "finished"
    assert outcome(run) == outcome(plain)


@pytest.fixture(scope="module")
def whole(tiny_models, tiny_tasks, tmp_path_factory) -> RunDir:
    """A run that nobody killed."""
    config = tiny_config(tiny_models, tiny_tasks, "opt", "llama")
    config = replace(config, outer_steps=12, checkpoint_every=4, arms=("init", "text"), regimes=("ordinary",))
    return start(config, tmp_path_factory.mktemp("whole") / "run")[0]


@pytest.mark.parametrize("snapshot", [2, SLOW(4), 6])  # of updates 2, 6 and 10
def test_a_killed_worker_resumes_to_the_same_final_metrics(snapshot, whole, killed, tmp_path):
    """kill -9 between checkpoints: the rows after the last one are dropped and computed again."""
    config = settings.build(DistillConfig, whole.config()["config"])
    run = RunDir.create(tmp_path / "killed", "text_distillation", None, settings.as_json(config))
    assert killed(run, "row prompts.jsonl", snapshot)
    assert not run.worker_alive()
    rows = [row for row in run.rows("metrics") if row["stage"] == "distil"]
    assert len(rows) == 2 * (snapshot - 1) and len(rows) % config.checkpoint_every
    assert start(config, run.path)[1] == "finished"
    assert outcome(run) == outcome(whole)


def test_several_processes_score_what_one_does(config, tmp_path, monkeypatch):
    config = replace(config, arms=("init", "text"), regimes=("ordinary",), outer_steps=1)
    one, _ = start(config, tmp_path / "one")
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "2")
    two, _ = start(config, tmp_path / "two")
    assert outcome(one) == outcome(two)


# -- bad input ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model": "opt-pokcet"}, "opt-pokcet"),
        ({"other_model": "nobody-knows"}, "nobody-knows"),
        ({"prompts": 100}, "training questions"),
        ({"task": "arc_hard"}, "arc_hard"),
        ({"task": "mmlu"}, "train"),
    ],
)
def test_bad_settings_are_refused_by_name(change, says, config, tmp_path):
    with pytest.raises(UserError, match=says):
        start(replace(config, **change), tmp_path / "run")


def test_a_nan_in_expert_training_names_the_cure(config, tmp_path, monkeypatch):
    monkeypatch.setattr(LoraStudent, "mean_gradient", lambda self, params, batches: (float("nan"), params))
    with pytest.raises(UserError, match=r"Lower expert_lr"):
        start(replace(config, seed=5), tmp_path / "run")


def test_a_corrupt_checkpoint_is_refused_and_nothing_is_lost(config, tmp_path):
    run, _ = start(config, tmp_path / "run", ("experts", "distil"))
    rows = run.rows("metrics")
    file = run.artifacts / "checkpoint.safetensors"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(UserError, match=r"checkpoint.*cannot be read"):
        start(config, tmp_path / "run")
    assert run.rows("metrics") == rows


def test_a_damaged_expert_is_refused_by_name(config, tmp_path, home):
    config = replace(config, seed=77)
    start(config, tmp_path / "run", ("experts",))
    newest = max((home / "experts").glob("*/expert-0.safetensors"), key=lambda p: p.stat().st_mtime)
    newest.write_bytes(b"not a file")
    with pytest.raises(UserError, match=r"expert-0\.safetensors cannot be read"):
        start(config, tmp_path / "run")


def test_two_runs_do_not_share_a_folder(config, tmp_path):
    start(config, tmp_path / "run", ("experts",))
    with pytest.raises(UserError, match="already holds another run"):
        start(replace(config, prompts=2), tmp_path / "run", ("experts",))


def test_only_skips_in_a_row_end_a_run():
    """Skips spread over a long run are counted and logged, and no reason to give up."""
    in_a_row = 0
    for _ in range(10):
        for skipped in [True] * (ASTRAY - 1) + [False]:
            in_a_row = count_astray(in_a_row, skipped)
    for _ in range(ASTRAY - 1):
        in_a_row = count_astray(in_a_row, True)
    with pytest.raises(UserError, match="in a row"):
        count_astray(in_a_row, True)


def test_a_run_that_goes_astray_ends_with_a_sentence(config, tmp_path):
    config = replace(config, skip_above=0.1, outer_steps=60, inner_steps=1)
    with pytest.raises(UserError, match="updates in a row were skipped"):
        start(config, tmp_path / "run")


def test_a_students_way_is_told_at_every_snapshot_beside_the_first_expert(config, plain):
    rows = plain.rows("paths")
    assert [row["step"] for row in rows] == [row["step"] for row in plain.rows("prompts")] == [0, 2, 4, 6]
    for row in rows:
        assert row["student"][0] == row["expert"][0] == [0, 0] and row["expert"][-1] == [1, 0]
        assert len(row["student"]) == config.inner_steps + 1 and len(row["expert"]) == config.expert_span + 1
        along, away = row["student"][-1]
        loss = sum(layer["left"] * layer["share"] for layer in row["layers"])
        assert loss == pytest.approx((1 - along) ** 2 + away**2, abs=1e-3)
    assert rows[0]["expert"] == rows[-1]["expert"] and rows[0]["student"] != rows[-1]["student"]


def test_the_lens_sees_every_place_of_every_prompt_and_its_first_neighbour_is_what_is_decoded(plain):
    rows = plain.rows("neighbours")
    assert [row["step"] for row in rows] == [0, 2, 4, 6]
    for row, snapshot in zip(rows, plain.rows("prompts"), strict=True):
        for slot, prompt in zip(row["slots"], snapshot["prompts"], strict=True):
            assert "".join(token["near"][0][0] for token in slot).strip() == prompt["text"]
            assert sum(token["near"][0][1] for token in slot) / len(slot) == pytest.approx(prompt["distance"], abs=1e-3)
    assert all(token["near"][0][1] == 0 for slot in rows[0]["slots"] for token in slot)
    vocabulary = json.loads((plain.path / "vocabulary.json").read_text())
    assert 0 < vocabulary["explained"] < 1 and len(vocabulary["points"]) == len(vocabulary["tokens"])
