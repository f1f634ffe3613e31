"""A whole comparison's results: a row for every student, files that reproduce each value, and the step sizes."""

import json
from collections import Counter
from dataclasses import replace

from backend.comparison.students import Trainee
from backend.comparison.table import table
from backend.core.text.prompts import Example
from backend.runs.results import scores_of
from tests import tiny_comparison
from tests.tiny_comparison import ARMS, files_of, start

one_process = tiny_comparison.one_process
config = tiny_comparison.config
whole = tiny_comparison.whole
materials = tiny_comparison.materials


def test_every_arm_student_and_seed_has_a_row_and_its_scores_reproduce_it(whole, config, materials):
    rows = whole.rows("results")
    expected = {
        (arm, student, seed, metric)
        for arm in ARMS for student in config.students for seed in range(1 if arm == "base" else 2)
        for metric in ("acc", "acc_norm")
    }  # fmt: skip
    assert Counter((r["arm"], r["student"], r["seed"], r["metric"]) for r in rows) == Counter(expected)
    for row in rows:
        scored = scores_of(whole, row)
        assert [item.id for item in scored] == [question.id for question in materials.test]
        right = [item.correct if row["metric"] == "acc" else item.correct_norm for item in scored]
        assert row["value"] == sum(right) / len(right) and row["n"] == len(right)
        assert row["lr"] == (0.0 if row["arm"] == "base" else 0.01) and row["task"] == "arc_easy"


def test_a_value_is_that_of_a_student_trained_on_the_arms_file_alone(whole, config, materials):
    """By the second student, from text: the seed's own draw for random, the one file for text."""
    trainee = Trainee(materials, materials.reader(config.students[1]))
    for arm, file in (("random", "random-1"), ("text", "text")):
        examples = [Example(row["prompt"], row["answer"]) for row in files_of(whole)[file]]
        scored = trainee.answers(trainee.train(trainee.reader.rows(examples), 0.01, 1), materials.test)
        row = next(
            r for r in whole.rows("results") if (r["arm"], r["student"], r["seed"]) == (arm, config.students[1], 1)
        )
        assert scores_of(whole, row) == scored


def test_the_summary_holds_the_table_transfer_and_facts(whole, config):
    found = json.loads((whole.path / "summary.json").read_text())
    assert set(found) == {"table", "transfer", "texts"}
    assert {(row["student"], row["arm"]) for row in found["table"]} == {(s, a) for s in config.students for a in ARMS}
    assert found["table"] == json.loads(json.dumps(table(config, whole)))
    facts, text, init = found["texts"]["text"], files_of(whole)["text"], files_of(whole)["init"]
    assert facts["prompts"] == 4 and 0 <= facts["tokens_changed"] <= 1
    assert facts["answers_changed"] == sum(a["answer"] != b["answer"] for a, b in zip(text, init, strict=True)) / 4
    assert facts["verbatim_real"] == sum(row["provenance"]["verbatim"] for row in text)


def test_the_step_size_that_validates_best_is_chosen_for_every_arm(config, tmp_path, monkeypatch):
    losses = {0.01: (0.5, 2.0), 0.02: (0.5, 1.0), 0.04: (0.0, float("inf"))}
    monkeypatch.setattr(Trainee, "train_each", lambda self, wanted: [lr for _, lr, _ in wanted])
    monkeypatch.setattr(Trainee, "validated", lambda self, end: losses[end])
    run, _ = start(replace(config, arms=("base", "random"), lrs=(0.01, 0.02, 0.04)), tmp_path / "run")
    assert [(row["arm"], row["sizes"]) for row in run.rows("step_sizes")] == [("random", [0.02])] * 2
    assert {row["lr"] for row in run.rows("results") if row["arm"] == "random"} == {0.02}
