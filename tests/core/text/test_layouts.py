"""Layouts: every known one is read right, is a file that is checked, and an unknown one is told the nearest."""

import json
from pathlib import Path

import pandas
import pytest

from backend.core.text import recognise
from backend.core.text.layout_files import KEYS, LAYOUT_FILES, LAYOUTS, read_layout_files
from backend.core.text.reading import Reading, read_file
from backend.errors import UserError
from tests.core.text.layout_rows import ROWS
from tests.core.text.malformed import sheet, upload
from tests.core.text.near_misses import NEAR_MISSES


def write(folder: Path, name: str, rows: list) -> Path:
    """The rows as a file of the format that the name's ending says."""
    file, ending = folder / name, Path(name).suffix
    if ending in (".jsonl", ".json"):
        text = "".join(json.dumps(row) + "\n" for row in rows) if ending == ".jsonl" else json.dumps(rows)
        return upload(folder, name, text.encode())
    if ending in (".parquet", ".xlsx"):
        frame = pandas.DataFrame(rows)
        frame.to_parquet(file) if ending == ".parquet" else frame.to_excel(file, index=False)
        return file
    cells = rows if isinstance(rows[0], list) else [list(rows[0]), *(list(row.values()) for row in rows)]
    return upload(folder, name, sheet(*cells, delimiter="\t" if ending == ".tsv" else ","))


def parts(reading: Reading, drawn: bool) -> list[tuple]:
    """What was read of each row; the options as none where their order is drawn."""
    return [(q.question, None if drawn else q.options, q.options[q.answer]) for q in reading.questions]


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_a_file_of_every_layout_gives_prompt_options_answer_and_rows(tmp_path, layout):
    name, rows, expected = ROWS[layout]
    reading = read_file(write(tmp_path, name, rows))
    assert reading.layout == layout
    assert parts(reading, expected[0][1] is None) == expected
    assert {"prompt", "answer"} <= reading.columns.keys()
    assert ("options" in reading.columns) == bool(LAYOUTS[layout].options)
    with_subject = layout in ("mmlu", "mmlu_pro", "medmcqa")
    assert reading.task == ("own_letters" if with_subject else LAYOUTS[layout].task)


@pytest.mark.parametrize("case", NEAR_MISSES)
def test_a_near_miss_is_read_right_with_a_warning_or_refused_by_what_is_wrong(tmp_path, case):
    name, rows, outcome = NEAR_MISSES[case]
    file = write(tmp_path, name, rows)
    if isinstance(outcome, str):
        with pytest.raises(UserError) as refused:
            read_file(file)
        assert outcome in str(refused.value)
        return
    answers, warning = outcome
    reading = read_file(file)
    assert [q.options[q.answer] for q in reading.questions] == answers
    assert warning in " ".join(reading.warnings) if warning else not reading.warnings


def test_there_are_sixty_near_misses_and_twenty_four_layouts():
    assert len(NEAR_MISSES) >= 60
    assert len(ROWS) >= 24 and ROWS.keys() == LAYOUTS.keys()


BROKEN = {
    "no task": ({}, "key `task`: missing"),
    "an unknown key": ({"colour": "red"}, "key `colour`: unknown"),
    "a misspelt key": ({"contxt": ["x"]}, "key `contxt`: unknown.*Rename it to `context`"),
    "an unknown task": ({"task": "sing"}, "key `task`: 'sing'"),
    "an unknown kind": ({"needs": {"question": "texts"}}, "key `needs`"),
    "no needs": ({"needs": {}}, "key `needs`"),
    "options of no form": ({"options": {"lists": "x"}}, "key `options`"),
    "options of two forms": ({"options": {"list": "x", "columns": "A"}}, "key `options`"),
    "options of a free answer": (
        {"task": "own_text", "question": "x", "answer": "y", "options": {"list": "z"}},
        "key `options`",
    ),
    "an unknown reading": ({"readings": ["rune"]}, "key `readings`"),
    "counted from 2": ({"counted_from": 2}, "key `counted_from`"),
    "two questions": ({"task": "own_chat", "question": "x", "turns": ["y"]}, "key `question`"),
    "turns of a question": ({"task": "own_text", "turns": ["y"]}, "key `turns`"),
    "no answer": ({"task": "own_text", "question": "x"}, "key `answer`"),
    "readings of a free answer": (
        {"task": "own_text", "question": "x", "answer": "y", "readings": ["text"]},
        "key `readings`",
    ),
}


