"""Files become questions: folders, splits, encodings, held-out rows, and every way a file can be unusable."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.text import text_data
from backend.core.text.tasks import TASKS
from backend.core.text.text_data import load_file, load_questions, load_shots, load_split_with_heldout
from backend.core.text.uploads import describe
from backend.errors import UserError
from tests import tiny


def many_rows(count: int) -> list[dict]:
    return [tiny.arc_rows()[i % 16] | {"id": f"row_{i}"} for i in range(count)]


def test_the_folder_may_be_the_parent_or_the_task_itself(tiny_tasks):
    parent = load_questions("arc_easy", "test", str(tiny_tasks))
    assert len(parent) == len(tiny.FACTS)
    assert load_questions("arc_easy", "test", str(tiny_tasks / "arc_easy")) == parent


def test_without_a_validation_file_the_last_570_rows_of_train_are_held_out(tmp_path):
    tiny.write_rows(tmp_path / "arc_easy" / "train.jsonl", many_rows(1300))
    train, validation = load_split_with_heldout("arc_easy", str(tmp_path))
    assert [q.id for q in train] == [f"row_{i}" for i in range(730)]
    assert [q.id for q in validation] == [f"row_{i}" for i in range(730, 1300)]


def test_a_small_training_file_gives_a_quarter(tiny_tasks):
    train, validation = load_split_with_heldout("arc_easy", str(tiny_tasks))
    assert (len(train), len(validation)) == (12, 4)
    assert not {q.id for q in train} & {q.id for q in validation}


def test_a_validation_file_is_used_and_train_stays_whole(tmp_path):
    tiny.write_rows(tmp_path / "train.jsonl", many_rows(8))
    tiny.write_rows(tmp_path / "validation.jsonl", many_rows(3))
    train, validation = load_split_with_heldout("arc_easy", str(tmp_path))
    assert (len(train), len(validation)) == (8, 3)


def test_too_few_rows_to_hold_any_out_is_an_error(tmp_path):
    tiny.write_rows(tmp_path / "train.jsonl", many_rows(3))
    with pytest.raises(UserError, match="3 questions"):
        load_questions("arc_easy", "train", str(tmp_path))


def test_a_limit_keeps_the_first_rows(tiny_tasks):
    assert [q.id for q in load_questions("arc_easy", "test", str(tiny_tasks), limit=2)] == ["toy_0_test", "toy_1_test"]
    assert len(load_questions("arc_easy", "test", str(tiny_tasks), limit=999)) == len(tiny.FACTS)


def test_a_limit_is_dealt_over_the_subjects(tiny_tasks):
    subjects = [q.subject for q in load_questions("mmlu", "test", str(tiny_tasks), limit=3)]
    assert subjects == ["toy_biology", "toy_biology", "toy_physics"]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(tiny_tasks, limit):
    with pytest.raises(UserError, match=str(limit)):
        load_questions("arc_easy", "test", str(tiny_tasks), limit=limit)


def test_shots_are_the_first_five_of_each_subject(tiny_tasks):
    shots = load_shots("mmlu", str(tiny_tasks))
    assert {subject: len(rows) for subject, rows in shots.items()} == {"toy_biology": 5, "toy_physics": 5}
    assert shots["toy_biology"] == load_questions("mmlu", "dev", str(tiny_tasks))[:5]


def test_arc_has_no_shots_and_reads_no_file_for_them():
    assert load_shots("arc_easy", "no/such/folder") == {}


def test_mmlu_has_no_training_questions_and_says_what_to_do(tiny_tasks):
    with pytest.raises(UserError, match="one half of test"):
        load_questions("mmlu", "train", str(tiny_tasks))


def test_mmlu_without_a_dev_file_says_what_it_is_for(tmp_path):
    tiny.write_rows(tmp_path / "test.jsonl", tiny.mmlu_rows())
    with pytest.raises(UserError, match=r"dev\.jsonl.*solved examples"):
        load_shots("mmlu", str(tmp_path))


def test_an_unknown_split_is_refused_with_the_known_ones(tiny_tasks):
    with pytest.raises(UserError, match="train, validation, test"):
        load_questions("arc_easy", "tset", str(tiny_tasks))


@pytest.mark.parametrize("folder", ["missing", "."])
def test_a_folder_without_the_task_is_refused(tmp_path, folder):
    with pytest.raises(UserError, match=r"arc_easy/train\.jsonl"):
        load_questions("arc_easy", "test", str(tmp_path / folder))


def test_a_missing_split_file_is_named(tmp_path):
    tiny.write_rows(tmp_path / "train.jsonl", many_rows(8))
    with pytest.raises(UserError, match=r"test\.jsonl"):
        load_questions("arc_easy", "test", str(tmp_path))


def test_a_file_of_either_layout_can_be_read(tmp_path):
    arc = load_file(tiny.write_rows(tmp_path / "a.jsonl", tiny.arc_rows()), "arc")
    mmlu = load_file(tiny.write_rows(tmp_path / "m.jsonl", tiny.mmlu_rows()), "mmlu")
    assert (len(arc), len(mmlu)) == (16, 28)
    with pytest.raises(UserError, match="arc, mmlu"):
        load_file(tmp_path / "a.jsonl", "csv")


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_are_no_trouble(tmp_path):
    file = tmp_path / "a.jsonl"
    lines = [json.dumps(row) for row in tiny.arc_rows()]
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n\r\n".join(lines).encode() + b"\r\n \r\n")
    assert [q.id for q in load_file(file, "arc")] == [row["id"] for row in tiny.arc_rows()]


def test_a_line_separator_inside_a_text_does_not_end_the_row(tmp_path):
    row = tiny.arc_rows()[0] | {"question": "Which one\u2028gives milk?"}
    assert load_file(tiny.write_rows(tmp_path / "a.jsonl", [row]), "arc")[0].question == row["question"]


UNREADABLE = {
    "empty file": (b"", "toy.jsonl is empty"),
    "only blank lines": (b"\n \n\t\n", "toy.jsonl is empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "toy.jsonl is empty"),
    "latin-1": (
        json.dumps(tiny.arc_rows()[0]).encode() + b'\n{"question": "caf\xe9"}\n',
        "line 2: byte 18, behind `.*caf`, is not UTF-8",
    ),
    "utf-16": (json.dumps(tiny.arc_rows()[0]).encode("utf-16"), "row 1.*UTF-16, not UTF-8"),
    "not JSON": (json.dumps(tiny.arc_rows()[0]).encode() + b"\n\n{oops}\n", "row 3.*not valid JSON"),
    "csv": (b"id,question,answer\n1,Why?,A\n", "row 1.*not valid JSON"),
    "cut off": (json.dumps(tiny.arc_rows()[0]).encode()[:40], "row 1.*not valid JSON"),
    "one JSON list": (json.dumps(tiny.arc_rows()).encode(), "row 1: a list"),
    "a pretty list": (json.dumps(tiny.arc_rows(), indent=1).encode(), "row 1.*not valid JSON"),
    "nested too deeply": (b"[" * 100_000, "row 1.*(nested|not valid)"),
    "a huge number": (b"9" * 10_000, "row 1.*not valid JSON"),
    "a NUL byte": (b"\x00\x00", "line 1: byte 1 is NUL"),
    "an id twice": (b"\n".join([json.dumps(tiny.arc_rows()[3]).encode()] * 2), "row 2, column `id`.*row 1"),
    "a wrong key": (json.dumps(tiny.arc_rows()[0] | {"answerKey": "Z"}).encode(), "row 1, column `answerKey`"),
}


@pytest.mark.parametrize(("content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_unusable_file_is_refused_by_name_and_row(tmp_path, content, message):
    file = tmp_path / "toy.jsonl"
    file.write_bytes(content)
    with pytest.raises(UserError, match=message) as refused:
        load_file(file, "arc")
    assert "toy.jsonl" in refused.value.found
    assert len(str(refused.value)) < 600


@settings(max_examples=40)
@given(st.binary(max_size=200), st.integers(0, 10**6), st.sampled_from(["arc", "mmlu"]))
def test_a_file_with_any_bytes_in_it_is_read_or_refused_politely(tmp_path_factory, noise, place, layout):
    good = "\n".join(json.dumps(row) for row in (tiny.arc_rows() if layout == "arc" else tiny.mmlu_rows())).encode()
    cut = place % len(good)
    file = tmp_path_factory.getbasetemp() / "noise.jsonl"
    file.write_bytes(good[:cut] + noise + good[cut + len(noise) :])
    try:
        questions = load_file(file, layout)
    except UserError as error:
        assert "noise.jsonl" in error.found
    else:
        assert all(0 <= q.answer < len(q.options) for q in questions)


@pytest.mark.parametrize("path", [".", "missing.jsonl"])
def test_a_path_that_is_no_file_is_refused(tmp_path, path):
    with pytest.raises(UserError, match="cannot be read"):
        load_file(tmp_path / path, "arc")


def test_the_hub_is_asked_for_what_is_not_local(monkeypatch):
    import datasets  # noqa: PLC0415

    asked = []

    def from_hub(*names, split):
        asked.append((*names, split))
        return datasets.Dataset.from_list(tiny.arc_rows())

    monkeypatch.setattr(datasets, "load_dataset", from_hub)
    assert [q.id for q in load_questions("arc_easy", "train")] == [row["id"] for row in tiny.arc_rows()]
    assert asked == [("allenai/ai2_arc", "ARC-Easy", "train")]


def test_a_data_set_of_the_hub_is_described_as_a_file_is(monkeypatch):
    import datasets  # noqa: PLC0415

    asked = []

    def from_hub(*names, split):
        asked.append((*names, split))
        return datasets.DatasetDict({"train": datasets.Dataset.from_list(tiny.arc_rows())})

    monkeypatch.setattr(datasets, "load_dataset", from_hub)
    found = describe("farm/animals")
    assert (found["layout"], found["rows"]) == ("arc", 16)
    describe("farm/animals:small:validation")
    assert asked == [("farm/animals", None, None), ("farm/animals", "small", "validation")]


def test_offline_the_hub_error_says_what_to_do():
    with pytest.raises(UserError, match="Go online once, or give a data folder") as refused:
        load_questions("mmlu", "test")
    assert "cais/mmlu" in refused.value.found


def test_bundled_tasks_are_read_from_the_project(monkeypatch, tmp_path):
    monkeypatch.setattr(text_data, "ASSETS", tmp_path)
    tiny.write_rows(tmp_path / "pocket_science" / "train.jsonl", tiny.arc_rows())
    tiny.write_rows(tmp_path / "pocket_science" / "validation.jsonl", tiny.arc_rows()[:3])
    assert [len(part) for part in load_split_with_heldout("pocket_science")] == [16, 3]


BUNDLED = [(spec.name, split) for spec in TASKS.values() if spec.bundled for split in spec.splits]


@pytest.mark.parametrize(("task", "split"), BUNDLED)
def test_every_bundled_split_can_be_read(task, split):
    questions = load_questions(task, split)
    assert len(questions) >= 5
    assert len(load_shots(task)) == len({q.subject for q in questions} - {None})


@pytest.mark.real
def test_real_files_have_the_rows_their_readme_promises(real_data):
    train, validation = load_split_with_heldout("arc_easy", str(real_data))
    assert (len(train), len(validation)) == (1681, 570)
    test = load_questions("arc_easy", "test", str(real_data))
    assert len(test) == 2376
    assert sum(len(q.options) != 4 for q in test) == 11
    assert len(load_questions("mmlu", "test", str(real_data))) == 7658
    shots = load_shots("mmlu", str(real_data))
    assert len(shots) == 29 and {len(rows) for rows in shots.values()} == {5}
