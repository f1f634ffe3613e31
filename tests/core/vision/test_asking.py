"""Asking a CLIP model that somebody saved, with byte-pair words, larger pictures and numbers of its own: zero-shot,
affinities, manual inheritance, training pairs and speed, all on the CPU and without a hub."""

import json
import time

import numpy as np
import pytest
import torch
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

from backend.core.vision.asking import affinities, at_side, parted, seen, word_shares
from backend.core.vision.cached_features import cached_features
from backend.core.vision.clip_files import Clip, load_clip, save_clip
from backend.core.vision.contrastive import affinity
from backend.core.vision.images import Normal, normalised
from backend.core.vision.models import outputs, seeded
from backend.core.vision.parts import blocks_of, shapes_of
from backend.core.vision.slices import inherit
from backend.core.vision.splits import Scorer
from backend.core.vision.student_sizes import sizes_for
from backend.errors import UserError
from backend.pocket.picture_sources import SourceConfig, open_source
from backend.pocket.picture_teacher import teacher_tokenizer, untaught
from tests.small_clip import tower_config

SIDE, PATCH, CONTEXT = 64, 16, 160
NORMAL = Normal((0.5, 0.4, 0.3), (0.2, 0.3, 0.25))
ENDS = ("<|startoftext|>", "<|endoftext|>")


def byte_pairs(folder):
    """OpenAI's kind of tokenizer: bytes, whole-word ends, a few merges, the two marks at the end."""
    letters = [chr(n) for n in (*range(33, 127), *range(161, 173), *range(174, 256), *range(256, 324))]
    merges = ["c a", "ca t</w>", "d o", "do g</w>"]
    words = [*letters, *(f"{one}</w>" for one in letters), *(merge.replace(" ", "") for merge in merges), *ENDS]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=CONTEXT)


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Clip:
    """As OpenAI's files are: the config's end is number 2, so the model pools at the highest number, which is the
    tokenizer's end mark and its padding."""
    folder = tmp_path_factory.mktemp("real")
    tokenizer = byte_pairs(folder)
    marks = {"bos_token_id": len(tokenizer) - 2, "eos_token_id": 2, "pad_token_id": 1}
    words = {"vocab_size": len(tokenizer), "max_position_embeddings": CONTEXT} | marks
    config = CLIPConfig(
        text_config=tower_config(32, 3, 4, 64) | words,
        vision_config=tower_config(48, 4, 4, 96) | {"image_size": SIDE, "patch_size": PATCH},
        projection_dim=10,
    )
    with seeded("real"):
        save_clip(CLIPModel(config), tokenizer, folder / "model", NORMAL)
    return load_clip(str(folder / "model"))


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8)


def test_its_tokenizer_side_and_normalisation_are_its_own(clip):
    assert (clip.side, clip.context) == (SIDE, CONTEXT)
    assert clip.normal == NORMAL
    ids = clip.tokenizer("cat dog").input_ids
    assert len(ids) == 4 and ids[-1] == len(clip.tokenizer) - 1


def test_affinities_are_transformers_own_similarities(clip, pixels):
    texts = ["a cat", "cat and dog", "dog", "a much longer line"]
    ours = affinities(clip, pixels, texts)
    told = clip.tokenizer(texts, padding=True, return_tensors="pt")
    theirs = clip.model(pixel_values=normalised(pixels, NORMAL), **told).logits_per_image / clip.model.logit_scale.exp()
    assert torch.allclose(ours, theirs, atol=1e-6)
    assert torch.allclose(affinity(50 * ours).sum(1), torch.ones(4))


def test_shares_are_the_softmax_of_transformers_logits(clip, pixels):
    found = word_shares(clip, seen(clip, pixels), ["cat", " dog ", "", "cat"], "a {}")
    assert found.words == ("cat", "dog") and not found.unknown  # bytes spell any word
    told = clip.tokenizer(["a cat", "a dog"], padding=True, return_tensors="pt")
    theirs = clip.model(pixel_values=normalised(pixels, NORMAL), **told).logits_per_image.softmax(-1)
    assert torch.allclose(found.shares, theirs, atol=1e-6)


