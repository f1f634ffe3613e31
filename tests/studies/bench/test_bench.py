"""A bench run as a user has it: tuned, scored, compared. Real models."""

import json

import pytest

from backend.__main__ import main
from backend.core import matrices
from backend.core.matrices import can_round
from backend.core.models import adapters
from backend.core.models.backbones import load_backbone
from backend.core.scoring.score import score_questions
from backend.core.text.tasks import find_task
from backend.core.text.text_data import load_questions
from backend.errors import UserError
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.studies.bench.config import BA_LORA, METHODS, BenchConfig
from backend.studies.bench.data import training_examples
from backend.studies.bench.files import questions_scored, scores_of, students_of
from backend.studies.bench.shapes import Summary
from tests import bench_run
from tests.bench_run import start

one_process = bench_run.one_process
finished = bench_run.finished


def test_a_run_scores_base_and_every_seed_with_all_that_a_result_must_carry(finished):
    rows = [json.loads(line) for line in (finished / "results.jsonl").read_text().splitlines()]
    assert [(r["arm"], r["seed"]) for r in rows if r["metric"] == "acc"] == [("base", 0), ("full", 0), ("full", 1)]
    for row in rows:
        assert row["n"] == 80 and row["stderr"] >= 0 and (finished / row["scores"]).is_file()
    for facts in students_of(RunDir(finished))["pocket_science"]:
        assert {"fingerprint", "prompt_version", "seed", "precision", "arithmetic", "seconds"} <= facts.keys()
        assert facts["adapter"] == f"artifacts/adapters/seed-{facts['seed']}"
        assert facts["summary"]["n"] == len(scores_of(RunDir(finished), facts["who"], "pocket_science")) == 80


def test_the_step_size_is_the_best_on_validation_and_its_student_is_kept(finished):
    summary = json.loads((finished / "summary.json").read_text())
    best = max(summary["grid"], key=lambda row: (row["acc"], -row["option_loss"]))
    assert summary["lr"] == best["lr"] and {row["n"] for row in summary["grid"]} == {20}
    finals = [row for row in RunDir(finished).rows("metrics") if row["stage"] == "tune" and row["phase"] == "final"]
    assert {(row["lr"], row["seed"]) for row in finals} == {(best["lr"], 1)}


def test_the_base_scores_what_the_scorer_says_of_the_untouched_model(finished):
    backbone = load_backbone("opt-pocket")
    questions = load_questions("pocket_science", "test", limit=80)
    expected = score_questions(backbone.model, backbone.tokenizer, questions, "pocket_science")
    assert sorted(scores_of(RunDir(finished), "base", "pocket_science"), key=lambda s: s.id) == sorted(
        expected, key=lambda s: s.id
    )


def test_a_run_shows_what_its_student_reads_and_which_part_is_taught(finished):
    shown = json.loads((finished / "example.json").read_text())
    assert shown["examples"] == 1200 and shown["tokens_longest"] > 5 and len(shown["shown"]) == 3
    example = training_examples(BenchConfig(), 0)[0]
    text = {
        taught: "".join(t["text"] for t in shown["shown"][0]["tokens"] if t["taught"] == taught) for taught in (0, 1)
    }
    assert text[0].endswith(example.prompt) and text[1].startswith(f" {example.answer}")


def test_running_estimates_end_at_the_result_and_their_interval_shrinks(finished):
    rows = [r for r in RunDir(finished).rows("metrics") if r["stage"] == "score" and r["who"] == "seed-1"]
    assert rows[-1]["done"] == rows[-1]["total"] == 80 and len(rows) > 2
    widths = [row["high"] - row["low"] for row in rows]
    assert widths[-1] < widths[0]
    final = students_of(RunDir(finished), "seed-1")["pocket_science"][0]["summary"]["acc"]
    assert rows[-1]["acc"] == pytest.approx(final)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_trains_and_its_saved_folder_scores(tmp_path, method):
    config, run_dir = start(tmp_path, method=method, lrs=(0.001,), seeds=1, steps=12, data="random", examples=8)
    assert run_to_the_end(config, run_dir) == "finished"
    losses = [row["loss"] for row in run_dir.rows("metrics") if row["stage"] == "tune"]
    assert losses[-1] < losses[0]
    assert scores_of(run_dir, "base", "pocket_science") != scores_of(run_dir, "seed-0", "pocket_science")


