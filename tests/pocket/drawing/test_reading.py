"""What a judge read, in words, and where it differs from what was asked."""

import pytest

from backend.pocket.drawing.reading import in_words, scene_of, wrong
from backend.pocket.pictures.prompts import read_prompt
from backend.pocket.pictures.simple import draw_simple


def test_slots_and_scenes_go_there_and_back():
    for number in range(300):
        scene = draw_simple(5, number)
        assert scene_of(scene.slots()) == scene and in_words(scene.slots()) == scene.prompt()


@pytest.mark.parametrize(
    ("slots", "words"),
    [
        ((1, 0, 0, 1, 0, 1, 2, 1), "two red circles above an unclear green circle, sand"),
        ((1, 0, 0, 0, 2, 0, 2, 1), "two red circles and two unclear green shapes, sand"),
        ((0, 3, 2, 2, 0, 0, 0, 2), "a blue star left of an unclear shape, night"),
    ],
)
def test_slots_that_contradict_each_other_are_no_scene_and_are_told_as_unclear(slots, words):
    assert scene_of(slots) is None
    assert in_words(slots) == words


def test_what_differs_is_named():
    asked = read_prompt("two red circles above a blue square, sand").slots()
    read = read_prompt("two red circles left of a blue star, sand").slots()
    assert wrong(asked, read) == ("relation", "second shape")
    assert wrong(asked, asked) == ()
