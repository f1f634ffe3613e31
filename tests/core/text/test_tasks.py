"""Rows become questions, questions become prompts, and a row that is wrong is refused by file, row and column."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.text import text_data
from backend.core.text.places import Place
from backend.core.text.prompts import Example, few_shot_prompt, letters_prompt, question_prompt
from backend.core.text.reading import read_options
from backend.core.text.tasks import (
    TASK_FILES,
    TASKS,
    Question,
    continuations,
    file_task,
    find_task,
    read_task_files,
    to_example,
)
from backend.core.text.text_data import load_file
from backend.errors import UserError
from tests import tiny

ARC, MMLU = TASKS["arc_easy"], TASKS["mmlu"]
PLACE = Place("toy.jsonl", 7)
ANIMAL = Question("q", "Which animal gives milk?", ("a cow", "a stone", "rain", "iron"), 0, "farm_life")


def arc_with(**changes) -> dict:
    return copy.deepcopy(tiny.arc_rows()[0]) | changes


def mmlu_with(**changes) -> dict:
    return copy.deepcopy(tiny.mmlu_rows()[0]) | changes


def read_row(row: object, layout: str, place: Place) -> Question:
    [question] = read_options([(place, row)], layout)
    return question


def without(row: dict, column: str) -> dict:
    return {name: value for name, value in row.items() if name != column}


def labelled(text: list, label: list) -> dict:
    return arc_with(choices={"text": text, "label": label})


def test_an_arc_prompt_is_the_one_of_the_harness():
    assert to_example(ANIMAL, ARC) == Example("Question: Which animal gives milk?\nAnswer:", "a cow")


def test_an_mmlu_prompt_is_the_one_of_the_harness():
    shot = Question("s", " What is hot? ", ("ice", "fire", "snow", "rain"), 1, "farm_life")
    example = to_example(ANIMAL, MMLU, [shot])
    assert example.answer == "A"
    assert example.prompt == (
        "The following are multiple choice questions (with answers) about farm life.\n\n"
        "What is hot?\nA. ice\nB. fire\nC. snow\nD. rain\nAnswer: B\n\n"
        "Which animal gives milk?\nA. a cow\nB. a stone\nC. rain\nD. iron\nAnswer:"
    )


def test_the_answer_has_no_leading_space_and_the_text_has_exactly_one():
    example = to_example(ANIMAL, ARC)
    assert example.text == "Question: Which animal gives milk?\nAnswer: a cow"


def test_options_are_texts_for_arc_and_letters_for_mmlu():
    assert continuations(ANIMAL, ARC) == ANIMAL.options
    assert continuations(ANIMAL, MMLU) == ("A", "B", "C", "D")


def test_no_shots_leave_the_description_and_the_question():
    assert few_shot_prompt("About milk.\n\n", [], question_prompt("Why?")) == "About milk.\n\nQuestion: Why?\nAnswer:"


@given(st.text(), st.lists(st.text(), min_size=2, max_size=10))
def test_prompts_keep_every_character_of_question_and_options(question, options):
    assert question in question_prompt(question)
    prompt = letters_prompt(question, options)
    assert question.strip() in prompt and all(option in prompt for option in options)


@pytest.mark.parametrize("row", tiny.arc_rows(), ids=lambda row: row["id"])
def test_toy_arc_rows_keep_options_and_answer_whatever_the_labels(row):
    question = read_row(row, "arc", PLACE)
    _, options, answer = tiny.FACTS[int(row["id"].split("_")[1])]
    assert (question.options, question.answer) == (options, answer)


def test_labels_choose_the_answer_even_out_of_order():
    row = labelled(["one", "two", "three"], ["C", "A", "B"]) | {"answerKey": "A"}
    assert read_row(row, "arc", PLACE).answer == 1


def test_mmlu_rows_without_id_are_named_by_subject_and_row():
    question = read_row(mmlu_with(), "mmlu", PLACE)
    assert (question.id, question.subject) == ("toy_biology/7", "toy_biology")


BROKEN_ARC = {
    "no question": (without(arc_with(), "question"), "question", "missing"),
    "no choices": (without(arc_with(), "choices"), "choices", "missing"),
    "no answer key": (without(arc_with(), "answerKey"), "answerKey", "missing"),
    "no text": (arc_with(choices={"label": ["A", "B"]}), "choices.text", "missing"),
    "no label": (arc_with(choices={"text": ["x", "y"]}), "choices.label", "missing"),
    "choices are null": (arc_with(choices=None), "choices", "null"),
    "texts are a text": (arc_with(choices={"text": "xy", "label": ["A", "B"]}), "choices.text", "a text"),
    "an option is a number": (labelled(["x", 3], ["A", "B"]), "choices.text[1]", "a number"),
    "an option is empty": (labelled(["x", " "], ["A", "B"]), "choices.text[1]", "empty"),
    "an option is nested": (labelled(["x", ["y"]], ["A", "B"]), "choices.text[1]", "a list"),
    "one option": (labelled(["x"], ["A"]), "choices.text", "1 option"),
    "no options": (labelled([], []), "choices.text", "0 options"),
    "too many options": (labelled(["x"] * 17, list("ABCDEFGHIJKLMNOPQ")), "choices.text", "17 options"),
    "fewer labels": (labelled(["x", "y", "z"], ["A", "B"]), "choices.label", "2 labels for 3 texts"),
    "a label twice": (labelled(["x", "y"], ["A", "A"]), "choices.label", "same label"),
    "labels are fractions": (labelled(["x", "y"], [1.5, 2.5]), "choices.label[0]", "a number"),
    "unknown key": (arc_with(answerKey="F"), "answerKey", "'F'"),
    "key is a number": (arc_with(answerKey=1), "answerKey", "'1'"),
    "key is true": (arc_with(answerKey=True), "answerKey", "true or false"),
    "empty question": (arc_with(question=" \n"), "question", "empty"),
    "question is an object": (arc_with(question={"stem": "x"}), "question", "an object"),
    "half a character": (arc_with(question="\ud83d milk?"), "question", "surrogate"),
    "a list": ([arc_with()], "", "a list"),
    "a number": (3, "", "a number"),
    "null": (None, "", "null"),
    "no columns": ({}, "", "no columns"),
}
BROKEN_MMLU = {
    "no question": (without(mmlu_with(), "question"), "question", "missing"),
    "no subject": (without(mmlu_with(), "subject"), "subject", "missing"),
    "no choices": (without(mmlu_with(), "choices"), "choices", "missing"),
    "no answer": (without(mmlu_with(), "answer"), "answer", "missing"),
    "answer is a letter too far": (mmlu_with(answer="E"), "answer", "'E'"),
    "answer is true": (mmlu_with(answer=True), "answer", "true or false"),
    "answer is a fraction": (mmlu_with(answer=1.0), "answer", "a number"),
    "answer too large": (mmlu_with(answer=4), "answer", "4"),
    "answer negative": (mmlu_with(answer=-1), "answer", "-1"),
    "answer is huge": (mmlu_with(answer=10**4000), "answer", "1000"),
    "choices are an object": (mmlu_with(choices={"text": []}), "choices", "an object"),
    "one option": (mmlu_with(choices=["x"]), "choices", "1 option"),
    "an option is null": (mmlu_with(choices=["x", None]), "choices[1]", "null"),
    "subject is a list": (mmlu_with(subject=["x"]), "subject", "a list"),
    "arc row": (arc_with(), "subject", "missing"),
}


@pytest.mark.parametrize(("row", "column", "what"), BROKEN_ARC.values(), ids=BROKEN_ARC)
def test_a_broken_arc_row_is_refused_by_file_row_and_column(row, column, what):
    check_refused(row, "arc", column, what)


@pytest.mark.parametrize(("row", "column", "what"), BROKEN_MMLU.values(), ids=BROKEN_MMLU)
def test_a_broken_mmlu_row_is_refused_by_file_row_and_column(row, column, what):
    check_refused(row, "mmlu", column, what)


def check_refused(row: object, layout: str, column: str, what: str) -> None:
    with pytest.raises(UserError) as refused:
        read_row(row, layout, PLACE)
    place = f"toy.jsonl, row 7, column `{column}`: " if column else "toy.jsonl, row 7: "
    assert refused.value.found.startswith(place)
    assert what in refused.value.found
    assert len(str(refused.value)) < 600


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=4)
)
columns = st.sampled_from(["id", "question", "choices", "answerKey", "subject", "answer", "text", "label"])
objects = st.dictionaries(columns, json_values | st.dictionaries(columns, json_values, max_size=4), max_size=8)


@given(objects | json_values, st.sampled_from(["arc", "mmlu"]))
def test_any_json_is_either_a_question_or_a_user_error(row, layout):
    try:
        question = read_row(row, layout, PLACE)
    except UserError:
        return
    assert 0 <= question.answer < len(question.options)


def test_an_unknown_task_is_refused_with_the_known_ones():
    with pytest.raises(UserError, match="pocket_science, pocket_mmlu, arc_easy, mmlu"):
        find_task("arc_hard")


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_every_task_has_a_name_a_layout_and_a_place_to_come_from(task):
    assert TASKS[task.name] is task
    assert task.layout in ("arc", "mmlu")
    assert bool(task.bundled) != bool(task.hub_path)
    assert not task.shots or "dev" in task.splits
    assert task.about.endswith(".")


def test_the_packaged_task_files_are_the_four_known_tasks():
    assert list(read_task_files(TASK_FILES)) == ["pocket_science", "pocket_mmlu", "arc_easy", "mmlu"]
    assert (MMLU.hub_path, MMLU.hub_config, MMLU.splits, MMLU.shots) == (
        "cais/mmlu",
        "all",
        ("dev", "validation", "test"),
        5,
    )
    assert (ARC.hub_path, ARC.hub_config, ARC.shots) == ("allenai/ai2_arc", "ARC-Easy", 0)


def write_task(folder: Path, file_name: str = "farm", **keys) -> Path:
    file = folder / f"{file_name}.json"
    file.write_text(json.dumps(keys), encoding="utf-8")
    return file


def test_one_more_small_file_is_one_more_task(tmp_path, monkeypatch):
    folder = tmp_path / "task_files"
    folder.mkdir()
    write_task(folder, layout="arc", bundled="farm", splits=["test"])
    tiny.write_rows(tmp_path / "assets" / "farm" / "test.jsonl", tiny.arc_rows())
    tasks = read_task_files(folder)
    monkeypatch.setitem(TASKS, "farm", tasks["farm"])
    monkeypatch.setattr(text_data, "ASSETS", tmp_path / "assets")
    first = text_data.load_questions("farm", "test")[0]
    assert to_example(first, find_task("farm")) == Example("Question: Which animal gives milk?\nAnswer:", "a cow")
    assert continuations(first, tasks["farm"]) == ("a cow", "a stone", "the grey winter rain", "iron")


BROKEN_TASKS = {
    "no layout": ({"bundled": "x"}, "key `layout`: missing"),
    "bad layout": ({"layout": "csv", "bundled": "x"}, "key `layout`: 'csv'"),
    "layout is a list": ({"layout": ["arc"], "bundled": "x"}, "key `layout`"),
    "unknown key": ({"layout": "arc", "bundled": "x", "colour": "red"}, "key `colour`: unknown"),
    "misspelt key": ({"layout": "arc", "bundel": "x"}, "key `bundel`: unknown.*Rename it to `bundled`"),
    "name": ({"layout": "arc", "bundled": "x", "name": "farm"}, "key `name`: unknown"),
    "from nowhere": ({"layout": "arc"}, "key `bundled`"),
    "from two places": ({"layout": "arc", "bundled": "x", "hub_path": "a/b"}, "key `bundled`"),
    "config of nothing": ({"layout": "arc", "bundled": "x", "hub_config": "all"}, "key `hub_config`"),
    "a path": ({"layout": "arc", "bundled": "../../secret"}, "key `bundled`"),
    "splits are a text": ({"layout": "arc", "bundled": "x", "splits": "test"}, "key `splits`"),
    "no splits": ({"layout": "arc", "bundled": "x", "splits": []}, "key `splits`"),
    "a split twice": ({"layout": "arc", "bundled": "x", "splits": ["test", "test"]}, "key `splits`"),
    "a split is a path": ({"layout": "arc", "bundled": "x", "splits": ["../test"]}, "key `splits`"),
    "shots are true": ({"layout": "mmlu", "bundled": "x", "shots": True}, "key `shots`"),
    "shots without dev": ({"layout": "mmlu", "bundled": "x", "splits": ["test"], "shots": 5}, "key `splits`.*dev"),
    "shots for arc": ({"layout": "arc", "bundled": "x", "splits": ["dev"], "shots": 5}, "key `shots`"),
    "about is a number": ({"layout": "arc", "bundled": "x", "about": 3}, "key `about`"),
}


@pytest.mark.parametrize(("keys", "message"), BROKEN_TASKS.values(), ids=BROKEN_TASKS)
def test_a_broken_task_file_is_refused_by_file_and_key(tmp_path, keys, message):
    write_task(tmp_path, **keys)
    with pytest.raises(UserError, match=rf"farm\.json, {message}"):
        read_task_files(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000], ids=repr)
def test_a_task_file_that_is_no_object_is_refused_by_name(tmp_path, content):
    (tmp_path / "farm.json").write_bytes(content)
    with pytest.raises(UserError, match=r"farm\.json"):
        read_task_files(tmp_path)


def test_a_task_file_names_its_task_so_its_name_is_a_word(tmp_path):
    write_task(tmp_path, "my farm", layout="arc", bundled="x")
    with pytest.raises(UserError, match=r"my farm\.json cannot name a task"):
        read_task_files(tmp_path)


def test_an_uploaded_file_gets_a_task_of_its_own(tmp_path):
    spec = file_task("quiz.jsonl", "arc")
    assert (spec.name, spec.layout, spec.shots) == ("quiz", "arc", 0)
    question = load_file(tiny.write_rows(tmp_path / "quiz.jsonl", tiny.arc_rows()), spec.layout)[0]
    assert to_example(question, spec).answer == "a cow"
    with pytest.raises(UserError, match="arc, mmlu"):
        file_task("quiz", "csv")


@pytest.mark.parametrize(
    ("file", "name"),
    [("../my quiz (1).csv", "my_quiz_1"), ("mmlu.csv", "mmlu_file"), ("...", "file"), ("x" * 200, "x" * 60)],
)
def test_a_files_task_is_never_named_as_a_path_or_as_a_known_task(file, name):
    assert file_task(file, "mmlu").name == name