@pytest.mark.parametrize(
    "changes", [{"precision": "bfloat16"}, {"mixed_precision": True}, {"gradient_checkpointing": True}, {"fast": True}]
)
def test_cheaper_arithmetic_trains_and_says_so(tmp_path, changes):
    config, run_dir = start(tmp_path, lrs=(0.005,), seeds=1, data="random", examples=8, **changes)
    assert run_to_the_end(config, run_dir) == "finished"
    (facts,) = students_of(run_dir, "seed-0")["pocket_science"]
    assert facts["precision"] == config.precision
    assert ("again" in facts["arithmetic"]) == (config.fast and can_round("cpu"))


def test_a_run_says_what_saves_no_time_here_and_was_left_aside(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(matrices, "autocast_gain", lambda _: 0.02)
    monkeypatch.setattr(matrices, "probe", lambda _: matrices.Probe(error=1e-3, gain=1.0))
    settings = {"mixed_precision": True, "fast": True, "lrs": (0.005,), "seeds": 1, "data": "random", "examples": 8}
    config, run_dir = start(tmp_path, **settings)
    assert run_to_the_end(config, run_dir) == "finished"
    told = [part["found"] for part in run_dir.summary()["warnings"] if part["kind"] == "arithmetic"]
    assert [said.split(" is not used")[0] for said in told] == ["mixed_precision", "fast"]
    assert set(told) <= set(caplog.messages)
    Summary.model_validate_json((run_dir.path / "summary.json").read_bytes())


def test_ba_lora_is_pissa_with_terms_that_change_what_is_learned(tmp_path):
    found = {}
    for method in ("pissa", BA_LORA):
        config, run_dir = start(
            tmp_path / method,
            method=method,
            alpha=8,
            lrs=(0.01,),
            seeds=1,
            steps=4,
            data="random",
            examples=8,
            test_limit=20,
        )
        assert run_to_the_end(config, run_dir) == "finished"
        found[method] = [row["loss"] for row in run_dir.rows("metrics") if row["stage"] == "tune"]
    assert found["pissa"][0] == pytest.approx(found[BA_LORA][0], rel=1e-4)  # consistency begins at nothing
    assert found["pissa"][-1] != pytest.approx(found[BA_LORA][-1], rel=1e-4)


def test_the_methods_of_the_config_are_those_of_the_engine():
    assert tuple(method for method in METHODS if method != BA_LORA) == adapters.METHODS


def test_patience_ends_a_student_early_and_keeps_its_best(tmp_path):
    """A step size far too large: what comes after the first validation only gets worse."""
    config, run_dir = start(tmp_path, lrs=(0.5,), seeds=1, steps=30, validate_every=2, patience=2)
    run_to_the_end(config, run_dir)
    rows = [row for row in run_dir.rows("metrics") if row["stage"] == "validate"]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["steps"] == [rows[-1]["step"]] and rows[-1]["step"] < 30
    best = max(rows, key=lambda row: row["acc"])
    assert len(rows) == rows.index(best) + 1 + 2


def test_no_training_scores_the_base_alone(tmp_path):
    config, run_dir = start(tmp_path, data="none", tasks=("pocket_science", "pocket_mmlu"))
    run_to_the_end(config, run_dir)
    assert {row["arm"] for row in run_dir.rows("results")} == {"base"}
    assert students_of(run_dir, "base")["pocket_mmlu"][0]["shots"] == 5
    assert not (run_dir.artifacts / "adapters").exists()


def test_a_student_that_always_says_the_same_letter_is_called_by_its_habit(tmp_path):
    config, run_dir = start(tmp_path, data="none", tasks=("pocket_mmlu",))
    run_to_the_end(config, run_dir)
    warned = {row["kind"]: row for row in json.loads((tmp_path / "summary.json").read_text())["warnings"]}
    scored = scores_of(run_dir, "base", "pocket_mmlu")
    most = max(sum(item.choice == letter for item in scored) for letter in range(4))
    assert most > 0.75 * len(scored) and f"{most} of {len(scored)}" in warned["letters"]["found"]


def test_two_runs_are_compared_question_by_question(finished, tmp_path, capsys):
    assert main(["paired", str(finished), f"{finished}:base", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    summary = json.loads((finished / "summary.json").read_text())
    assert found["difference"] == summary["comparisons"][0]["difference"] and found["n"] == 80
    assert main(["paired", str(finished), str(finished)]) == 0
    assert "score the same" in capsys.readouterr().out
    assert main(["paired", str(finished), f"{finished}:nobody"]) == 2
    assert "share no scored task" in capsys.readouterr().err


def test_scores_of_a_student_that_is_not_there_are_missed_in_words(finished):
    with pytest.raises(UserError, match="no scores of seed-7"):
        questions_scored(RunDir(finished), "seed-7", "pocket_science")
    assert find_task("pocket_science").layout == "arc"
