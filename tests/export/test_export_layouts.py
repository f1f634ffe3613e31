"""A run's examples in the layouts of other programs: the same text to the byte, as their own documentation reads it."""

import csv
import io
import json

import datasets
import pandas as pd
import pytest

from backend.__main__ import main
from backend.core.text.reading import read_file
from backend.errors import UserError
from backend.export.kinds import pieces
from backend.export.layouts import KINDS, LAYOUTS, files_of, find_kind, for_llama_factory, kind_like
from backend.export.samples import Sample, samples
from backend.runs.folder import RunDir
from tests.exported import SAMPLES, sample
from tests.llama_factory import learned

ODD = ['  "Quoted", it said.\r\n', "🙂 é\u2028after\u0085", "=1+1", "1999-01-01", "NA", "'", "\ttab,\\n", " "]
ROWS = [{"prompt": f"Question: {text}\nAnswer:", "answer": other} for text, other in zip(ODD, ODD[::-1], strict=True)]
LETTERS = "Which is red?\nA. sky\nB. blood\nAnswer:"
ABOUT = "The following are multiple choice questions (with answers) about colours.\n\n"
TURNS = [["system", "Be brief."], ["user", "2+2?"], ["assistant", "4"], ["user", "And twice that?"]]


def file(name: str, made: list[Sample]) -> bytes:
    (content,) = files_of({"set": made}, find_kind(name)).values()
    return content


def loaded(name: str, made: list[Sample], folder) -> list[dict]:
    """The rows as `datasets` reads the file."""
    kind = find_kind(name)
    path = folder / f"data.{kind.format}"
    path.write_bytes(file(name, made))
    builder = "json" if kind.format == "jsonl" else kind.format
    more = {"keep_default_na": False} if builder == "csv" else {}
    found = datasets.load_dataset(builder, data_files=str(path), split="train", cache_dir=str(folder / "cache"), **more)
    return found.to_list()


# -- text as it is ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [*KINDS, "alpaca.jsonl", "messages.parquet", "question_answer.jsonl", "alpaca.csv"])
def test_the_library_reads_back_every_text_byte_for_byte(kind, tmp_path):
    made = samples(ROWS, "arc_easy")
    assert loaded(kind, made, tmp_path) == LAYOUTS[find_kind(kind).layout].rows(made)


def test_pandas_and_a_spreadsheets_reader_get_the_csv_as_it_is():
    data = file("question_answer", samples(ROWS, "arc_easy"))
    expected = list(zip(ODD, ODD[::-1], strict=True))
    assert list(csv.reader(io.StringIO(data.decode(), newline="")))[1:] == [list(row) for row in expected]
    read = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    assert list(read.itertuples(index=False, name=None)) == expected


def test_in_parquet_alone_a_column_of_dates_stays_text(tmp_path):
    made = samples([{"prompt": "Question: When?\nAnswer:", "answer": "1969-07-20"}], "arc_easy")
    assert [row["answer"] for row in loaded("parquet", made, tmp_path)] == ["1969-07-20"]
    assert [row["output"] for row in loaded("alpaca", made, tmp_path)] != ["1969-07-20"], "why the data set is parquet"


def test_a_list_does_not_fit_into_a_csv():
    with pytest.raises(UserError, match="`messages` is a list"):
        file("messages.csv", samples(ROWS, "arc_easy"))


READ = {  # the kind -> the task for which our own reader takes the file
    "jsonl": "own_prompts",
    "parquet": "own_prompts",
    "alpaca": "own_text",
    "sharegpt": "own_chat",
    "messages": "own_chat",
    "prompt_completion": "own_prompts",
    "prompt_completion_chat": "own_chat",
    "question_answer": "own_text",
}


