"""A comparison whose search may take what a model wrote, or begin with it: it is told in the data set, and no test
question gets in."""

import json
import shutil
from dataclasses import replace

import pytest

from backend import settings
from backend.comparison import beginning
from backend.comparison.arms import recipe_of
from backend.comparison.beginning import best_written
from backend.comparison.materials import Materials
from backend.comparison.names import FINAL, FINAL_SEEDS, SETS
from backend.comparison.searching import material_in
from backend.core.text import facts
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.search import writing
from backend.search.moves import Draft
from backend.search.written import FILE
from tests import tiny_comparison
from tests.tiny_comparison import start

one_process = tiny_comparison.one_process
config = tiny_comparison.config


@pytest.fixture(scope="module")
def asked(config):
    """Arms of real questions that a writer's take the place of."""
    return replace(config, arms=("init", "text"), moves=("written",), seeds=1, students=config.students[:1], rounds=2)


def test_texts_of_a_writer_are_told_from_real_ones_and_none_is_a_question_of_the_test(asked, tmp_path, monkeypatch):
    materials = Materials(asked)
    answers = [example.answer for example in materials.examples]
    texts = [(f"Which of {number} hens lays an egg?", answer) for number, answer in enumerate(answers)]
    texts += [(question.question, answers[0]) for question in materials.kept_out()]
    monkeypatch.setattr(writing, "write", lambda *_: texts)
    run, state = start(asked, tmp_path / "run")
    assert state == "finished"
    rows = [json.loads(line) for line in (run.artifacts / FILE).read_text("utf-8").splitlines()]
    assert {row["outcome"] for row in rows[: len(answers)]} == {"taken"}
    assert "taken" not in {row["outcome"] for row in rows[len(answers) :]}
    made = [row for row in run.rows("arms/text") if not row["provenance"]["verbatim"]]
    assert made, "the search took some"
    for row in made:
        taken = rows[int(row["provenance"]["id"].removeprefix("written_"))]
        assert row["prompt"] == f"Question: {taken['question']}\nAnswer:" and row["answer"] == taken["answer"]
    [summary] = [json.loads((run.path / "summary.json").read_text("utf-8"))["texts"]["text"]]
    assert summary["prompts"] - summary["verbatim_real"] == len(made)


def test_what_the_test_asks_is_kept_out_in_other_words_where_the_data_tells_facts(asked, tmp_path, monkeypatch):
    data, run = tmp_path / "data", RunDir.create(tmp_path / "run", "comparison", None, settings.as_json(asked))
    shutil.copytree(asked.data_dir, data)
    plain, told = (Materials(replace(asked, data_dir=str(data))) for _ in range(2))
    first, answer = told.test[0], told.examples[0].answer
    before = recipe_of(plain, "text", 0)
    kind = {"asks": [first.question, "What of {}?"], "answers": {"hens": ["an egg"]}}
    (data / asked.task / facts.FILE).write_text(json.dumps({"farm": kind}), "utf-8")
    monkeypatch.setattr(writing, "write", lambda *_: [("What of hens?", answer), ("What of cows?", answer)])
    assert [draft.question for draft in material_in(told, run).written] == ["What of cows?"]
    rows = [json.loads(line) for line in (run.artifacts / FILE).read_text("utf-8").splitlines()]
    assert [row.get("asked_by") for row in rows] == [first.id, None]
    after = recipe_of(told, "text", 0)
    assert after == before | {"facts": after["facts"]} and "facts" not in before


def test_a_search_may_begin_with_what_a_model_wrote(asked, tmp_path, monkeypatch):
    begun = replace(asked, start="written", moves=("word",), rounds=1)
    answers = [example.answer for example in Materials(begun).examples]
    texts = [(f"Which of {number} hens lays an egg?", answer) for number, answer in enumerate(answers)]
    monkeypatch.setattr(writing, "write", lambda *_: texts)
    run, state = start(begun, tmp_path / "run")
    assert state == "finished"
    written = {f"Question: {question}\nAnswer:": answer for question, answer in texts}
    begins = run.rows("arms/init")
    assert all(written[row["prompt"]] == row["answer"] for row in begins)
    assert len({row["provenance"]["id"] for row in begins}) == len(begins) == Materials(begun).size
    assert [row["provenance"]["started_from"] for row in run.rows("arms/text")] == [
        row["provenance"]["id"] for row in begins
    ]
    assert json.loads((run.path / "summary.json").read_text("utf-8"))["texts"]["text"]["verbatim_real"] == 0


def test_the_set_that_a_search_begins_with_is_the_best_by_validation(asked, monkeypatch):
    materials = Materials(replace(asked, start="written"))
    taken = [Draft(f"Which of {number} hens lays an egg?", "an egg", f"written_{number:04d}") for number in range(40)]
    judged: dict[int, list[tuple[str, ...]]] = {1: [], FINAL_SEEDS: []}

    def losses(_, sets, lrs, seeds):
        judged[seeds] += [tuple(row["prompt"] for row in rows) for rows in sets]
        return [float(min(int(row["prompt"].split()[3]) for row in rows)) for rows in sets]

    monkeypatch.setattr(beginning, "validated_each", losses)
    best = best_written(materials, taken)
    least = [min(int(prompt.split()[3]) for prompt in one) for one in judged[1]]
    assert len(judged[1]) == SETS and len(set(judged[1])) == SETS and len(judged[FINAL_SEEDS]) == FINAL
    assert min(int(draft.question.split()[2]) for draft in best) == min(least)
    with pytest.raises(UserError, match="The writer left 1 texts"):
        best_written(materials, taken[:1])


def test_what_needs_real_questions_is_not_begun_with_written_ones(asked):
    with pytest.raises(UserError, match="evolve begins with real questions"):
        replace(asked, start="written", arms=("text", "evolve"))


def test_a_data_set_depends_on_the_test_questions_only_where_a_writer_must_be_kept_from_them(asked):
    def recipe(moves: tuple[str, ...], test_limit: int) -> dict:
        return recipe_of(Materials(replace(asked, moves=moves, test_limit=test_limit)), "text", 0)

    assert "kept_out" not in recipe(("word",), 0)
    assert recipe(("written",), 0) == recipe(("written",), 2)  # all of them, however many are asked
