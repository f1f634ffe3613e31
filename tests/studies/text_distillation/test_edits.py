"""What may be changed of a run's texts, and what the texts are then."""

import subprocess
import sys

import pytest

from backend.core.text.prompts import Example, question_prompt
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.studies.text_distillation.edits import (
    MOST_EDITS,
    Text,
    edits_file,
    read_edits,
    texts_of,
    with_edits,
)

TEXTS = [Text(slot, f"text {slot}", f"answer {slot}") for slot in range(4)]


def nothing(edit, texts):
    raise AssertionError("no real question is asked for")


def said(given: object, drawn=nothing) -> list[tuple]:
    found = with_edits(TEXTS, read_edits(given, len(TEXTS)), drawn)
    return [(text.slot, text.question, text.answer) for text in found]


PLAIN = said([])


def test_without_edits_the_texts_are_what_they_were():
    assert PLAIN == [(slot, f"text {slot}", f"answer {slot}") for slot in range(4)]


def test_a_text_is_reworded_without_the_blanks_around_it():
    found = said([{"slot": 1, "question": "  other words \n", "answer": " yes "}])
    assert found == [PLAIN[0], (1, "other words", "yes"), *PLAIN[2:]]


def test_a_text_is_removed_and_comes_back_with_a_later_edit():
    assert said([{"slot": 0, "remove": True}]) == PLAIN[1:]
    again = [{"slot": 0, "remove": True}, {"slot": 0, "question": "back", "answer": "yes"}]
    assert said(again) == [(0, "back", "yes"), *PLAIN[1:]]


def test_a_real_question_takes_the_place_by_its_number():
    asked = []

    def drawn(edit, texts):
        asked.append((edit.slot, edit.real, len(texts)))
        return Example(question_prompt("real"), "true")

    assert said([{"slot": 3, "real": 7}], drawn) == [*PLAIN[:3], (3, "real", "true")]
    assert asked == [(3, 7, 4)]


def test_the_last_edit_of_a_slot_counts():
    assert said([{"slot": 1, "question": word, "answer": "x"} for word in "abc"])[1] == (1, "c", "x")


def test_blanks_at_the_seams_of_prompts_of_ones_own_stay():
    own = Text.of(0, Example("Say it.\n", " yes\n", between=""))
    [changed] = with_edits([own], read_edits([{"slot": 0, "question": "Say no.", "answer": " no"}], 1), nothing)
    assert changed.example == Example("Say no.\n", " no\n", between="")
    [same] = with_edits([own], read_edits([{"slot": 0, "question": "Say it.", "answer": "yes"}], 1), nothing)
    assert same == own


def test_a_conversation_keeps_its_turns_until_its_question_changes():
    turns = (("user", "Hi"), ("assistant", "Hello"), ("user", "Why?"))
    chat = Text.of(0, Example(question_prompt("Hi\n\nWhy?"), "so", turns=turns))
    [other] = with_edits([chat], read_edits([{"slot": 0, "question": "Hi\n\nWhy?", "answer": "no"}], 1), nothing)
    assert (other.example.turns, other.answer) == (turns, "no")
    [asked] = with_edits([chat], read_edits([{"slot": 0, "question": "Who?", "answer": "I"}], 1), nothing)
    assert asked.example == Example(question_prompt("Who?"), "I", turns=(("user", "Who?"),))


def test_the_words_around_a_question_stay():
    usual = Text.of(0, Example(question_prompt("Why?"), "so"))
    assert (usual.question, usual.example) == ("Why?", Example("Question: Why?\nAnswer:", "so"))
    other = Text.of(0, Example("The following are\n\nWhy?\nA. so\nAnswer:", "A"))
    assert other.question == "The following are\n\nWhy?\nA. so"
    [changed] = with_edits([other], read_edits([{"slot": 0, "question": "Who?", "answer": "B"}], 1), nothing)
    assert changed.example == Example("Who?\nAnswer:", "B")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "not a list"),
        ({"slot": 0, "remove": True}, "not a list"),
        ([{}] * (MOST_EDITS + 1), "201 edits"),
        (["remove"], "Edit 1 does not refer to a text"),
        ([{"slot": 4, "remove": True}], "Edit 1 does not refer to a text"),
        ([{"slot": -1, "remove": True}], "does not refer to a text"),
        ([{"slot": True, "remove": True}], "does not refer to a text"),
        ([{"slot": 0, "remove": True}, {"slot": "0", "remove": True}], "Edit 2 does not refer to a text"),
        ([{"slot": 0}], "Edit 1 cannot be read"),
        ([{"slot": 0, "remove": False}], "cannot be read"),
        ([{"slot": 0, "remove": True, "real": 1}], "cannot be read"),
        ([{"slot": 0, "real": 1.5}], "cannot be read"),
        ([{"slot": 0, "real": -1}], "cannot be read"),
        ([{"slot": 0, "question": "x"}], "cannot be read"),
        ([{"slot": 0, "question": " \n ", "answer": "x"}], "The text is empty"),
        ([{"slot": 0, "question": 5, "answer": "x"}], "The text is empty"),
        ([{"slot": 0, "question": "x", "answer": ""}], "The answer is empty"),
        ([{"slot": 0, "question": "x" * 4001, "answer": "x"}], "4,001 characters"),
        ([{"slot": 0, "question": "x", "answer": "\ud83d"}], "surrogate"),
        ([{"slot": slot, "remove": True} for slot in range(4)], "All texts are removed"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(given, message):
    with pytest.raises(UserError, match=message):
        said(given)


def test_a_file_of_edits_is_json():
    assert edits_file('[{"slot": 0, "remove": true}]') == [{"slot": 0, "remove": True}]
    for text in ("", "[", "[" * 100_000):
        with pytest.raises(UserError, match="no JSON"):
            edits_file(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no texts yet"),
        ("", "no texts yet"),
        ("{}\n", "cannot be read"),
        ('{"prompt": 1, "answer": ""}\n', "read"),
    ],
)
def test_a_run_without_texts_is_refused_in_words(tmp_path, text, message):
    if text is not None:
        (tmp_path / "distilled.jsonl").write_text(text)
    with pytest.raises(UserError, match=message):
        texts_of(RunDir(tmp_path))


def test_the_page_needs_no_torch_for_edits():
    code = "import sys, backend.studies.text_distillation.edits; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