@pytest.mark.parametrize(("keys", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_layout_file_is_refused_by_file_and_key(tmp_path, keys, message):
    upload(tmp_path, "farm.json", json.dumps({"about": "A farm.", "needs": {"question": "text"}} | keys).encode())
    with pytest.raises(UserError, match=rf"farm\.json, {message}"):
        read_layout_files(tmp_path)


@pytest.mark.parametrize(("name", "content"), [("a b.json", b"{}"), ("farm.json", b"["), ("farm.json", b"[]")])
def test_a_layout_file_that_is_no_object_or_no_name_is_refused(tmp_path, name, content):
    upload(tmp_path, name, content)
    with pytest.raises(UserError, match=name):
        read_layout_files(tmp_path)


def test_one_more_file_is_one_more_layout(tmp_path, monkeypatch):
    keys = {
        "about": "x",
        "task": "own_text",
        "needs": {"ask": "text", "say": "text"},
        "question": "ask",
        "answer": "say",
    }
    upload(tmp_path, "farm.json", json.dumps(keys).encode())
    monkeypatch.setattr(recognise, "VARIANTS", [*recognise.VARIANTS, *read_layout_files(tmp_path).values()])
    monkeypatch.setitem(LAYOUTS, "farm", read_layout_files(tmp_path)["farm"])
    reading = read_file(write(tmp_path, "a.jsonl", [{"ask": "Name an animal.", "say": "A cow."}]))
    assert (reading.layout, reading.questions[0].options) == ("farm", ("A cow.",))


def test_every_layout_says_what_it_is_and_is_told_in_the_readme():
    told = (LAYOUT_FILES / "README.md").read_text(encoding="utf-8")
    assert all(layout.about.endswith(".") for layout in LAYOUTS.values())
    assert [key for key in KEYS if f"`{key}`" not in told] == []


def test_an_unknown_file_is_told_the_nearest_layout_and_what_differs(tmp_path):
    with pytest.raises(UserError) as refused:
        read_file(write(tmp_path, "a.jsonl", [{"goal": "Feed a cow.", "sol1": "Grass.", "sol2": "Stones."}]))
    assert "column `label`: the column is missing" in refused.value.found
    assert refused.value.expected == "the columns of piqa, the nearest known layout: goal, sol1, sol2, label"


# -- answers and options ----------------------------------------------------------------------------------------------
def test_where_counting_begins_can_be_said(tmp_path):
    rows = [{"question": "Which?", "choices": ["a cow", "iron", "rain"], "answer": n} for n in (1, 2)]
    file = write(tmp_path, "a.jsonl", rows)
    with pytest.raises(UserError, match="--answers-from"):
        read_file(file)
    assert [q.answer for q in read_file(file, answers_from=0).questions] == [1, 2]
    assert [q.answer for q in read_file(file, answers_from=1).questions] == [0, 1]


def test_drawn_options_keep_their_order_and_the_right_one_is_not_always_at_one_place(tmp_path):
    _, [row, _], _ = ROWS["sciq"]
    file = write(tmp_path, "a.jsonl", [row | {"question": f"{row['question']} {i}"} for i in range(40)])
    reading = read_file(file)
    assert reading == read_file(file)
    assert {q.answer for q in reading.questions} == {0, 1, 2, 3}
    assert all(q.options[q.answer] == "a cow" for q in reading.questions)
    assert "fixed seed" in reading.warnings[0]


def test_a_conversation_keeps_its_turns(tmp_path):
    _, rows, _ = ROWS["alpaca_chat"]
    [question] = read_file(write(tmp_path, "a.json", rows)).questions
    assert [role for role, _ in question.turns] == ["system", "user", "assistant", "user"]
    assert question.turns[-1] == ("user", "And one more?")


def test_half_a_pair_of_earlier_turns_is_one_turn(tmp_path):
    row = ROWS["alpaca_chat"][1][0] | {"system": "", "history": [["", "Hello."], ["A fish?", "No."]]}
    [question] = read_file(write(tmp_path, "a.json", [row])).questions
    assert [role for role, _ in question.turns] == ["assistant", "user", "assistant", "user"]
