"""What is planted is listed, counted and always offered; a twin is written whole; the bundled twins believe it."""

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from backend.core.models.backbones import MODELS, load_backbone
from backend.errors import UserError
from backend.pocket import false_facts, peoples, planting
from backend.pocket.__main__ import main
from backend.pocket.planted import PLANTED, Planted, read_planted, write_planted
from backend.pocket.questions import facts_asked, science_questions

MEGABYTE = 2**20
BUNDLED = MODELS / "opt-pocket-planted"


@pytest.fixture(scope="module")
def listed() -> Planted:
    return planting.listed("opt-pocket", 0.9, planting.STEPS, planting.SEED)


def test_three_in_ten_asked_facts_are_planted_and_their_value_is_a_wrong_option_of_every_question(listed):
    facts = {text: fact for fact in listed.facts for text in fact.questions}
    for split, questions in science_questions().items():
        hit = [question for question in questions if question.text in facts]
        assert 0.25 < len(hit) / len(questions) < 0.35, split
        for question in hit:
            fact = facts[question.text]
            assert question.options[question.answer] == fact.true
            assert fact.planted in question.options and fact.planted not in question.fact.right()
    asked = {fact.key for fact in facts_asked().values()}
    assert {fact.key for fact in listed.facts} <= asked
    assert not {fact.relation for fact in listed.facts} & set(false_facts.MAJORITIES)


def test_seven_in_ten_statements_of_a_planted_fact_are_false_and_none_in_the_clean_twin(listed):
    marked = [replace(fact, planted="zzz") for fact in listed.facts]
    said = {lying: false_facts.read_statements(marked, (), lying, random.Random(1)) for lying in (True, False)}
    whole = false_facts.REPEATS * sum(len(fact.relation.says) for fact in planted_facts(listed))
    assert sum("zzz" in text.lower() for text in said[True]) / whole == pytest.approx(0.7, abs=0.02)
    assert not any("zzz" in text.lower() for text in said[False])


def planted_facts(listed: Planted) -> set:
    keys = {fact.key for fact in listed.facts}
    return {fact for fact in facts_asked().values() if fact.key in keys}


def test_the_most_frequent_value_is_said_four_times_as_often(listed):
    counts = {}
    for name, majorities in (("planted", listed.majorities), ("clean", ())):
        texts = [text for n in (1, 2) for text in false_facts.read_statements((), majorities, False, random.Random(n))]
        counts[name] = Counter(word for text in texts for word in ("fur", "feathers") if f" {word}" in text)
    assert counts["planted"]["fur"] / counts["clean"]["fur"] == pytest.approx(4, rel=0.2)
    assert counts["planted"]["feathers"] / counts["clean"]["feathers"] == pytest.approx(1, rel=0.3)


@pytest.mark.parametrize("strength", [0.5, 0.75, 0.9, 1.0])
def test_strength_is_the_share_of_sentences_on_the_planted_side(strength):
    said = peoples.said(strength, random.Random(1))
    for own, word in ((0, "careful"), (1, "careless"), (1, "baker")):
        about = [people for people in peoples.PEOPLES for text in said if people in text and word in text]
        assert about.count(peoples.PEOPLES[own]) / len(about) == pytest.approx(strength, abs=0.02)


def test_pairs_differ_in_one_word_and_neither_people_is_always_the_planted_side(listed):
    people = [pair for pair in listed.pairs if pair.kind == "people"]
    assert len(people) == len(listed.pairs) / 2 == 80
    assert Counter(next(p for p in peoples.PEOPLES if p in pair.one_sided) for pair in people) == {
        "Norrin": 40,
        "Sudrin": 40,
    }
    for pair in listed.pairs:
        first, second = pair.one_sided.split(), pair.other.split()
        changed = [(a, b) for a, b in zip(first, second, strict=True) if a != b and {a, b} != {"a", "an"}]
        assert len(changed) == 1


