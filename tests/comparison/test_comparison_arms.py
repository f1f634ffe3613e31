"""The data sets of a comparison: equally many tokens, from where they say, made once for their recipe."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.comparison.arms import moved_away
from backend.comparison.materials import Materials
from backend.comparison.names import ARMS as ALL_ARMS
from backend.comparison.needed import ORDER, parts
from backend.search.search import Search
from backend.selection import SELECTORS
from backend.studies.text_distillation.config import ARMS as DISTILLED_ARMS
from backend.studies.text_distillation.config import OWN_MODEL_ONLY
from tests import tiny_comparison
from tests.tiny import FACTS
from tests.tiny_comparison import ARMS, files_of, start

one_process = tiny_comparison.one_process
config = tiny_comparison.config
whole = tiny_comparison.whole
materials = tiny_comparison.materials

TEXT = {question: options[answer] for question, options, answer in FACTS}


def test_every_arm_of_text_distillation_and_every_selector_is_one_of_the_comparisons():
    assert set(ALL_ARMS) > ({*DISTILLED_ARMS, *SELECTORS} - {"decoded"})  # which is `nearest` there
    assert set(ALL_ARMS) == {"base", "full", *ORDER, *OWN_MODEL_ONLY}  # two need no data set, two have no text


def test_every_arm_has_equally_many_examples_and_answer_tokens(whole, materials):
    found = files_of(whole)
    assert set(found) == {*(set(ARMS) - {"base", "full", "random"}), "random-0", "random-1"}
    tokens = {name: sum(map(answer_tokens(materials), rows)) for name, rows in found.items()}
    assert {len(rows) for rows in found.values()} == {materials.size} == {4}
    assert len(set(tokens.values())) == 1, tokens


def answer_tokens(materials: Materials):
    def count(row: dict) -> int:
        return len(materials.own.tokenizer(" " + row["answer"], add_special_tokens=False).input_ids)

    return count


def test_real_arms_hold_training_questions_and_no_test_or_validation_question(whole, materials):
    real = {
        (example.prompt, example.answer, q.id) for example, q in zip(materials.examples, materials.train, strict=True)
    }
    for name, rows in files_of(whole).items():
        if not name.startswith("text"):
            assert all((row["prompt"], row["answer"], row["provenance"]["id"]) in real for row in rows), name
            assert len({row["provenance"]["row"] for row in rows}) == 4


def test_random_is_drawn_anew_for_each_seed_and_init_is_its_first_draw(whole, config):
    found = files_of(whole)
    rows = {name: {row["provenance"]["row"] for row in found[name]} for name in ("random-0", "random-1", "init")}
    assert rows["random-0"] != rows["random-1"] and rows["init"] == rows["random-0"]
    assert [seed for arm, seed in parts(config) if arm == "random"] == [0, 1]
    assert all(seed == 0 for arm, seed in parts(config) if arm != "random")


def test_the_texts_differ_from_their_start_and_say_where_they_come_from(whole):
    found = files_of(whole)
    assert [row["provenance"]["started_from"] for row in found["text"]] == [
        row["provenance"]["id"] for row in found["init"]
    ]
    for row in found["text"]:
        text = row["prompt"].removeprefix("Question: ").removesuffix("\nAnswer:")
        assert row["provenance"]["verbatim"] == (text in TEXT) and row["answer"] in TEXT.values()


def test_shuffled_texts_are_the_same_prompts_with_other_answers(whole):
    text, other = files_of(whole)["text"], files_of(whole)["text_shuffled"]
    assert [row["prompt"] for row in text] == [row["prompt"] for row in other]
    assert Counter(row["answer"] for row in text) == Counter(row["answer"] for row in other)
    assert all(a["answer"] != b["answer"] for a, b in zip(text, other, strict=True))
    assert {row["provenance"]["arm"] for row in other} == {"text_shuffled"}


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=30), st.integers(0, 99))
def test_as_few_answers_as_can_be_stay_where_they_were(answers, seed):
    dealt = moved_away(answers, random.Random(seed))
    assert Counter(dealt) == Counter(answers)
    most = max(Counter(answers).values())
    assert sum(a == b for a, b in zip(answers, dealt, strict=True)) == max(0, 2 * most - len(answers))


def test_arms_are_made_once_for_their_recipe(whole, config, tmp_path, home, monkeypatch):
    kept = {path: path.stat().st_mtime_ns for path in (home / "arms").glob("*.jsonl")}
    monkeypatch.setattr(Search, "run", lambda *_: pytest.fail("searched again"))
    run, state = start(replace(config, seeds=3, arms=("random", "text")), tmp_path / "run")
    assert state == "finished"
    now = {path: path.stat().st_mtime_ns for path in (home / "arms").glob("*.jsonl")}
    assert {path.name.rpartition("-")[0] for path in now.keys() - kept} == {"random"}  # the third draw alone
    assert all(now[path] == kept[path] for path in kept)
    assert files_of(run)["text"] == files_of(whole)["text"]


def test_init_is_not_selected_again_where_its_questions_are_kept(whole, config, tmp_path, monkeypatch):
    monkeypatch.setattr("backend.comparison.arms.select", lambda *_: pytest.fail("selected again"))
    run, _ = start(replace(config, start="select", arms=("init",)), tmp_path / "run")
    assert files_of(run)["init"] == files_of(whole)["select"]


@pytest.mark.parametrize("change", [{"rounds": 1}, {"lr_seeds": 1}, {"seed": 1}, {"readers": "own"}, {"budget": 0.26}])
def test_another_recipe_searches_again(change, whole, config, tmp_path, monkeypatch):
    class Searched(Exception):
        pass

    def searched(*_):
        raise Searched

    monkeypatch.setattr(Search, "run", searched)
    with pytest.raises(Searched):
        start(replace(config, arms=("text",), **change), tmp_path / "run")