@pytest.mark.parametrize("kind", READ)
def test_what_leaves_can_be_brought_as_ones_own_data_and_leaves_alike_again(kind, tmp_path):
    found = find_kind(kind)
    rows = [
        {"prompt": f"Question: Why {n}?\nAnswer:", "answer": f"It is {n}\n🙂", "provenance": {"step": n}}
        for n in range(3)
    ]
    path = tmp_path / f"mine.{found.format}"
    path.write_bytes(file(kind, samples(rows, "arc_easy")))
    reading = read_file(path)
    exact = READ[kind] == "own_prompts"
    asked = [(row["prompt"] if exact else row["prompt"][10:-8], " " * exact + row["answer"]) for row in rows]
    assert [(q.question, *q.options) for q in reading.questions] == asked
    assert reading.task == READ[kind]
    again = find_kind(kind_like(reading.layout, path.name))
    assert (again.layout, again.format) == (found.layout, found.format)


LIKE = {
    ("dolly", "a.json"): "alpaca.json",
    ("arc", "a.jsonl"): "question_answer.jsonl",
    ("flat", "A.XLSX"): "question_answer.csv",
    ("chatml", "a.parquet"): "messages.parquet",
    ("sharegpt", "a.csv"): "sharegpt.jsonl",
    ("alpaca", "a"): "alpaca.jsonl",
}


def test_a_file_of_another_layout_comes_back_in_the_nearest_one():
    assert {(layout, name): kind_like(layout, name) for layout, name in LIKE} == LIKE
    assert all(find_kind(kind) for kind in LIKE.values())


# -- what other programs learn of it ----------------------------------------------------------------------------------
def taught(kind: str, made: list[Sample], folder) -> list[tuple[str, list[dict]]]:
    """What LLaMA-Factory's documented reader makes of a file and its entry."""
    found = find_kind(kind)
    (folder / f"mine.{found.format}").write_bytes(file(kind, made))
    entry = for_llama_factory(made, LAYOUTS[found.layout], f"mine.{found.format}")
    (folder / "dataset_info.json").write_text(json.dumps({"mine": entry}))
    return learned(folder, "mine")


def turn(role: str, content: str) -> dict:
    return {"role": role, "content": content}


@pytest.mark.parametrize("kind", ["alpaca", "sharegpt", "messages", "alpaca.jsonl", "sharegpt.parquet"])
def test_llama_factory_learns_the_question_and_the_answer(kind, tmp_path):
    expected = [("", [turn("user", q), turn("assistant", a)]) for q, a in zip(ODD, ODD[::-1], strict=True)]
    assert taught(kind, samples(ROWS, "arc_easy"), tmp_path) == expected


@pytest.mark.parametrize("kind", ["alpaca", "sharegpt", "messages"])
def test_llama_factory_learns_a_conversation_with_its_system_prompt(kind, tmp_path):
    rows = [
        {"prompt": "…", "answer": "8", "turns": TURNS},
        {"prompt": "…", "answer": "Hello", "turns": [["user", "Hi"]]},
    ]
    (system, talk), (none, short) = taught(kind, samples(rows, "arc_easy"), tmp_path)
    assert (system, none) == ("Be brief.", "")
    assert talk == [*(turn(*one) for one in TURNS[1:]), turn("assistant", "8")]
    assert short == [turn("user", "Hi"), turn("assistant", "Hello")]


def test_trl_learns_the_exact_text_or_the_turns():
    """After its page on data set formats: prompt and completion as texts, or both as lists of messages."""
    rows = [*ROWS, {"prompt": "def f():\n", "between": "", "answer": "  pass"}]
    made = samples(rows, "arc_easy")
    plain = LAYOUTS["prompt_completion"].rows(made)
    assert [row["prompt"] + row["completion"] for row in plain] == [
        row["prompt"] + row.get("between", " ") + row["answer"] for row in rows
    ]
    (row,) = LAYOUTS["prompt_completion_chat"].rows(samples([{"prompt": "…", "answer": "8", "turns": TURNS}], "x"))
    assert row == {"prompt": [turn(*one) for one in TURNS], "completion": [turn("assistant", "8")]}
    (row,) = LAYOUTS["messages"].rows(samples([{"prompt": "…", "answer": "8", "turns": TURNS}], "x"))
    assert row == {"messages": [*(turn(*one) for one in TURNS), turn("assistant", "8")]}


