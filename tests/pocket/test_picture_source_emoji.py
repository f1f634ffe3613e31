"""The user's atlas of emoji as a source; here one of a few dozen squares that nobody drew."""

import numpy as np
import pytest

from backend.errors import UserError
from backend.pocket.picture_source_emoji import dealt, words_of
from backend.pocket.picture_sources import SourceConfig, open_source
from backend.pocket.pictures import emoji
from backend.pocket.pictures.emoji_sources import VENDORS, Concept

COLOURS = ("red", "green", "blue", "grey", "pink", "gold")
KINDS = ("cat", "dog", "car", "bus", "egg", "pie", "sun", "star", "key", "pen")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sixty emoji by six vendors, each a colour and a kind; the other words of one are signs alone."""
    labels = [f"{colour} {kind}" for colour in COLOURS for kind in KINDS]
    tags = [(label.split()[1], "thing") if number else (":)",) for number, label in enumerate(labels)]
    groups = ["food" if label.endswith(("egg", "pie")) else "objects" for label in labels]
    concepts = tuple(Concept(*one) for one in zip(labels, tags, groups, strict=True))
    drawings = tuple(emoji.Drawing(concept, vendor) for concept in range(len(labels)) for vendor in VENDORS)
    pixels = np.arange(len(drawings), dtype=np.uint8)[:, None, None, None] + np.zeros((1, 32, 32, 3), dtype=np.uint8)
    target = tmp_path_factory.mktemp("atlas")
    emoji._write(emoji.Atlas(pixels, drawings, concepts), [], target)
    return target


@pytest.fixture(scope="module")
def source(folder):
    return open_source(SourceConfig(world="emoji", data_dir=str(folder), loose=0.5, pairs=100, seed=2))


def test_every_drawing_is_in_one_split_and_each_seen_emoji_has_one_in_the_test(source):
    parts = dealt(source.atlas)
    numbers = [number for part in parts.values() for number in part]
    assert sorted(numbers) == list(range(len(source.atlas.drawings)))
    of = source.atlas.drawings
    seen = {of[number].concept for number in parts["train"]}
    assert [of[number].concept for number in parts["drawings"]] == sorted(seen)
    assert 0 < len(parts["validation"]) < len(seen)
    assert seen.isdisjoint(of[number].concept for number in parts["things"]) and parts["things"]
    assert {of[number].vendor for number in parts["hand"]} == {emoji.HELD_OUT_VENDOR}
    assert all(of[number].vendor != emoji.HELD_OUT_VENDOR for number in parts["train"] + parts["drawings"])


def test_captions_are_true_of_the_emoji_they_were_told_of(source):
    pool = source.pool()
    assert len(pool) == 100
    assert all(source.fits(pool.texts[text], row) for row in range(100) for text in pool.said[row])
    strict = open_source(SourceConfig(world="emoji", data_dir=source.config.data_dir, loose=0.0, pairs=100, seed=2))
    names = {strict._concept(number).label for number in strict._train}
    told = {text.removeprefix("a picture of ").removeprefix("an emoji of ") for text in strict.pool().texts}
    assert told == names


def test_other_words_fit_every_emoji_that_has_them_and_a_name_one_alone(source):
    texts = [text for text in source.pool().texts if "thing" in words_of(text)]
    row = next(row for row in range(100) if source.fits(texts[0], row))
    assert source.true(texts[:1], list(range(100))).sum() > 6  # more than the vendors of one
    label = source._concept(source._train[row]).label
    source._phrases[label] = label
    assert {source._concept(source._train[r]).label for r in range(100) if source.fits(label, r)} == {label}


def test_names_of_the_held_out_emoji_are_made_of_words_that_training_has(source):
    held, seen = source.split("things"), source.split("drawings")
    assert set(held.classes).isdisjoint(seen.classes)
    assert all(words_of(name) <= set(source.words()) for name in held.classes)
    assert held.right.sum(1).eq(1).all() and seen.right.sum(1).eq(1).all()
    assert len(seen) == len(seen.classes)


def test_more_pictures_than_the_atlas_has_are_remarked_on_and_sides_resampled(folder):
    found = open_source(SourceConfig(world="emoji", data_dir=str(folder), side=48))
    assert "4000 training pictures were asked for" in found.remarks[0]
    assert found.told().pixels.shape[1:] == (48, 48, 3) and found.split("hand").pixels.shape[1] == 48


def test_emoji_of_some_groups_alone_can_be_asked_for(folder):
    found = open_source(SourceConfig(world="emoji", data_dir=str(folder), groups=("food",)))
    assert {label.split()[1] for label in found.split("drawings").classes} == {"egg", "pie"}
    whole = open_source(SourceConfig(world="emoji", data_dir=str(folder)))
    ours, all_of_them = found.split("hand"), whole.split("hand")
    for text, pixels in zip(ours.texts, ours.pixels, strict=True):
        assert (all_of_them.pixels[all_of_them.texts.index(text)] == pixels).all()
    with pytest.raises(UserError, match=r"group 'cars'.*food, objects"):
        open_source(SourceConfig(world="emoji", data_dir=str(folder), groups=("cars",)))


def test_without_an_atlas_it_says_how_to_build_one(tmp_path):
    with pytest.raises(UserError, match="pictures emoji --from"):
        open_source(SourceConfig(world="emoji", data_dir=str(tmp_path)))
