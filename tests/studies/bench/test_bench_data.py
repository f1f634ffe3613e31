"""What a bench run learns from: distilled text, an uploaded file, drawn questions, and none that it is tested on."""

import json

import pytest

from backend.core.text.text_data import load_questions
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.studies.bench.config import BenchConfig
from backend.studies.bench.data import asked_of, matched_steps, needs_validation, training_examples, validation
from tests import bench_run
from tests.bench_run import SAMPLE, start

one_process = bench_run.one_process


def test_a_distilled_run_can_be_learned_from_in_both_regimes(tmp_path):
    """The matched regime takes exactly the steps that the run learned."""
    for regime in ("matched", "ordinary"):
        config, run_dir = start(tmp_path / regime, data="distilled", data_path=str(SAMPLE), regime=regime, lrs=(0.005,))
        assert run_to_the_end(config, run_dir) == "finished"
        assert {row["arm"] for row in run_dir.rows("results")} == {"base", "text"}
    sizes = json.loads((SAMPLE / "summary.json").read_text())["inner_lrs"]
    steps = [row["step"] for row in RunDir(tmp_path / "matched").rows("metrics") if row["stage"] == "tune"]
    assert max(steps) == len(sizes) == len(matched_steps(config).sizes)


def test_matched_students_are_those_of_the_distillation_study(tmp_path):
    """Same text, same steps, same start: the same accuracy as the recorded run's own students."""
    recorded = [
        row["value"]
        for row in RunDir(SAMPLE).rows("results")
        if (row["arm"], row["regime"], row["metric"], row["student"]) == ("text", "matched", "acc", "opt-pocket")
    ]
    limit = RunDir(SAMPLE).config()["config"]["test_limit"]
    changes = {"data": "distilled", "data_path": str(SAMPLE), "regime": "matched", "seeds": len(recorded)}
    config, run_dir = start(tmp_path, **changes, test_limit=limit, score_base=False)
    run_to_the_end(config, run_dir)
    ours = [row["value"] for row in run_dir.rows("results") if row["metric"] == "acc"]
    assert ours == pytest.approx(recorded, abs=2 / limit)  # float rounding may move a close call


def test_an_uploaded_file_can_be_learned_from_and_scored_on(tmp_path):
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("prompt,answer\n" + "".join(f"Say {i},word\n" for i in range(9)), encoding="utf-8")
    test.write_text("question,A,B,answer\n" + "".join(f"Is {i} a word?,yes,no,A\n" for i in range(5)), encoding="utf-8")
    changes = {"data": "file", "data_path": str(train), "test_file": str(test), "tasks": (), "lrs": (0.005,)}
    config, run_dir = start(tmp_path / "run", **changes)
    run_to_the_end(config, run_dir)
    assert {(row["arm"], row["task"], row["n"]) for row in run_dir.rows("results")} == {
        ("base", "upload", 5),
        ("file", "upload", 5),
    }


def test_training_on_a_test_question_is_called_by_its_name(tmp_path):
    question = load_questions("pocket_science", "test", limit=1)[0]
    leaky = tmp_path / "leaky.jsonl"
    leaky.write_text(json.dumps({"question": question.question, "answer": "yes"}) + "\n", encoding="utf-8")
    changes = {"data": "file", "data_path": str(leaky), "lrs": (0.005,), "seeds": 1, "steps": 2}
    config, run_dir = start(tmp_path / "run", **changes)
    run_to_the_end(config, run_dir)
    warned = json.loads((run_dir.path / "summary.json").read_text())["warnings"]
    assert any(row["kind"] == "leak" and question.id in row["found"] for row in warned)


def test_random_examples_differ_by_seed_and_real_ones_do_not():
    drawn = BenchConfig(data="random", examples=8)
    assert training_examples(drawn, 0) == training_examples(drawn, 0) != training_examples(drawn, 1)
    real = BenchConfig(data="real", examples=8)
    assert training_examples(real, 0) == training_examples(real, 1)
    assert len(training_examples(drawn, 0)) == len(training_examples(real, 0)) == 8


def test_validation_questions_are_neither_trained_on_nor_tested():
    config = BenchConfig()
    held_out = {q.question for q in validation(config).questions}
    prompts = " ".join(example.prompt for example in training_examples(config, 0))
    assert not held_out & {q.question for test in asked_of(config) for q in test.questions}
    assert not any(text in prompts for text in held_out)
    assert needs_validation(config) and not needs_validation(BenchConfig(lrs=(0.01,)))
