"""Captions of Pocket Pictures: true of their scene, loose as often as asked, and each word about what it names."""

import random
from itertools import pairwise

import pytest

from backend.pocket.pictures.caption import Caption, Claim, Word, fits, where
from backend.pocket.pictures.drawing import truth
from backend.pocket.pictures.pairs import CHOICES, pair
from backend.pocket.pictures.relations import OPPOSITE, RELATIONS, holding
from backend.pocket.pictures.telling import tell
from backend.pocket.pictures.thing import article, plural
from backend.pocket.pictures.things import HELD_OUT, THINGS
from backend.pocket.pictures.words import meanings, vocabulary


@pytest.fixture(scope="module")
def pairs():
    return [pair("train", number) for number in range(2400)]


@pytest.fixture(scope="module")
def elsewhere():
    return [pair(split, number) for split in CHOICES for number in range(100)]


def about(caption: Caption) -> set[tuple[str, tuple[int, ...]]]:
    return {(word.role, word.members) for word in caption.words if word.members}


def test_every_caption_is_true_of_its_own_scene(pairs, elsewhere):
    assert all(fits(one.caption, one.scene) for one in pairs + elsewhere)


def test_there_are_two_thousand_different_captions(pairs):
    assert len({one.caption.text for one in pairs}) >= 2000


def test_captions_have_no_word_outside_the_vocabulary(pairs, elsewhere):
    used = {word.text for one in pairs + elsewhere for word in one.caption.words}
    assert used <= set(vocabulary())
    assert len(used) > 0.9 * len(vocabulary())
    assert all(" " not in word.text for one in pairs for word in one.caption.words)


def test_nobody_learns_the_name_of_a_held_out_thing(elsewhere):
    names = {word for name in HELD_OUT for noun in (name, *THINGS[name].synonyms) for word in (noun, plural(noun))}
    assert not names & set(vocabulary())
    assert not names & {word.text for one in elsewhere for word in one.caption.words}


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 1.0])
def test_the_share_of_loose_captions_is_what_was_asked(share):
    loose = [pair("validation", number, loose=share).caption.loose for number in range(500)]
    assert abs(sum(loose) / len(loose) - share) < 0.065  # three standard errors at 0.3 are 0.061
    assert share not in (0.0, 1.0) or set(loose) == {bool(share)}


def test_a_caption_that_is_not_loose_tells_every_group_and_a_loose_one_less(pairs):
    for one in pairs:
        caption, groups = one.caption, one.scene.groups
        told = {word.members for word in caption.words if word.role == "name"}
        all_names = told == {group.members for group in groups}
        full = all_names and all(claim.colour and claim.number for claim in caption.claims)
        related = len(groups) < 2 or caption.relation or len(caption.claims) < 2 or not _first_two(one)
        assert bool(full and related) != caption.loose


def _first_two(one) -> tuple[str, ...]:
    """The relations that hold between the groups of the first two claims."""
    by_members = {group.members: group for group in one.scene.groups}
    nouns = [word.members for word in one.caption.words if word.role in ("name", "kind")]
    return holding(one.scene, by_members[nouns[0]], by_members[nouns[1]])


def test_loose_captions_fit_more_scenes():
    few = [pair("train", number, most=1) for number in range(120)]
    scenes = [one.scene for one in few[:60]]
    loose = [sum(fits(one.caption, scene) for scene in scenes) for one in few if one.caption.loose]
    precise = [sum(fits(one.caption, scene) for scene in scenes) for one in few if not one.caption.loose]
    assert sum(loose) / len(loose) > 2 * sum(precise) / len(precise)


def test_a_relation_holds_between_the_drawn_boxes(pairs):
    seen = set()
    for one in pairs[:160]:
        found = truth(one.scene) if one.caption.relation else None
        if found is None:
            continue
        naming = one.caption.naming
        (left, top, right, bottom), (left2, top2, right2, bottom2) = (
            where(one.caption, position, found)[1] for position in naming[:2]
        )
        holds = {
            "above": bottom <= top2,
            "below": top >= bottom2,
            "left of": right <= left2,
            "right of": left >= right2,
        }
        assert holds[one.caption.relation]
        seen.add(one.caption.relation)
    assert seen == set(RELATIONS)


def test_what_is_above_has_the_other_below(pairs):
    for one in pairs[:160]:
        groups = one.scene.groups
        for first, second in pairwise(groups):
            assert {OPPOSITE[name] for name in holding(one.scene, first, second)} == set(
                holding(one.scene, second, first)
            )


def test_a_words_box_and_mask_are_those_of_the_things_it_names(pairs):
    for one in pairs[:50]:
        found = truth(one.scene)
        for position in one.caption.naming:
            word = one.caption.words[position]
            things = {one.scene.things[number].thing for number in word.members}
            nouns = {noun: noun_things for noun, noun_things in meanings().items()}
            assert any(things <= nouns[noun] for noun in nouns if word.text in (noun, plural(noun)))
            mask, (left, top, right, bottom) = where(one.caption, position, found)
            assert mask.sum() == sum(found.masks[number].sum() for number in word.members)
            assert mask.sum() == mask[top:bottom, left:right].sum() > 0
    with pytest.raises(ValueError, match="no thing"):
        where(Caption((Word("and"),), (), None, None, False), 0, found)


def test_a_wrong_colour_number_noun_relation_or_ground_does_not_fit():
    told = (pair("train", number, loose=0.0) for number in range(500))
    one = next(one for one in told if len(one.scene.groups) == 2 and one.caption.relation)
    caption = one.caption
    first = caption.claims[0]
    others = (
        Claim(first.noun, "none", first.number),
        Claim(first.noun, first.colour, first.number + 1),
        Claim("ring" if "ring" not in {g.thing for g in one.scene.groups} else "oak", first.colour, first.number),
    )
    for claim in others:
        wrong = Caption(caption.words, (claim, *caption.claims[1:]), caption.relation, caption.ground, False)
        assert not fits(wrong, one.scene)
    assert not fits(Caption((), caption.claims, OPPOSITE[caption.relation], None, False), one.scene)
    assert not fits(Caption((), caption.claims, None, "nowhere", False), one.scene)
    assert fits(Caption((), caption.claims[:1], None, None, True), one.scene)


def test_captions_of_one_scene_differ():
    scene = pair("train", 5).scene
    told = {tell(random.Random(seed), scene, 0.5).text for seed in range(40)}
    assert len(told) > 12


def test_nouns_have_the_plural_and_the_article_of_english():
    assert [plural(noun) for noun in ("cherry", "bus", "leaf", "fish", "brush", "key")] == [
        "cherries",
        "buses",
        "leaves",
        "fish",
        "brushes",
        "keys",
    ]
    assert [article(phrase) for phrase in ("owl", "umbrella", "blue owl")] == ["an", "an", "a"]
