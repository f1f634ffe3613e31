"""The fixed prompts: the same everywhere, none twice, and no scene in two splits."""

import pytest

from backend.pocket.drawing.judge_lesson import FRESH
from backend.pocket.drawing.judge_lesson import SEEDS as JUDGES
from backend.pocket.drawing.pool import SEEDS as POOL
from backend.pocket.drawing.prompts_fixed import COUNTS, HASH, SEEDS, fixed, fixed_hash, posters
from backend.pocket.pictures.prompts import read_prompt
from backend.pocket.pictures.simple import RELATIONS


def test_they_are_the_ones_whose_hash_is_on_record():
    assert fixed_hash() == HASH


@pytest.mark.parametrize("split", COUNTS)
def test_a_prompt_means_its_scene_and_every_three_have_one_of_each_relation(split):
    asked = fixed(split)
    assert len(asked) == COUNTS[split]
    assert all(read_prompt(one.prompt) == one.scene for one in asked)
    relations = [one.scene.relation for one in asked]
    assert all(set(relations[k : k + 3]) == set(RELATIONS) for k in range(0, len(asked) - 2, 3))


def test_no_scene_and_no_noise_is_there_twice_nor_in_two_splits():
    everything = [one for split in COUNTS for one in fixed(split)]
    assert len({one.scene for one in everything}) == len({one.noise for one in everything}) == len(everything)
    assert not {one.noise for one in posters()} & {one.noise for one in everything}


def test_fewer_are_the_first_ones():
    assert fixed("test", 5) == fixed("test")[:5]


def test_posters_show_every_relation_and_ground():
    scenes = [one.scene for one in posters()]
    assert {scene.relation for scene in scenes} == set(RELATIONS)
    assert len({scene.ground for scene in scenes}) == 3 and len(scenes) == 8


def test_training_has_other_seeds():

    assert SEEDS.items() <= POOL.items()
    assert len({*JUDGES.values(), *POOL.values(), FRESH}) == len(JUDGES) + len(POOL) + 1
