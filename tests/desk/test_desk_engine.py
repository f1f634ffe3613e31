"""The desk with the real engine behind it: its answers are those that the functions give."""

from contextlib import closing

import pytest

from backend.desk.desk import Desk
from backend.errors import UserError


@pytest.fixture(scope="module")
def real():
    with closing(Desk()) as made:
        yield made


QUESTION = {"student": "opt-pocket", "question": "Which thing floats?", "options": ["a cork", "a stone"]}


def test_a_question_gets_the_answers_that_the_functions_give(real):
    from backend.desk import ask  # noqa: PLC0415

    told = real.request("ask", **QUESTION)
    expected = ask.ask(ask.Shelf(), "opt-pocket", None, ask.Asked(QUESTION["question"], tuple(QUESTION["options"])))
    assert told["tuned"] is None
    for mine, theirs in zip(told["base"]["options"], expected["base"]["options"], strict=True):
        assert mine.pop("text") == theirs.pop("text")
        assert mine == pytest.approx(theirs, rel=1e-5)
    same = ("choice", "choice_norm", "generation", "truncated")
    assert [told["base"][name] for name in same] == [expected["base"][name] for name in same]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"question": " "}, "question is empty"),
        ({"question": "x" * 10_000}, "10,000 characters"),
        ({"question": "\ud83d?"}, "surrogate"),
        ({"options": ["a cork"]}, "1 option"),
        ({"options": ["a cork", "a cork "]}, "A and B are the same"),
        ({"student": "gpt-9"}, "no model called 'gpt-9'"),
        ({"adapter": "no/such/folder"}, "neither adapter_config"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_words(real, changes, message):
    with pytest.raises(UserError, match=message):
        real.request("ask", **(QUESTION | changes))


def test_real_data_is_shown_as_the_student_reads_it(real):
    told = real.request(
        "example", student="opt-pocket", data="real", train_task="pocket_science", data_dir=None, data_path=None
    )
    assert (told["student"], told["examples"], len(told["shown"])) == ("opt-pocket", 1200, 3)
    tokens = told["shown"][0]["tokens"]
    text = "".join(token["text"] for token in tokens)
    assert text.startswith("</s>Question: ") and text.endswith("</s>")
    assert "".join(token["text"] for token in tokens if not token["taught"]).endswith("\nAnswer:")
    assert tokens[-1] == {"text": "</s>", "taught": True}
    assert told["tokens_longest"] >= max(len(shown["tokens"]) for shown in told["shown"])


def test_a_draw_a_file_a_run_and_no_data_are_shown_too(real, tmp_path):
    rows = '{"prompt": "One and one is", "answer": "two"}\n{"prompt": "Ünd 😀", "answer": "ö"}\n'
    (tmp_path / "distilled.jsonl").write_text(rows, encoding="utf-8")
    # a file is taught exactly as it stands; a text of a run has a blank before its answer unless it says otherwise
    for data, path, between in (("file", tmp_path / "distilled.jsonl", ""), ("distilled", tmp_path, " ")):
        told = real.request("example", student="opt-pocket", data=data, data_path=str(path), number=5)
        texts = ["".join(token["text"] for token in shown["tokens"]) for shown in told["shown"]]
        assert texts == [f"</s>One and one is{between}two</s>", f"</s>Ünd 😀{between}ö</s>"]
    assert real.request("example", student="opt-pocket", data="random", examples=8)["examples"] == 8
    assert real.request("example", student="opt-pocket", data="none") == {
        "student": "opt-pocket",
        "examples": 0,
        "tokens_longest": 0,
        "shown": [],
    }


def test_data_that_cannot_be_shown_is_refused_in_words(real):
    with pytest.raises(UserError, match="data_path is empty"):
        real.request("example", student="opt-pocket", data="distilled")
    with pytest.raises(UserError, match="no model called 'x'"):
        real.request("example", student="x", data="real")
