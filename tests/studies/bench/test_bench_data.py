"""What a bench run learns from: distilled text, an uploaded file, drawn questions, and none that it is tested on."""

import json
from dataclasses import replace
from unittest import mock

import torch

from backend.core.scoring.scored import Scored
from backend.core.text.text_data import load_questions
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.search.moves import Draft
from backend.settings import build, from_saved
from backend.studies.bench.config import BenchConfig
from backend.studies.bench.data import asked_of, matched_steps, needs_validation, training_examples, validation
from backend.studies.bench.files import scores_of
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.cells import Cell
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.evaluate import Bench, Learned
from backend.studies.text_distillation.setup import Setup
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
    """Same text, same steps, same start: the likelihoods of that study's own student, trained on this machine."""
    changes = {"data": "distilled", "data_path": str(SAMPLE), "regime": "matched", "seeds": 1, "score_base": False}
    config, run_dir = start(tmp_path, **changes, test_limit=20)
    run_to_the_end(config, run_dir)
    ours = {scored.id: scored.log_likelihoods for scored in scores_of(run_dir, "seed-0", "pocket_science")}
    assert len(ours) == 20
    assert apart(ours, distillations(("text", 0), 20)) < 1e-3, "float32, through every step"
    assert apart(ours, distillations(("text", 1), 20)) > 1e-2 < apart(ours, distillations(("base", 0), 20))


def apart(found: dict, expected: list[Scored]) -> float:
    """The largest difference, as a share of the likelihood."""
    pairs = ((x, y) for one in expected for x, y in zip(found[one.id], one.log_likelihoods, strict=True))
    return max(abs(x - y) / abs(y) for x, y in pairs)


def distillations(student: tuple[str, int], limit: int) -> list[Scored]:
    """What an (arm, seed) of the distillation study answers, trained on the recorded texts by the recorded steps."""
    saved = RunDir(SAMPLE).config()["config"]
    setup = Setup(replace(build(DistillConfig, from_saved(DistillConfig, saved)), test_limit=limit))
    sizes = json.loads((SAMPLE / "summary.json").read_text())["inner_lrs"]
    texts = [
        Draft(row["prompt"].removeprefix("Question: ").removesuffix("\nAnswer:"), row["answer"], "")
        for row in RunDir(SAMPLE).rows("distilled")
    ]
    learned = Learned(setup.synthetic.initial, torch.tensor(sizes).log(), [], (), tuple(texts))
    experts = mock.Mock(spec=TrajectoryBuffer, **{"preconditioner.return_value": None})  # its rule asks for none
    bench, cell = Bench(setup, experts, learned), Cell(student[0], "opt-pocket", "matched", student[1])
    return bench.score(cell, bench.train(cell))


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
