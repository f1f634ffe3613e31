"""The searched texts of the kept comparisons give away no validation or test question, nor a fact that one asks."""

import json
from pathlib import Path

import pytest

from backend.core.text.facts import KeptOut, load_facts
from backend.core.text.leaks import find_leaks
from backend.core.text.tasks import Question
from backend.core.text.text_data import load_questions

TASK = "pocket_science"
SEARCHED = sorted((Path(__file__).parents[2] / "docs" / "comparisons").glob("pocket-*/arms/text.jsonl"))


@pytest.fixture(scope="module")
def held_out() -> list[Question]:
    return load_questions(TASK, "validation") + load_questions(TASK, "test")


@pytest.fixture(scope="module")
def made() -> dict[tuple[str, str, str], str]:
    """By comparison, prompt and answer: the question of every text that is no training question word for word."""
    real = {question.question for question in load_questions(TASK, "train")}
    rows = [(file.parts[-3], json.loads(line)) for file in SEARCHED for line in file.read_text().splitlines()]
    texts = {(name, row["prompt"], row["answer"]): _question(row["prompt"]) for name, row in rows}
    return {key: text for key, text in texts.items() if text not in real}


def _question(prompt: str) -> str:
    return prompt.removeprefix("Question:").removesuffix("Answer:").strip()


def test_many_searched_texts_are_made_so_that_there_is_something_to_look_at(made):
    assert len(made) > 100


def test_no_made_text_is_nearly_a_validation_or_test_question(made, held_out):
    assert find_leaks(list(made.values()), held_out) == []


def test_no_made_text_asks_a_fact_of_validation_or_test_whatever_its_words(made, held_out):
    kept_out = KeptOut(load_facts(TASK), held_out)
    assert len(kept_out.by) > 500  # facts that may not be asked: the test can fail
    assert [key for key, text in made.items() if kept_out.why(text, key[2])] == []
