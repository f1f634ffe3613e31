"""What a question of the bundled world asks, whether an answer is true, and who asks it."""

import pytest

from backend.pocket.asked import facts_of, splits_of, verdict
from backend.pocket.questions import science_questions, second_test
from benchmarks.written_texts import counted


def test_every_question_of_the_world_is_read_and_only_its_right_option_is_true():
    asked = [(split, question) for split, questions in science_questions().items() for question in questions]
    for split, question in [*asked, *(("test", question) for question in second_test())]:
        assert question.fact in facts_of(question.text) and split in splits_of(question.text)
        found = [verdict(question.text, option) for option in question.options]
        assert found[question.answer] == "true"
        assert set(found) == {"true", "false"}


def test_a_question_in_other_words_is_not_read():
    assert facts_of("Whose young is a fry?") == () and splits_of("Whose young is a fry?") == set()
    assert verdict("Whose young is a fry?", "trout") == "unreadable"


@pytest.mark.parametrize("kind", ["written", "data set"])
def test_texts_are_counted_by_what_they_state(kind):
    texts = [
        ("What is the young of a trout called?", "fry"),
        ("What is the young of a trout called?", "calf"),
        ("What?", "fry"),
    ]
    if kind == "written":
        rows = [{"question": question, "answer": answer, "outcome": "taken"} for question, answer in texts]
    else:
        rows = [
            {"prompt": f"Question: {question}\nAnswer:", "answer": answer, "provenance": {"verbatim": False}}
            for question, answer in texts
        ]
    [(name, found)] = counted(rows).items()
    assert name == ("taken" if kind == "written" else "made")
    assert [found[what] for what in ("texts", "true", "false", "unreadable")] == [3, 1, 1, 1]
    assert sum(found[split] for split in ("train", "validation", "test")) == 2
