"""Lessons: their words fit the page's panels and controls, and in a real browser each can be walked to its end."""

import re
from pathlib import Path

import pytest

import components
from components.panels.lessons import SCRIPT, lessons

COMPONENTS = Path(components.__file__).parent


@pytest.fixture(scope="module")
def sources() -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in COMPONENTS.rglob("*.[pj][ys]"))


def test_there_are_five_with_different_names():
    assert len({lesson["name"] for lesson in lessons()}) == len(lessons()) == 5


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson["name"])
def test_a_lesson_is_short_has_one_question_and_points_at_panels_that_exist(lesson, sources):
    actions = SCRIPT.read_text(encoding="utf-8").partition("const actions = {")[2].partition("};\n")[0]
    known = re.findall(r"^  (\w+): \(", actions, re.MULTILINE)
    assert len(known) == 6 and 2 <= len(lesson["steps"]) <= 5
    for step in lesson["steps"]:
        assert len(step["text"].split()) <= 50, "one idea a step"
        assert ("formula" in step) == ("reads" in step)
        assert f'elem_id="{step["look"].removeprefix("#").partition(" ")[0]}' in sources
        for name, *rest in step.get("do", []):
            assert name in known
            for selector in rest:
                assert all(f'"{one}' in sources for one in re.findall(r"#([\w-]+)", selector))
    question = lesson["question"]
    assert 2 <= len(question["options"]) <= 4 and 0 <= question["answer"] < len(question["options"]) and question["why"]
    assert sum("formula" in step for step in lesson["steps"]) <= 1


def test_the_right_answer_is_not_always_in_the_same_place():
    assert len({lesson["question"]["answer"] for lesson in lessons()}) == 3
