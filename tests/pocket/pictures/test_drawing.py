"""Pocket Pictures, drawn: every thing by every hand, the same picture for the same scene, and where things are seen."""

import ast
import random
from itertools import combinations
from pathlib import Path

import numpy as np

from backend.pocket.pictures.drawing import SIDE, draw, truth
from backend.pocket.pictures.grounds import GROUNDS
from backend.pocket.pictures.hands import HANDS, paint
from backend.pocket.pictures.pairs import pair
from backend.pocket.pictures.parts import placed, polygon
from backend.pocket.pictures.scene import CANVAS, Placed, Scene
from backend.pocket.pictures.things import HELD_OUT, KNOWN, THINGS

HOME = Path(__file__).parents[3] / "backend" / "pocket" / "pictures"


def alone(thing: str, hand: str, **more) -> Scene:
    """One thing in red in the middle of paper."""
    return Scene((Placed(thing, "red", 0, 8, 8, CANVAS - 16, **more),), hand, "paper")


def test_there_are_at_least_sixty_things_and_six_hands():
    assert len(THINGS) >= 60 and len(HANDS) == 6
    assert set(KNOWN) | set(HELD_OUT) == set(THINGS) and not set(KNOWN) & set(HELD_OUT)


def test_every_thing_by_every_hand_differs_from_every_other():
    shown = {(thing, hand): draw(alone(thing, hand)).astype(int) for thing in THINGS for hand in HANDS}
    flat = np.stack([picture.reshape(-1) for picture in shown.values()])
    for number in range(len(flat)):
        apart = np.abs(flat[number + 1 :] - flat[number]).max(axis=1, initial=0)
        assert (apart > 40).all(), list(shown)[number]


def test_a_scene_is_drawn_alike_each_time_and_in_the_size_asked_for():
    scene = pair("train", 3).scene
    assert np.array_equal(draw(scene), draw(scene))
    assert draw(scene).shape == (SIDE, SIDE, 3) and draw(scene).dtype == np.uint8
    assert draw(scene, 16).shape == (16, 16, 3)


def test_drawing_one_picture_leaves_the_ground_of_the_next_untouched():
    scene = alone("car", "flat")
    before = draw(scene)
    draw(alone("oak", "blob"))
    assert np.array_equal(before, draw(scene))


def test_a_box_holds_all_that_a_thing_changes_on_its_ground():
    for number in range(60):
        scene = pair("train", number).scene
        if scene.hand == "shaded":
            continue  # the shadow is no part of the thing
        bare = draw(Scene((), scene.hand, scene.ground, scene.variant))
        changed = (draw(scene) != bare).any(axis=2)
        for left, top, right, bottom in truth(scene).boxes:
            assert right > left and bottom > top
            changed[top:bottom, left:right] = False
        assert not changed.any()


def test_a_mask_lies_in_its_box_and_no_two_masks_have_a_pixel_in_common():
    for number in range(60):
        found = truth(pair("train", number).scene)
        for mask, (left, top, right, bottom) in zip(found.masks, found.boxes, strict=True):
            assert mask.any() and mask.sum() == mask[top:bottom, left:right].sum()
        assert found.masks.sum(axis=0).max() == 1


def test_a_thing_that_is_covered_is_seen_no_more():
    under, over = alone("circle", "flat").things[0], Placed("square", "blue", 1, 0, 0, CANVAS)
    found = truth(Scene((under, over), "flat", "paper"))
    assert found.masks[0].sum() == 0 and found.masks[1].sum() > 400
    assert found.boxes[0].tolist() == [0, 0, 0, 0]


def test_flipping_mirrors_and_turning_keeps_most_of_a_thing():
    straight, mirrored = draw(alone("fish", "flat")), draw(alone("fish", "flat", flip=True))
    apart = np.abs(mirrored[:, ::-1].astype(int) - straight)[2:-2, 3:-3]
    assert apart.mean() < 6 < np.abs(mirrored.astype(int) - straight).mean()
    turned = truth(alone("fish", "flat", turn=12)).masks[0]
    assert 0.7 < turned.sum() / truth(alone("fish", "flat")).masks[0].sum() < 1.3


def test_what_is_turned_stays_in_its_square():
    for turn in (-12, 12):
        for thing in THINGS.values():
            tile = np.asarray(paint(thing.parts, thing.colours[0], "flat", 96, turn=turn).getchannel("A"))
            cut = np.concatenate([tile[0], tile[-1], tile[:, 0], tile[:, -1]])
            assert (cut > 0).sum() <= 30, thing.name


def test_places_come_from_whole_numbers():
    for name in ("parts", "hands", "grounds", "scene", "drawing"):
        tree = ast.parse((HOME / f"{name}.py").read_text(encoding="utf-8"))
        assert not any(isinstance(node, ast.Div) for node in ast.walk(tree)), name
    (_, corners, width), *_ = placed((polygon("main", 0, 0, 100, 0, 100, 100),), 64, 4, False, 0)
    assert corners == [(4, 4), (60, 4), (60, 60)] and width == 0


def test_every_colour_that_scenes_have_can_be_told_from_the_ground():
    rng = random.Random(0)
    for number in rng.sample(range(5000), 80):
        scene = pair("train", number).scene
        assert not {placed.colour for placed in scene.things} & set(GROUNDS[scene.ground].lost)


def test_no_two_things_are_made_of_the_same_parts():
    assert not [(a.name, b.name) for a, b in combinations(THINGS.values(), 2) if a.parts == b.parts]