def test_a_student_inherits_from_it_and_loads_again(clip, pixels, tmp_path):
    teacher = shapes_of(clip.model)
    student = inherit(clip.model, *sizes_for(teacher, blocks_of(teacher) // 4))
    assert 0.2 < blocks_of(shapes_of(student)) / blocks_of(teacher) <= 0.25
    save_clip(student, clip.tokenizer, tmp_path / "student", clip.normal)
    again = load_clip(str(tmp_path / "student"))
    cosines = affinities(again, pixels, ["cat", "dog"])
    assert cosines.shape == (4, 2) and torch.isfinite(cosines).all() and again.normal == NORMAL
    own = CLIPModel.from_pretrained(tmp_path / "student", dtype=torch.float32)
    told = clip.tokenizer(["cat", "dog"], padding=True, return_tensors="pt")
    theirs = own(pixel_values=normalised(pixels, NORMAL), **told).logits_per_image / own.logit_scale.exp()
    assert torch.allclose(cosines, theirs, atol=1e-6)


def test_the_drawn_world_feeds_it_at_its_side_in_its_numbers(clip):
    source = open_source(SourceConfig(side=clip.side, pairs=8, views=2, captions=1))
    pool = source.pool(clip.tokenizer, clip.context, clip.normal)
    batch = pool.batch(0, 0, 4)
    assert batch.pairs.pixels.shape == (4, 3, SIDE, SIDE)
    own, theirs = cached_features(clip.model, pool).outputs(batch), outputs(clip.model, batch.pairs)
    assert torch.allclose(own.image, theirs.image, atol=1e-6) and torch.allclose(own.text, theirs.text, atol=1e-6)
    with pytest.raises(UserError, match="nothing is cut off"):
        source.pool(clip.tokenizer, 8, clip.normal)


def test_a_split_is_scored_in_its_numbers(clip):
    source = open_source(SourceConfig(side=clip.side, pairs=2))
    scorer = Scorer(source.split("validation").first(6), clip.tokenizer, ("{}",), clip.context, clip.normal)
    assert scorer.scores(clip.model).zero_shot.rank.shape == (6,)


def test_two_hundred_own_words_take_less_than_two_seconds():
    clip = Clip(untaught(), teacher_tokenizer(), Normal(), "bundled size")
    image = seen(clip, np.zeros((1, 32, 32, 3), dtype=np.uint8))
    words = [f"{one} {other}" for one in source_words() for other in source_words()][:200]
    start = time.process_time()
    found = word_shares(clip, image, words, "a picture of {}")
    assert time.process_time() - start < 2 and found.shares.shape == (1, 200)


def source_words():
    return open_source(SourceConfig()).words()[::8]


def test_words_nobody_learned_are_named(pixels):
    clip = Clip(untaught(), teacher_tokenizer(), Normal(), "bundled size")
    found = word_shares(clip, seen(clip, pixels), ["a cat", "a zebu", "qubit and zebu"], "a picture of {}")
    assert found.unknown == ("zebu", "qubit") and len(found.words) == 3


@pytest.mark.parametrize(
    "words, template, message",
    [
        ([" "], "{}", "no words"),
        ([f"n{n}" for n in range(201)], "{}", "201 words"),
        (["cat"], "no place", "no place for a name"),
        (["x" * 300], "{}", "more than 200 characters"),
        (["qzx" * 60], "{}", "nothing is cut off"),
    ],
)
def test_questions_that_cannot_be_asked_say_why(clip, pixels, words, template, message):
    with pytest.raises(UserError, match=message):
        word_shares(clip, seen(clip, pixels), words, template)


def test_pictures_of_another_side_are_resampled(clip, pixels):
    assert at_side(pixels, 32).shape == (4, 32, 32, 3) and at_side(pixels, SIDE) is pixels
    assert seen(clip, at_side(pixels, 32)).shape == (4, 10)


def test_a_list_of_words_is_parted_by_commas_and_lines():
    assert parted("a cat, a dog;\n\n a car,,") == ["a cat", "a dog", "a car"]
