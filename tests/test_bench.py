"""A bench run as a user has it: tuned, scored, stopped, killed, resumed, compared. Real processes and models."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backend.__main__ import main
from backend.bench import run as engine
from backend.bench.config import METHODS, BenchConfig
from backend.bench.data import asked_of, matched_steps, needs_validation, training_examples, validation
from backend.bench.files import questions_scored, scores_of, students_of
from backend.core import adapters
from backend.core.backbones import load_backbone
from backend.core.errors import UserError
from backend.core.matrices import can_round
from backend.core.score import score_questions
from backend.core.tasks import find_task
from backend.core.text_data import load_questions
from backend.runs import RunDir
from backend.settings import as_json

SAMPLE = Path(__file__).parents[1] / "assets" / "sample_runs" / "quick"
SMALL = {
    "steps": 6,
    "batch": 8,
    "lrs": (0.005, 0.01),
    "seeds": 2,
    "validate_every": 3,
    "validation_limit": 20,
    "test_limit": 80,
}


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")


def start(folder: Path, **changes) -> tuple[BenchConfig, RunDir]:
    config = BenchConfig(**{**SMALL, **changes})
    run_dir = RunDir.create(folder, "bench", None, as_json(config))
    run_dir.claim()
    return config, run_dir


def told(folder: Path) -> dict:
    """Everything a run says, without times and memory."""
    summary = json.loads((folder / "summary.json").read_text())
    results = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    keep = {name: summary[name] for name in ("lr", "grid", "steps", "comparisons", "warnings")}
    return keep | {"results": results, "scores": all_scores(folder)}


def all_scores(folder: Path) -> dict:
    files = sorted((folder / "artifacts" / "scores").glob("*.jsonl"))
    rows = {f.name: [json.loads(line) for line in f.read_text().splitlines()] for f in files}
    return {name: sorted(found, key=lambda row: row["id"]) for name, found in rows.items()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """One small run, left as it is."""
    folder = tmp_path_factory.mktemp("bench") / "whole"
    os.environ["DISTILLOSCOPE_WORKERS"] = "1"
    config, run_dir = start(folder)
    assert engine.run_to_the_end(config, run_dir) == "finished"
    return folder


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


@pytest.mark.parametrize("after", [2, 10, 20])
def test_a_run_stopped_anywhere_resumes_to_the_same_numbers_and_asks_nothing_twice(
    finished, tmp_path, monkeypatch, after
):
    """The stop flag appears when so many rows of metrics were written; then the run goes on to its end."""
    config, run_dir = start(tmp_path / "run")
    plain, rows = RunDir.append, []

    def append(self: RunDir, name: str, row: dict) -> None:
        plain(self, name, row)
        rows.append(name)
        if rows.count("metrics") == after and name == "metrics":
            self.stop_flag.touch()

    monkeypatch.setattr(RunDir, "append", append)
    assert engine.run_to_the_end(config, run_dir) == "stopped"
    run_dir.stop_flag.unlink()
    assert engine.run_to_the_end(config, run_dir) == "finished"
    assert told(tmp_path / "run") == told(finished)
    assert run_dir.status()["done"] == run_dir.status()["total"] == 3 * 80
    for scored in all_scores(tmp_path / "run").values():
        assert len({row["id"] for row in scored}) == len(scored)


@pytest.mark.parametrize("seconds", [4.0, 6.0])
def test_a_killed_worker_resumes_to_the_same_numbers(finished, tmp_path, seconds):
    """kill -9, at two moments, of the very process the page starts."""
    config, _ = start(tmp_path / "run")
    words = [sys.executable, "-m", "backend", "run", "bench", "--out", str(tmp_path / "run"), "--from-config"]
    root = Path(__file__).parents[1]
    worker = subprocess.Popen(words, cwd=root, start_new_session=True, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    assert engine.run_to_the_end(config, RunDir(tmp_path / "run")) == "finished"
    assert told(tmp_path / "run") == told(finished)


def test_two_processes_give_the_numbers_of_one(finished, tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "2")
    config, run_dir = start(tmp_path / "run")
    assert engine.run_to_the_end(config, run_dir) == "finished"
    assert told(tmp_path / "run") == told(finished)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_trains_and_its_saved_folder_scores(tmp_path, method):
    config, run_dir = start(tmp_path, method=method, lrs=(0.001,), seeds=1, steps=12, data="random", examples=8)
    assert engine.run_to_the_end(config, run_dir) == "finished"
    losses = [row["loss"] for row in run_dir.rows("metrics") if row["stage"] == "tune"]
    assert losses[-1] < losses[0]
    assert scores_of(run_dir, "base", "pocket_science") != scores_of(run_dir, "seed-0", "pocket_science")


@pytest.mark.parametrize(
    "changes", [{"precision": "bfloat16"}, {"mixed_precision": True}, {"gradient_checkpointing": True}, {"fast": True}]
)
def test_cheaper_arithmetic_trains_and_says_so(tmp_path, changes):
    config, run_dir = start(tmp_path, lrs=(0.005,), seeds=1, data="random", examples=8, **changes)
    assert engine.run_to_the_end(config, run_dir) == "finished"
    (facts,) = students_of(run_dir, "seed-0")["pocket_science"]
    assert facts["precision"] == config.precision
    assert ("again" in facts["arithmetic"]) == (config.fast and can_round("cpu"))


def test_the_methods_of_the_config_are_those_of_the_engine():
    assert METHODS == adapters.METHODS


def test_patience_ends_a_student_early_and_keeps_its_best(tmp_path):
    """A step size far too large: what comes after the first validation only gets worse."""
    config, run_dir = start(tmp_path, lrs=(0.5,), seeds=1, steps=30, validate_every=2, patience=2)
    engine.run_to_the_end(config, run_dir)
    rows = [row for row in run_dir.rows("metrics") if row["stage"] == "validate"]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["steps"] == [rows[-1]["step"]] and rows[-1]["step"] < 30
    best = max(rows, key=lambda row: row["acc"])
    assert len(rows) == rows.index(best) + 1 + 2


def test_no_training_scores_the_base_alone(tmp_path):
    config, run_dir = start(tmp_path, data="none", tasks=("pocket_science", "pocket_mmlu"))
    engine.run_to_the_end(config, run_dir)
    assert {row["arm"] for row in run_dir.rows("results")} == {"base"}
    assert students_of(run_dir, "base")["pocket_mmlu"][0]["shots"] == 5
    assert not (run_dir.artifacts / "adapters").exists()


def test_a_distilled_run_can_be_learned_from_in_both_regimes(tmp_path):
    """The matched regime takes exactly the steps that the run learned."""
    for regime in ("matched", "ordinary"):
        config, run_dir = start(tmp_path / regime, data="distilled", data_path=str(SAMPLE), regime=regime, lrs=(0.005,))
        assert engine.run_to_the_end(config, run_dir) == "finished"
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
    engine.run_to_the_end(config, run_dir)
    ours = [row["value"] for row in run_dir.rows("results") if row["metric"] == "acc"]
    assert ours == pytest.approx(recorded, abs=2 / limit)  # float rounding may move a close call


def test_an_uploaded_file_can_be_learned_from_and_scored_on(tmp_path):
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("prompt,answer\n" + "".join(f"Say {i},word\n" for i in range(9)), encoding="utf-8")
    test.write_text("question,A,B,answer\n" + "".join(f"Is {i} a word?,yes,no,A\n" for i in range(5)), encoding="utf-8")
    changes = {"data": "file", "data_path": str(train), "test_file": str(test), "tasks": (), "lrs": (0.005,)}
    config, run_dir = start(tmp_path / "run", **changes)
    engine.run_to_the_end(config, run_dir)
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
    engine.run_to_the_end(config, run_dir)
    warned = json.loads((run_dir.path / "summary.json").read_text())["warnings"]
    assert any(row["kind"] == "leak" and question.id in row["found"] for row in warned)


def test_a_student_that_always_says_the_same_letter_is_called_by_its_habit(tmp_path):
    config, run_dir = start(tmp_path, data="none", tasks=("pocket_mmlu",))
    engine.run_to_the_end(config, run_dir)
    warned = {row["kind"]: row for row in json.loads((tmp_path / "summary.json").read_text())["warnings"]}
    scored = scores_of(run_dir, "base", "pocket_mmlu")
    most = max(sum(item.choice == letter for item in scored) for letter in range(4))
    assert most > 0.75 * len(scored) and f"{most} of {len(scored)}" in warned["letters"]["found"]


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


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": "file"}, "data_path is empty"),
        ({"data": "random"}, "examples is 0"),
        ({"regime": "matched"}, "regime is matched"),
        ({"regime": "matched", "data": "distilled", "data_path": "x", "method": "dora"}, "method is dora"),
        ({"lrs": ()}, "lrs is empty"),
        ({"lrs": (0.1, 0.1)}, "lrs is 0.1, 0.1"),
        ({"lrs": (float("nan"),)}, "lrs is nan"),
        ({"tasks": ()}, "nothing to score on"),
        ({"data": "none", "score_base": False}, "data is none"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_words(changes, said):
    with pytest.raises(UserError, match=said):
        BenchConfig(**changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tasks": ("arc",)}, "no task called 'arc'"),
        ({"data": "real", "examples": 10_000}, "there are 1200"),
        ({"data": "distilled", "data_path": "/nowhere"}, "has no distilled.jsonl"),
        ({"data": "file", "data_path": "/nowhere.csv"}, "nowhere.csv"),
        (
            {"data": "distilled", "data_path": str(SAMPLE), "tasks": ("pocket_mmlu",), "train_task": "pocket_mmlu"},
            "holds out validation",
        ),
        ({"student": "no-such-model"}, "no model called"),
    ],
)
def test_what_does_not_exist_ends_the_run_in_words(tmp_path, capsys, changes, said):
    config = BenchConfig(**{**SMALL, **changes})
    RunDir.create(tmp_path / "run", "bench", None, as_json(config))
    assert main(["run", "bench", "--out", str(tmp_path / "run"), "--from-config"]) == 1
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error
    assert RunDir(tmp_path / "run").status()["state"] == "failed"


def test_two_runs_are_compared_question_by_question(finished, tmp_path, capsys):
    assert main(["paired", str(finished), f"{finished}:base", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    summary = json.loads((finished / "summary.json").read_text())
    assert found["difference"] == summary["comparisons"][0]["difference"] and found["n"] == 80
    assert main(["paired", str(finished), str(finished)]) == 0
    assert "answer equally many" in capsys.readouterr().out
    assert main(["paired", str(finished), f"{finished}:nobody"]) == 2
    assert "share no scored task" in capsys.readouterr().err


def test_scores_of_a_student_that_is_not_there_are_missed_in_words(finished):
    with pytest.raises(UserError, match="no scores of seed-7"):
        questions_scored(RunDir(finished), "seed-7", "pocket_science")
    assert find_task("pocket_science").layout == "arc"
