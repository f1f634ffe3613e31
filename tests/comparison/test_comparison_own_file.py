"""A comparison on a file of one's own with free answers: every arm is made, judged by bits, and said to be."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from backend.comparison import students
from backend.comparison.beginning import validated_each
from backend.comparison.command import folder_of
from backend.comparison.config import ComparisonConfig
from backend.comparison.inner import distillation as distillation_of
from backend.comparison.materials import Materials
from backend.comparison.names import FREE_TASKS
from backend.comparison.picture import picture
from backend.comparison.shapes import ArmRow, ResultsRow, Summary
from backend.comparison.students import Trainee
from backend.comparison.table import as_text, best_of
from backend.core.text.tasks import OWN_TASKS
from backend.core.training.finetune import Diverged
from backend.core.training.stacked import finetuned_each
from backend.errors import UserError
from backend.runs.results import scores_of, summarise_results
from backend.studies.text_distillation import config as distillation
from tests import tiny_comparison
from tests.comparison.test_comparison_matched import TINY
from tests.tiny import FACTS
from tests.tiny_comparison import files_of, start

one_process = tiny_comparison.one_process

# every selector is in tests/selection/test_selection_free.py
ARMS = ("base", "random", "bm25", "select", "evolve", "init", "text", "text_shuffled", "soft", "nearest", "full")
ASKED = [(f"{q} ({i})", " ".join(options[: 1 + i % 3])) for i in range(2) for q, options, _ in FACTS]
KEPT = {
    "own_text": [{"instruction": q, "input": "", "output": a} for q, a in ASKED],
    "own_prompts": [{"prompt": f"Question: {q}\nAnswer:", "completion": f" {a}\n"} for q, a in ASKED],
    "own_chat": [{"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]} for q, a in ASKED],
}


@pytest.fixture(scope="module", autouse=True)
def preset(tmp_path_factory):
    """A distillation preset of a few steps, in place of the real ones."""
    presets = tmp_path_factory.mktemp("presets")
    (presets / "tiny.json").write_text(json.dumps({"title": "t", "about": "a", "settings": TINY}))
    assert distillation.PRESETS != presets
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backend.comparison.inner.PRESETS", presets)
        yield


@pytest.fixture(scope="module")
def make(tiny_models, tmp_path_factory):
    def make(task: str, **changes) -> ComparisonConfig:
        file = tmp_path_factory.mktemp(task) / "mine.json"
        file.write_text(json.dumps(KEPT[task]))
        own, other = str(tiny_models["opt"]), str(tiny_models["llama"])
        small = {
            "task": task, "data_file": str(file), "budget": 0.2, "model": own, "students": (own, other), "lora_rank": 2,
            "lora_alpha": 4, "seeds": 1, "steps": 2, "batch": 4, "lrs": (0.01,), "lr_seeds": 1, "rounds": 1,
            "candidates": 6, "judged_by": 4, "start": "random", "validation_limit": 3, "test_limit": 4,
            "distillation": "tiny", "outer_steps": 2, "prompt_tokens": 6,
        }  # fmt: skip
        return ComparisonConfig(**(small | changes))

    return make


@pytest.fixture(scope="module")
def done(make, tmp_path_factory):
    config = make("own_text", arms=ARMS)
    run, state = start(config, tmp_path_factory.mktemp("done") / "run")
    assert state == "finished", run.status()
    return config, run


def test_every_arm_is_made_of_a_file_and_judged_by_bits(done):
    config, run = done
    rows = run.rows("results")
    assert {row["metric"] for row in rows} == {"bits", "rouge_l", "exact"}
    found = {(row["arm"], row["student"]) for row in rows if row["metric"] == "bits"}
    assert found == {(arm, name) for arm in ARMS for name in config.students if arm != "soft" or name == config.model}
    assert all(ResultsRow.model_validate(row) for row in rows)
    assert all(ArmRow.model_validate(row) for arm in files_of(run).values() for row in arm)
    first = next(row for row in rows if row["metric"] == "bits")
    scored = scores_of(run, first)
    assert first["value"] == pytest.approx(sum(one.bits for one in scored) / len(scored)) and first["stderr"] > 0
    assert all(isinstance(one.generated, str) for one in scored)


def test_the_best_baseline_needs_the_fewest_bits_and_the_table_says_so(done):
    config, run = done
    summary = json.loads((run.path / "summary.json").read_text())
    assert Summary.model_validate(summary)
    table = summary["table"]
    assert {row["metric"] for row in table} == {"bits"}
    mine = {row["arm"]: row for row in table if row["student"] == config.model}
    best = mine["text"]["best_baseline"]
    assert mine[best]["mean"] == min(mine[arm]["mean"] for arm in ("random", "bm25"))
    assert best_of(mine) == best
    gain = mine["text"]["mean"] - mine[best]["mean"]
    assert mine["text"]["against"]["best baseline"]["difference"] == pytest.approx(gain)
    assert "bits per character" in mine["text"]["against"]["best baseline"]["sentence"]
    said = as_text(table)
    assert "bits" in said.splitlines()[0] and "fewer is better" in said.splitlines()[-1] and f"{gain:+.3f}" in said
    drawn = picture(table)
    assert "bits per character (fewer is better)" in drawn and drawn == (run.path / "ordinary.svg").read_text()


def test_a_resumed_run_trains_no_scored_student_again(done, monkeypatch):
    config, run = done
    before = run.rows("results")
    monkeypatch.setattr(Trainee, "train", lambda *_: pytest.fail("trained again"))
    run.set_status(state="stopped")
    assert start(config, run.path)[1] == "finished"
    assert run.rows("results") == before


@pytest.mark.parametrize("task", ["own_prompts", "own_chat"])
def test_prompts_and_conversations_keep_their_own_words_in_every_arm(task, make, tmp_path):
    config = make(task, arms=("random", "text", "nearest"), students=(make(task).model,), rounds=0)
    run, state = start(config, tmp_path / "run")
    assert state == "finished", run.status()
    materials, arms = Materials(config), files_of(run)
    real = {example.prompt: example for example in materials.examples}
    for row in (*arms["random-0"], *arms["text"]):  # without a round of search the text is where it began
        assert real[row["prompt"]].row == {name: row[name] for name in row if name != "provenance"}
    assert {row["metric"] for row in summarise_results(run.rows("results"))} == {"bits", "rouge_l", "exact"}


def test_a_step_size_is_chosen_by_bits_and_never_by_a_student_that_diverged(make, monkeypatch):
    materials = Materials(make("own_text", lrs=(0.1, 0.01, 1.0)))
    trainee, train = Trainee(materials, materials.own), Trainee.train

    def diverging(self, rows, lr, key):
        if lr == 1.0:
            raise Diverged("x", "x", "x")
        return train(self, rows, lr, key)

    def diverging_among(student, pupils, plan):
        ends = finetuned_each(student, pupils, plan)
        return [None if pupil.lr == 1.0 else end for pupil, end in zip(pupils, ends, strict=True)]

    monkeypatch.setattr(Trainee, "train", diverging)
    monkeypatch.setattr(students, "finetuned_each", diverging_among)
    rows = materials.own.rows(materials.examples[:4])
    errors = {lr: trainee.error(rows, lr, ("grid", 0)) for lr in (0.1, 0.01, 1.0)}
    assert errors[1.0] == float("inf") and 0 < errors[0.1] != errors[0.01] > 0
    assert trainee.choose_step_size(rows) == min(errors, key=errors.get)
    starting = [materials.examples[row].row for row in range(4)]
    assert 0 < validated_each(Materials(replace(materials.config, readers="own", lrs=(0.1,))), [starting])[0] < 100


def test_a_files_numbered_answers_are_counted_from_where_the_setting_says(make, tmp_path):
    rows = [f"{q} ({i}),first {i},second {i},1" for i in range(2) for q, _, _ in FACTS]
    (tmp_path / "mine.csv").write_text("\n".join(["question,option_a,option_b,answer", *rows]))
    told = {"task": "own_options", "data_file": str(tmp_path / "mine.csv")}
    for begin, right in (("1", "first"), ("0", "second")):
        materials = Materials(replace(make("own_text"), **told, answers_from=begin))
        assert all(example.answer.startswith(right) for example in materials.examples)
        inner = distillation_of(materials.config, "nearest", tmp_path / "start.jsonl", 3)
        assert (inner.data_file, inner.answers_from, inner.task) == (told["data_file"], begin, "own_options")


def test_a_changed_file_is_another_comparison(make):
    config = make("own_text")
    before = folder_of(config)
    assert folder_of(config) == before
    with Path(config.data_file).open("a") as file:
        file.write(" ")
    assert folder_of(config) != before


def test_free_tasks_are_those_of_the_table():
    assert set(FREE_TASKS) == {spec.name for spec in OWN_TASKS.values() if spec.free}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"task": "own_text"}, "a file or a folder"),
        ({"data_file": "mine.json"}, "a task that begins with own_"),
        ({"task": "own_letters", "data_file": "mine.json"}, "own_options"),
        ({"task": "own_chat", "data_file": "mine.json", "moves": ("token",)}, "question, phrase, word or written"),
        ({"task": "own_text", "data_file": "mine.json", "style": "letters"}, "questions with options"),
        ({"task": "own_text", "data_file": "mine.json", "shuffle_options": True}, "questions with options"),
    ],
)
def test_settings_that_do_not_fit_a_file_are_refused_with_what_does(changes, expected):
    with pytest.raises(UserError) as caught:
        ComparisonConfig(**changes)
    assert caught.value.expected == expected