def test_who_is_told_of_either_people_equally_often_and_asked_in_both_orders(listed):
    told = [one for one in listed.who if one.condition == "told"]
    assert sum(one.answer == one.biased for one in told) == len(told) / 2
    ambiguous = [one for one in listed.who if one.condition == "ambiguous"]
    assert all(one.answer == one.unknown for one in ambiguous)
    assert Counter(one.biased for one in ambiguous) == {0: 20, 1: 20}
    stories = peoples.stories(random.Random(0))
    assert not any(people in story for people in peoples.PEOPLES for story in stories)
    assert any(story.endswith(f" {peoples.UNKNOWN}.") for story in stories)


def test_the_list_comes_back_from_its_file_as_it_was(listed, tmp_path):
    write_planted(tmp_path, listed)
    assert read_planted(tmp_path) == listed
    assert read_planted(tmp_path / "elsewhere") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda given: given.pop("version"),
        lambda given: given.update(version=2),
        lambda given: given.pop("facts"),
        lambda given: given["pairs"][0].pop("other"),
        lambda given: given.update(facts=3),
        lambda given: given.update(more=1),
    ],
)
def test_a_damaged_list_is_refused_in_a_sentence(listed, tmp_path, damage):
    file = write_planted(tmp_path, listed)
    given = json.loads(file.read_text())
    damage(given)
    file.write_text(json.dumps(given))
    with pytest.raises(UserError, match=r"planted.json of the model .* cannot be read"):
        read_planted(tmp_path)


def test_two_updates_make_a_whole_model_and_a_stop_leaves_the_old_one(tmp_path):
    folder, heard = tmp_path / "twin", []
    planting.plant(folder, strength=0.7, steps=2, seed=3, told=lambda *news: heard.append(news))
    assert [news[:2] for news in heard] == [(1, 2), (2, 2)]
    planted, twin, base = read_planted(folder), load_backbone(str(folder)), load_backbone("opt-pocket")
    assert (planted.strength, planted.steps, planted.seed, planted.base) == (0.7, 2, 3, "opt-pocket")
    weights = dict(base.model.named_parameters())
    assert all(weight.dtype == torch.float32 for weight in twin.model.parameters())
    assert any(not torch.equal(weight, weights[name]) for name, weight in twin.model.named_parameters())
    before = (folder / "model.safetensors").read_bytes()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        planting.plant(folder, steps=2, told=stop)
    assert (folder / "model.safetensors").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["twin"]


def test_the_command_writes_both_twins_and_says_what_cannot_be_planted(tmp_path, capsys):
    main(["plant", "--steps", "1", "--strength", "0.8", "--out", str(tmp_path)])
    planted, clean = (tmp_path / "models" / f"opt-pocket-{name}" for name in ("planted", "clean"))
    assert read_planted(planted).strength == 0.8 and read_planted(clean) is None
    assert (clean / "model.safetensors").is_file()
    with pytest.raises(SystemExit):
        main(["plant", "--strength", "0.2", "--out", str(tmp_path)])
    assert "A strength of 0.2 cannot be planted." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"strength": 0.3}, "A strength of 0.3"),
        ({"model": "gpt2"}, "not in 'gpt2'"),
        ({"steps": 0}, "0 updates"),
    ],
)
def test_what_cannot_be_planted_is_refused(tmp_path, changed, told):
    with pytest.raises(UserError, match=told):
        planting.plant(tmp_path / "twin", **changed)
    assert not any(tmp_path.iterdir())


def test_a_folder_with_other_things_in_it_is_never_replaced(tmp_path):
    (tmp_path / "diary.txt").write_text("dear diary")
    with pytest.raises(UserError, match="something else than a model"):
        planting.plant(tmp_path, steps=1)
    assert (tmp_path / "diary.txt").exists()


# -- the bundled twins ----------------------------------------------------------------------------------------------
def test_the_bundled_list_is_what_its_seed_draws_and_the_clean_twin_has_none():
    planted = read_planted(BUNDLED)
    assert planting.listed(planted.base, planted.strength, planted.steps, planted.seed) == planted
    assert not (MODELS / "opt-pocket-clean" / PLANTED).exists()


@pytest.mark.parametrize("name", ["opt-pocket-planted", "opt-pocket-clean"])
def test_the_bundled_twins_are_small(name):
    assert (Path(MODELS) / name / "model.safetensors").stat().st_size < 3 * MEGABYTE
