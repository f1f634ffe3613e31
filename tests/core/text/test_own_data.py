"""A user's own file or folder as splits: parted alike everywhere, nothing in two splits, and refusals that help."""

import json
import random

import pytest

from backend.core.text import reading
from backend.core.text.own_data import parted
from backend.core.text.places import Place
from backend.core.text.tasks import Question
from backend.core.text.text_data import load_questions
from backend.errors import UserError

SPLITS = ("train", "validation", "test")


def rows(count: int) -> list[dict]:
    return [{"instruction": f"Say number {i}.", "output": f"{i}!"} for i in range(count)]


def write(path, found: list[dict]):
    path.write_text("\n".join(json.dumps(row) for row in found) + "\n")
    return path


def test_a_file_is_parted_by_its_texts_alone_whatever_its_order(tmp_path):
    found = rows(60)
    file = write(tmp_path / "mine.jsonl", found)
    before = {split: {q.question for q in load_questions("own_text", split, str(file))} for split in SPLITS}
    assert [len(before[split]) for split in SPLITS] == [36, 12, 12]
    assert len(set.union(*before.values())) == 60
    random.Random(1).shuffle(found)
    other = write(tmp_path / "other.jsonl", found)
    assert {split: {q.question for q in load_questions("own_text", split, str(other))} for split in SPLITS} == before


def test_copies_of_a_question_are_never_in_two_splits():
    questions = [Question(str(i), f"q{i % 20}", (str(i),), 0) for i in range(200)]
    texts = [{q.question for q in part} for part in parted(questions).values()]
    assert sum(map(len, texts)) == len(set.union(*texts)) == 20
    assert sum(map(len, parted(questions).values())) == 200, "no row is lost"


def test_at_most_five_hundred_are_held_out_for_each():
    found = parted([Question(str(i), f"q{i}", ("a",), 0) for i in range(6000)])
    assert [len(found[split]) for split in SPLITS] == [5000, 500, 500]


def test_a_folder_may_bring_its_own_splits_and_what_it_lacks_is_held_out(tmp_path):
    write(tmp_path / "train.jsonl", rows(50))
    (tmp_path / "test.csv").write_text("instruction,output\nHow many?,9\nWhich?,that\n")
    assert [q.question for q in load_questions("own_text", "test", str(tmp_path))] == ["How many?", "Which?"]
    train, validation = (load_questions("own_text", split, str(tmp_path)) for split in ("train", "validation"))
    assert (len(train), len(validation)) == (40, 10)
    write(tmp_path / "validation.jsonl", rows(3))
    assert len(load_questions("own_text", "train", str(tmp_path))) == 50, "nothing has to be held out"


@pytest.mark.parametrize(
    ("count", "task", "found", "step"),
    [
        (11, "own_text", "11 different questions", "more rows"),
        (40, "own_options", "read as alpaca", "Set task to own_text"),
        (40, "own_prompts", "read as alpaca", "Set task to own_text"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_can(tmp_path, count, task, found, step):
    file = write(tmp_path / "mine.jsonl", rows(count))
    with pytest.raises(UserError) as caught:
        load_questions(task, "train", str(file))
    assert found in caught.value.found and step in caught.value.next_step


@pytest.mark.parametrize("source", ["", "/no/such/file.json", "."])
def test_what_is_no_data_is_refused(source, tmp_path):
    with pytest.raises(UserError):
        load_questions("own_text", "train", str(tmp_path) if source == "." else source)


def test_a_file_that_changes_is_read_again(tmp_path):
    file = write(tmp_path / "mine.jsonl", rows(20))
    assert len(load_questions("own_text", "test", str(file))) == 4
    write(file, rows(40))
    assert len(load_questions("own_text", "test", str(file))) == 8


def test_a_data_set_of_the_hub_is_parted_as_a_file_is(monkeypatch):
    asked = []

    def named_rows(source: str) -> list[tuple[Place, object]]:
        asked.append(source)
        return [(Place(source, number), row) for number, row in enumerate(rows(40), 1)]

    monkeypatch.setattr(reading, "named_rows", named_rows)
    train, test = (load_questions("own_text", split, "somebody/instructions") for split in ("train", "test"))
    assert (len(train), len(test)) == (24, 8) and not {q.question for q in train} & {q.question for q in test}
    assert asked == ["somebody/instructions"], "asked once"
