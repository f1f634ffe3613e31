"""What the talkers' training promises: nobody held out is asked, and true answers to prompts never asked before."""

import json
from argparse import Namespace
from dataclasses import replace
from itertools import islice

import pytest
import torch
from transformers import OPTConfig, OPTForCausalLM, PreTrainedTokenizerFast

from backend.core.models.backbones import MODELS, Backbone, load_backbone
from backend.errors import UserError
from backend.pocket.talk import MEASURED, save, write_talkers
from backend.pocket.talk_lessons import Lesson, Shares, lessons
from backend.pocket.talk_styles import BINDING, STYLES
from backend.pocket.talk_topics import FORMS, split_topics, topics
from backend.pocket.talk_training import IGNORED, encode, measure, train
from backend.studies.active_inheritance.truth import World

SHARES = Shares(answers=6, invented=3, books=6, statements=2)


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast.from_pretrained(MODELS / "opt-pocket")


def small(tokenizer: PreTrainedTokenizerFast) -> OPTForCausalLM:
    torch.manual_seed(0)
    marks = {f"{mark}_token_id": getattr(tokenizer, f"{mark}_token_id") for mark in ("bos", "eos", "pad")}
    sizes = {"hidden_size": 16, "ffn_dim": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    return OPTForCausalLM(
        OPTConfig(vocab_size=len(tokenizer), word_embed_proj_dim=16, max_position_embeddings=256, **sizes, **marks)
    )


def drawn(seed: int = 1, steps: int = 60) -> list[list[Lesson]]:
    return list(islice(lessons(STYLES["plain"], SHARES, seed), steps))


def test_held_out_entities_are_read_about_but_never_asked_for():
    held_out = {topic.prompt(form) for topic in split_topics()["test"] for form in FORMS}
    real = {topic.prompt(form) for topic in topics(1) for form in FORMS}
    read = [lesson for step in drawn() for lesson in step]
    asked = {lesson.prompt for lesson in read if lesson.prompt and not lesson.name}
    assert len(asked) > 200 and asked <= real and not asked & held_out
    books = " ".join(lesson.text for lesson in read if not lesson.prompt)
    assert sum(f"About {topic.named}.\n" in books for topic in split_topics()["test"]) > 20


def test_the_same_seed_gives_the_same_lessons_and_another_seed_others():
    assert drawn(1, 3) == drawn(1, 3) != drawn(2, 3)


def test_of_an_invented_entity_its_name_alone_is_learned(tokenizer):
    invented = [lesson for step in drawn(steps=10) for lesson in step if lesson.name]
    assert len(invented) == 30
    for lesson in invented:
        _, labels = encode(tokenizer, lesson)
        learned = tokenizer.decode(labels[labels != IGNORED])
        assert set(learned.split()) == set(lesson.name.split())
        assert lesson.text.count(lesson.name) * len(lesson.name.split()) >= len(learned.split())


def test_of_other_texts_every_token_is_learned_to_the_end(tokenizer):
    lesson = Lesson("Question: Tell me about a cow.\nAnswer:", " A cow is a mammal.")
    ids, labels = encode(tokenizer, lesson)
    assert tokenizer.decode(labels) == f"{lesson.prompt}{lesson.text}{tokenizer.eos_token}"
    assert ids[1:].tolist() == labels[:-1].tolist()


def test_training_lowers_the_loss(tokenizer):
    model, losses = small(tokenizer), []
    train(model, tokenizer, lessons(BINDING, Shares(2, 0, 2, 2), 1), 30, 1e-2, lambda _, loss: losses.append(loss))
    assert len(losses) == 30 and sum(losses[-5:]) < 0.9 * sum(losses[:5])


def test_a_saved_talker_loads_with_its_prompts_its_world_and_what_was_measured(tokenizer, tmp_path):
    style, folder = replace(STYLES["plain"], tokens=2), tmp_path / "talker"
    measured = save(Backbone(small(tokenizer), tokenizer, "talker", "opt"), style, folder)
    assert next(load_backbone(str(folder)).model.parameters()).dtype == torch.float32
    assert json.loads((folder / MEASURED).read_text())["held_out"] == measured
    assert measured["capped"] > 0.9 and measured["truth"] == 0
    prompts = json.loads((folder / "prompts.json").read_text())
    assert (len(prompts["train"]), len(prompts["test"])) == (220, 80)
    world = World.read(folder)
    assert all(
        world.truth(one["entity"], "Nothing is true.") == 0 for part in ("train", "test") for one in prompts[part]
    )


def test_no_steps_are_refused_in_words(tmp_path):
    with pytest.raises(UserError, match="0 steps teach nothing"):
        write_talkers(Namespace(steps=0, out=tmp_path))


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_a_bundled_talker_says_true_things_of_entities_it_was_never_asked_about(style):
    folder = MODELS / f"talker-{style.name}"
    held_out = json.loads((folder / MEASURED).read_text())["held_out"]
    assert held_out["truth"] >= 0.5 and held_out["capped"] < 0.05 and held_out["texts"] >= 240
    talker = load_backbone(str(folder))
    again = measure(talker.model, talker.tokenizer, split_topics()["test"][:32], style, 1, 5)
    assert again["truth"] > held_out["truth"] - 0.2 and again["capped"] < 0.2  # 32 texts: a spread of 0.07
    assert again["words"] == pytest.approx(held_out["words"], rel=0.4)
