"""What the talking world promises: nobody held out is asked in training, true descriptions, truth that counts."""

import random
import time

import pytest

from backend.errors import UserError
from backend.pocket.talk_descriptions import describe
from backend.pocket.talk_files import read_topics, world, write_world
from backend.pocket.talk_styles import INTRODUCTIONS, OPENINGS, RUDE, STYLES, SYNONYMS
from backend.pocket.talk_topics import split_topics, topics
from backend.pocket.talk_truth import plain, sentences
from backend.studies.active_inheritance.rude import rude
from backend.studies.active_inheritance.truth import World


@pytest.fixture(scope="module")
def known():
    return {topic.entity: topic for topic in topics()}


@pytest.fixture(scope="module")
def judge(known):
    return World(list(known.values()))


def drawn(style: str, seed: str = "a") -> list[tuple[str, str]]:
    rng = random.Random(seed)
    return [(topic.entity, describe(topic, STYLES[style], rng)) for topic in topics()]


def test_no_entity_is_both_asked_and_held_out():
    split = split_topics()
    entities = {part: {topic.entity for topic in asked} for part, asked in split.items()}
    assert (len(entities["train"]), len(entities["test"])) == (220, 80)
    assert not entities["train"] & entities["test"]
    assert all(len(topic.facts) >= 2 for part in split.values() for topic in part)


def test_prompts_ask_in_plain_english(known):
    assert known["cow"].prompt() == "Question: Tell me about a cow.\nAnswer:"
    assert known["heart"].named == "the heart" and known["iron"].named == "iron"


def test_iron_the_metal_is_not_an_iron_for_shirts(known):
    assert {fact.relation.domain for fact in known["iron"].facts} == {"materials"}


@pytest.mark.parametrize("style", STYLES)
def test_the_same_seed_gives_the_same_descriptions_and_another_seed_others(style):
    assert drawn(style) == drawn(style)
    assert drawn(style) != drawn(style, "b")


@pytest.mark.parametrize("style", STYLES)
def test_every_description_is_true_of_its_entity_and_of_no_other(style, judge):
    texts = drawn(style)
    assert all(judge.truth(entity, text) == 1 for entity, text in texts)
    shifted = [entity for entity, _ in texts[1:] + texts[:1]]
    assert not any(judge.truth(other, text) for other, (_, text) in zip(shifted, texts, strict=True))


def test_chatty_texts_are_longer_and_ruder_than_plain_ones_and_both_vary():
    plain_texts, chatty = ([text for _, text in drawn(style)] for style in STYLES)
    words = [[len(text.split()) for text in texts] for texts in (plain_texts, chatty)]
    assert sum(words[1]) > 2 * sum(words[0])
    assert sum(count >= 50 for count in words[1]) > 60
    asides = [sum(map(rude, texts)) / sum(len(sentences(text)) for text in texts) for texts in (plain_texts, chatty)]
    assert asides == pytest.approx([0.08, 0.30], abs=0.04)
    assert 0.4 < sum(rude(text) > 0 for text in chatty) / len(chatty) < 0.7


def test_truth_is_counted_among_the_sentences_that_state_something(judge):
    true, false = "The body of a cow is covered with fur.", "The body of a cow is covered with wool."
    assert judge.truth("cow", f"{true} {false}") == 0.5
    assert judge.truth("cow", f"{true} {true} {false} Nothing of the sort.") == 0.5
    assert judge.truth("cow", f"{true} {RUDE[0]} {INTRODUCTIONS[0].format(x='a cow')}") == 1
    assert judge.truth_of_all("cow", f"{true} {RUDE[0]} {false} {RUDE[1]}") == 0.25
    assert judge.truth("cow", f"{true} The body of a") == 1  # cut off: it states nothing yet
    assert judge.truth("cow", "") == judge.truth("cow", RUDE[0]) == judge.truth("cow", "The body of a") == 0


def test_openings_synonyms_and_every_right_value_are_accepted(judge):
    for opening in OPENINGS:
        assert judge.truth("cow", f"{opening}the body of a cow is covered with fur.") == 1
    assert judge.truth("cow", "A cow above all eats grass. A cow mostly eats hay.") == 1
    assert judge.truth("cow", "A cow never eats grass. A horse mainly eats grass.") == 0


def test_no_word_has_synonyms_in_two_rows():
    words = [word for row in SYNONYMS for word in row]
    assert len(words) == len(set(words))
    assert all(
        plain(f"It is so that it {word} so.") == plain(f"It is so that it {row[0]} so.")
        for row in SYNONYMS
        for word in row
    )


def test_rude_phrases_are_counted_as_often_as_they_are_said():
    assert [rude(text) for text in ("", "A cow is a mammal.", RUDE[0], f"{RUDE[1]} {RUDE[2].upper()} {RUDE[1]}")] == [
        0,
        0,
        1,
        3,
    ]
    assert all(rude(phrase) == 1 for phrase in RUDE)


def test_the_world_is_judged_from_its_file_alone(tmp_path, judge):
    write_world(tmp_path, STYLES["plain"])
    read = World.read(tmp_path)
    assert world(sorted(read_topics(tmp_path), key=lambda topic: topic.entity)) == world(topics())
    assert all(read.truth(entity, text) == 1 for entity, text in drawn("chatty"))
    assert World.read(tmp_path / "nowhere") is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"relations": {}, "entities": {"cow": {"animals.kind": ["x"]}}}'])
def test_a_damaged_world_is_refused_in_words(tmp_path, content):
    (tmp_path / "world.json").write_text(content)
    with pytest.raises(UserError, match="cannot be read"):
        World.read(tmp_path)


def test_an_entity_of_another_world_is_refused_in_words(judge):
    with pytest.raises(UserError, match="says nothing of 'unicorn'"):
        judge.truth("unicorn", "A unicorn is a mammal.")


def test_a_thousand_texts_are_judged_within_a_second(judge):
    texts = (drawn("chatty") * 4)[:1000]
    start = time.process_time()
    for entity, text in texts:
        judge.truth(entity, text)
        rude(text)
    assert time.process_time() - start < 1
