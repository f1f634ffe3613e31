"""The simplest scenes: slots, prompts there and back, and pictures that show what the slots say."""

import numpy as np
import pytest

from backend.errors import UserError
from backend.pocket.pictures.drawing import draw, truth
from backend.pocket.pictures.prompts import read_prompt
from backend.pocket.pictures.relations import holding
from backend.pocket.pictures.simple import SLOTS, Simple, Sort, draw_simple, staged

TWO = Simple(Sort(2, "circle", "red"), "above", Sort(1, "square", "blue"), "sand")


@pytest.fixture(scope="module")
def drawn():
    return [draw_simple(0, number) for number in range(400)]


def test_a_prompt_reads_as_the_issue_wants_it():
    assert TWO.prompt() == "two red circles above a blue square, sand"
    assert TWO.prompt(reverse=True) == "a blue square below two red circles, sand"
    assert Simple(Sort(3, "star", "grey"), "alone", None, "night").prompt() == "three grey stars, night"


def test_every_prompt_reads_back_to_its_scene_in_both_orders(drawn):
    for simple in drawn:
        assert read_prompt(simple.prompt()) == simple == read_prompt(simple.prompt(reverse=True))


def test_two_ways_to_say_a_scene_have_one_set_of_slots():
    ways = ("the blue square under two red circles on sand", "SAND: two red circles over a blue square")
    assert {read_prompt(way).slots() for way in ways} == {TWO.slots()}


def test_slots_stay_in_range_and_tell_scenes_apart(drawn):
    slots = np.array([simple.slots() for simple in drawn])
    assert (slots >= 0).all() and (slots < np.array(list(SLOTS.values()))).all()
    assert (slots.max(axis=0) == np.array(list(SLOTS.values())) - 1).all()
    assert len({simple.slots() for simple in drawn}) == len(set(drawn))


def test_a_seed_and_number_give_one_picture_and_other_places_another():
    first = draw(staged(TWO, 0, 5), 16)
    assert np.array_equal(first, draw(staged(TWO, 0, 5), 16)) and first.shape == (16, 16, 3)
    assert not np.array_equal(first, draw(staged(TWO, 0, 6), 16))


def test_the_picture_has_the_things_the_relation_and_the_ground(drawn):
    for number, simple in enumerate(drawn[:150]):
        scene = staged(simple, 0, number)
        sorts = [sort for sort in (simple.first, simple.second) if sort]
        assert [(g.thing, g.colour, len(g.members)) for g in scene.groups] == [
            (sort.shape, sort.colour, sort.count) for sort in sorts
        ]
        assert scene.ground == simple.ground
        assert simple.second is None or simple.relation in holding(scene, *scene.groups)
    assert all(mask.sum() > 8 for mask in truth(staged(TWO, 0, 1), 16).masks)


@pytest.mark.parametrize(
    "prompt, told",
    [
        ("a red dragon above a blue sqare", "dragon, sqare"),
        ("", "cannot be drawn"),
        ("a circle", "cannot be drawn"),
        ("a red circle and a blue square", "cannot be drawn"),
        ("a red circle above", "cannot be drawn"),
        ("above a red circle", "cannot be drawn"),
        ("three red circles above a blue star", "cannot be drawn"),
        ("a red circle above a blue star left of a pink heart", "cannot be drawn"),
        ("a red circle, sand, night", "cannot be drawn"),
    ],
)
def test_a_prompt_that_cannot_be_drawn_says_why(prompt, told):
    with pytest.raises(UserError, match=told):
        read_prompt(prompt)