CASES = {
    "the question alone": ("arc_easy", "Question: Why?\nAnswer:", "Why?"),
    "the options with the question, without our description": ("mmlu", ABOUT + LETTERS, LETTERS[:-8]),
    "letters in a text task": ("pocket_science", f"Question: {LETTERS}", LETTERS[:-8]),
    "a prompt of one's own": ("own_prompts", "Question: Why?\nAnswer:", "Question: Why?\nAnswer:"),
    "a free answer": ("own_text", "Question: Read.\n\nWhy?\nAnswer:", "Read.\n\nWhy?"),
    "a task not known here": ("theirs", "Question: Why?\nAnswer:", "Why?"),
    "a prompt with other words around it": ("arc_easy", "Q: Why?\nA:", "Q: Why?\nA:"),
    "a question that has our words inside": (
        "arc_easy",
        "Question: Question: a\nAnswer:\nAnswer:",
        "Question: a\nAnswer:",
    ),
    "a lettered question that begins as ours": ("mmlu", "Question: a\nA. b\nAnswer:", "Question: a\nA. b"),
}


@pytest.mark.parametrize("name", CASES)
def test_other_programs_get_what_was_asked_without_our_template(name):
    task, prompt, question = CASES[name]
    (row,) = LAYOUTS["alpaca"].rows(samples([{"prompt": prompt, "answer": "B"}], task))
    assert row == {"instruction": question, "input": "", "output": "B"}


def test_no_half_of_a_turn_is_lost():
    turns = [["assistant", "Hello."], ["user", "a"], ["user", "b"], ["assistant", "c"], ["user", "d"]]
    (row,) = LAYOUTS["alpaca"].rows(samples([{"prompt": "…", "answer": "e", "turns": turns}], "x"))
    assert row["history"] == [["", "Hello."], ["a", ""], ["b", "c"]] and row["instruction"] == "d"


# -- of a run ---------------------------------------------------------------------------------------------------------
def test_as_the_run_has_them_the_examples_are_its_own_file():
    (content,) = pieces(sample(), "jsonl").values()
    assert content == (SAMPLES / "paper" / "distilled.jsonl").read_bytes()


def test_a_comparison_leaves_a_file_for_each_arm(tmp_path):
    (tmp_path / "arms").mkdir()
    config = {"study": "comparison", "preset": None, "config": {"task": "pocket_science"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    line = json.dumps({**ROWS[1], "provenance": {"trainings": 3}}, ensure_ascii=False) + "\n"
    for arm in ("text", "random"):
        (tmp_path / "arms" / f"{arm}.jsonl").write_text(line, encoding="utf-8")
    assert main(["export", str(tmp_path), "--to", str(tmp_path / "out"), "--as", "alpaca"]) == 0
    expected = [{"instruction": ODD[1], "input": "", "output": ODD[-2]}]
    for arm in ("text", "random"):
        assert json.loads((tmp_path / "out" / f"{arm}-alpaca.json").read_bytes()) == expected


def test_the_command_writes_a_layout_and_says_what_llama_factory_wants(tmp_path, capsys):
    made = ["export", str(SAMPLES / "quick"), "--to", str(tmp_path / "mine.jsonl"), "--as", "alpaca.jsonl"]
    assert main(made) == 0
    told = capsys.readouterr().out.splitlines()[-1]
    (tmp_path / "dataset_info.json").write_text(told[told.index("{") :])
    rows = RunDir(SAMPLES / "quick").rows("distilled")
    assert [talk[-1]["content"] for _, talk in learned(tmp_path, "mine")] == [row["answer"] for row in rows]


@pytest.mark.parametrize("kind", ["alpaca.exe", "gospel", "alpaca.", ".json"])
def test_a_layout_that_is_none_is_refused_with_those_that_are(kind):
    with pytest.raises(UserError, match="one of run, dataset, as_it_came, jsonl, parquet, alpaca"):
        pieces(sample(), kind)
