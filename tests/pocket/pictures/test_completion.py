"""Completion: every word that is offered leads to a prompt that can be drawn, and what is not known is named."""

import random

import pytest

from backend.pocket.pictures.completion import complete
from backend.pocket.pictures.prompts import read_prompt
from backend.pocket.pictures.simple import COLOURS, GROUNDS, draw_simple


def test_from_nothing_any_walk_along_the_offered_words_ends_in_a_prompt_that_can_be_drawn():
    rng, ends = random.Random(0), set()
    for _ in range(300):
        text = ""
        while follows := complete(text).follows:
            assert len(text.split()) < 20
            text += f"{rng.choice(follows)} "
        assert complete(text).whole
        ends.add(read_prompt(text).relation)
    assert ends == {"alone", "above", "left of"}


def test_every_canonical_prompt_is_reached_by_offered_words_and_is_whole():
    for number in range(200):
        scene = draw_simple(3, number)
        for prompt in (scene.prompt(), scene.prompt(reverse=True)):
            words, text = prompt.replace(",", "").split(), ""
            for word in words:
                assert word in complete(text).follows, (prompt, text)
                text += f"{word} "
            assert complete(prompt).whole and not complete(prompt).unknown


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        ("two ", COLOURS),
        ("two r", ("red",)),
        ("two red circle", ("circles",)),
        ("two red circles to the le", ("left",)),
        ("two red circles to the left", ("of",)),
        ("a red circle, ", ("above", "over", "below", "under", "left", "right", *GROUNDS)),
        ("three red circles ", GROUNDS),
        ("a red circle above a red ", ("square", "triangle", "star", "heart")),
        ("a red circle above a blue square, sand", ()),
    ],
)
def test_what_may_follow(text, follows):
    assert complete(text).follows == follows


@pytest.mark.parametrize("text", ["circle ", "a red circle sand night ", "above ", "three red circles above "])
def test_after_words_that_make_no_sense_nothing_is_offered(text):
    assert complete(text).follows == () and not complete(text).whole


def test_unknown_words_are_named_and_a_word_that_is_being_typed_is_not():
    assert complete("two mauve elephants on sand").unknown == ("elephants", "mauve")
    assert complete("two re").unknown == ()
    assert complete("two rx").unknown == ("rx",)
    assert complete("").follows[:3] == ("a", "one", "two")
