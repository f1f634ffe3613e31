"""What could make a bench run say something untrue, and what it says instead."""

import json

import pytest

from backend.__main__ import main
from backend.core.text.text_data import load_questions
from backend.core.training.finetune import Diverged
from backend.errors import UserError
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.runs.results import summarise_results
from backend.settings import as_json
from backend.studies.bench import training
from backend.studies.bench.config import BenchConfig
from backend.studies.bench.data import training_examples
from tests.bench_run import start


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")


def quiz(path, answers: str) -> None:
    rows = "".join(f"Is {i} one of them?,yes,no,{answer}\n" for i, answer in enumerate(answers))
    path.write_text(f"question,A,B,answer\n{rows}", encoding="utf-8")


def test_scores_begun_on_other_questions_are_not_finished_as_if_they_were_the_same(tmp_path):
    quiz(tmp_path / "quiz.csv", "ABABAB")
    config, run_dir = start(tmp_path / "run", data="none", tasks=(), test_file=str(tmp_path / "quiz.csv"))
    run_to_the_end(config, run_dir)
    quiz(tmp_path / "quiz.csv", "BABABA")
    with pytest.raises(UserError, match="begun with other questions"):
        run_to_the_end(config, run_dir)
    scores = run_dir.path / "artifacts" / "scores" / "base-upload.json"
    facts = json.loads(scores.read_text())
    scores.write_text(json.dumps(facts | {"fingerprint": "another"}))
    quiz(tmp_path / "quiz.csv", "ABABAB")
    with pytest.raises(UserError, match="begun with other fingerprint"):
        run_to_the_end(config, run_dir)


def test_a_step_size_that_diverges_loses_and_the_others_go_on(tmp_path, monkeypatch):
    plain = training.finetune

    def finetune(student, state, batches_at, plan, loss_at):
        for step in plain(student, state, batches_at, plan, loss_at):
            if plan.lr > 0.5 and step.step > 2:
                raise Diverged("The loss is nan at step 3.", "a finite loss", "Lower the learning rate.")
            yield step

    monkeypatch.setattr(training, "finetune", finetune)
    config, run_dir = start(tmp_path / "grid", lrs=(0.005, 0.9), seeds=1)
    assert run_to_the_end(config, run_dir) == "finished"
    summary = json.loads((run_dir.path / "summary.json").read_text())
    assert summary["lr"] == 0.005 and [row["acc"] for row in summary["grid"]][1] is None
    config, run_dir = start(tmp_path / "single", lrs=(0.9,), seeds=1)
    with pytest.raises(UserError, match="nan"):
        run_to_the_end(config, run_dir)


def test_what_a_worker_process_finds_wrong_reaches_the_reader(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "2")
    config = BenchConfig(method="full", precision="bfloat16", steps=2)
    RunDir.create(tmp_path, "bench", None, as_json(config))
    assert main(["run", "bench", "--out", str(tmp_path), "--from-config"]) == 1
    assert "weights in float32" in capsys.readouterr().err


def test_the_same_task_twice_is_refused():
    with pytest.raises(UserError, match="every task once"):
        BenchConfig(tasks=("pocket_science", "pocket_science"))


def test_none_right_of_ten_is_not_certainty():
    row = {"student": "s", "regime": "ordinary", "arm": "base", "task": "t", "metric": "acc", "seed": 0, "n": 10}
    (found,) = summarise_results([row | {"value": 0.0}])
    assert found["interval"] > 0.1


def test_a_question_that_only_another_seed_drew_is_a_leak_too(tmp_path):
    drawn = BenchConfig(data="random", examples=8)
    only_second = [e for e in training_examples(drawn, 1) if e not in training_examples(drawn, 0)]
    questions = {q.question: q for q in load_questions("pocket_science", "train")}
    rows = []
    for example in only_second:
        question = questions[example.prompt.removeprefix("Question: ").removesuffix("\nAnswer:")]
        choices = {"text": list(question.options), "label": list("ABCDE"[: len(question.options)])}
        key = choices["label"][question.answer]
        rows.append({"id": question.id, "question": question.question, "choices": choices, "answerKey": key})
    test = tmp_path / "test.jsonl"
    test.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    changes = {"data": "random", "examples": 8, "seeds": 2, "lrs": (0.005,), "tasks": (), "test_file": str(test)}
    config, run_dir = start(tmp_path / "run", **changes)
    run_to_the_end(config, run_dir)
    warned = json.loads((run_dir.path / "summary.json").read_text())["warnings"]
    assert any(row["kind"] == "leak" and f"{len(rows)} of the {len(rows)}" in row["found"] for row in warned)


def test_a_step_size_chosen_by_an_unrelated_task_is_called_so(tmp_path):
    quiz(tmp_path / "quiz.csv", "ABABAB")
    changes = {"data": "file", "data_path": str(tmp_path / "quiz.csv"), "test_file": str(tmp_path / "quiz.csv")}
    config, run_dir = start(tmp_path / "run", tasks=(), **changes)
    run_to_the_end(config, run_dir)
    summary = json.loads((run_dir.path / "summary.json").read_text())
    assert summary["validation"] == "pocket_science"
    assert {"validation", "leak"} <= {row["kind"] for row in summary["warnings"]}


def test_missing_validation_questions_are_missed_before_training(tmp_path):
    (tmp_path / "data").mkdir()
    source = load_questions("pocket_science", "test", limit=5)
    rows = [
        {
            "id": q.id,
            "question": q.question,
            "choices": {"text": list(q.options), "label": list("ABCDE"[: len(q.options)])},
        }
        | {"answerKey": "ABCDE"[q.answer]}
        for q in source
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "data" / "test.jsonl").write_text(text, encoding="utf-8")
    quiz(tmp_path / "learn.csv", "AB")
    changes = {"data": "file", "data_path": str(tmp_path / "learn.csv"), "data_dir": str(tmp_path / "data")}
    config, run_dir = start(tmp_path / "run", **changes)
    with pytest.raises(UserError, match=r"validation\.jsonl"):
        run_to_the_end(config, run_dir)
    assert run_dir.rows("metrics") == []


def test_a_line_that_was_never_finished_does_not_join_the_next(tmp_path):
    config, run_dir = start(tmp_path, data="none")
    run_dir.append("metrics", {"stage": "score"})
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"stage": "sco')
    run_dir.set_status(worker=None)
    run_dir.claim()
    run_dir.append("metrics", {"stage": "tune"})
    assert [row["stage"] for row in run_dir.rows("metrics")] == ["score", "tune"]
    assert config.data == "none"


def test_the_score_command_looks_for_its_folder_before_it_works(tmp_path, capsys):
    quiz(tmp_path / "quiz.csv", "AB")
    command = ["score", "--model", "opt-pocket", "--file", str(tmp_path / "quiz.csv")]
    assert main([*command, "--scores", str(tmp_path / "none" / "x.jsonl")]) == 2
    assert "There is no folder" in capsys.readouterr().err
    assert main([*command, "--limit", "-1"]) == 2
    assert main([*command, "--scores", str(tmp_path / "x.jsonl")]) == 0
    assert len((tmp_path / "x.jsonl").read_text().splitlines()) == 2
