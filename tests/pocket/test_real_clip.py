"""A CLIP model that somebody saved, with byte-pair words, larger pictures and a normalisation of its own: zero-shot,
affinities, manual inheritance and training pairs on the CPU, without a hub."""

import json
import time

import numpy as np
import pytest
import torch
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

from backend.core.vision.cached_features import cached_features
from backend.core.vision.captions import numbered, unknown_words
from backend.core.vision.clip_files import Clip, load_clip, save_clip
from backend.core.vision.contrastive import affinity, logits_of
from backend.core.vision.images import Normal, normalised
from backend.core.vision.models import image_features, outputs, seeded
from backend.core.vision.pairs import Pairs
from backend.core.vision.parts import blocks_of, shapes_of
from backend.core.vision.slices import inherit
from backend.core.vision.splits import Scorer
from backend.core.vision.student_sizes import sizes_for
from backend.core.vision.zero_shot import class_features
from backend.errors import UserError
from backend.pocket.picture_sources import SourceConfig, open_source
from backend.pocket.picture_teacher import teacher_tokenizer, untaught
from tests.small_clip import tower_config

SIDE, PATCH, CONTEXT = 64, 16, 160
NORMAL = Normal((0.5, 0.4, 0.3), (0.2, 0.3, 0.25))
ENDS = ("<|startoftext|>", "<|endoftext|>")
TEXTS = ["a cat", "cat and dog", "dog", "a much longer line"]


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


def pairs_of(clip: Clip, pixels, texts) -> Pairs:
    return Pairs(normalised(pixels, clip.normal), *numbered(clip.tokenizer, texts, clip.context))


def theirs(clip: Clip, model: CLIPModel, pixels, texts) -> torch.Tensor:
    """The similarities that transformers' own forward pass gives, the mask and all."""
    told = clip.tokenizer(texts, padding=True, return_tensors="pt")
    return model(pixel_values=normalised(pixels, NORMAL), **told).logits_per_image


def test_its_tokenizer_side_and_normalisation_are_its_own(clip):
    assert (clip.side, clip.context, clip.normal) == (SIDE, CONTEXT, NORMAL)
    ids = clip.tokenizer("cat dog").input_ids
    assert len(ids) == 4 and ids[-1] == len(clip.tokenizer) - 1
    assert unknown_words(clip.tokenizer, "cat zebu") == []  # bytes spell any word


def test_affinities_are_those_of_transformers_similarities(clip, pixels):
    ours = logits_of(outputs(clip.model, pairs_of(clip, pixels, TEXTS)))
    assert torch.allclose(ours, theirs(clip, clip.model, pixels, TEXTS), atol=1e-5)
    assert torch.allclose(affinity(ours).sum(1), torch.ones(4))
    assert torch.allclose(affinity(ours, "text_to_image").sum(0), torch.ones(4))


def test_zero_shot_by_own_words_is_the_softmax_of_transformers_similarities(clip, pixels):
    classes = class_features(clip.model, clip.tokenizer, ["cat", "dog"], ["a {}"])
    seen = image_features(clip.model, normalised(pixels, clip.normal))
    ours = (clip.model.logit_scale.exp() * seen @ classes.T).softmax(-1)
    assert torch.allclose(ours, theirs(clip, clip.model, pixels, ["a cat", "a dog"]).softmax(-1), atol=1e-6)


def test_a_student_inherits_from_it_and_loads_again(clip, pixels, tmp_path):
    teacher = shapes_of(clip.model)
    student = inherit(clip.model, *sizes_for(teacher, blocks_of(teacher) // 4))
    assert 0.2 < blocks_of(shapes_of(student)) / blocks_of(teacher) <= 0.25
    save_clip(student, clip.tokenizer, tmp_path / "student", clip.normal)
    again = load_clip(str(tmp_path / "student"))
    assert again.normal == NORMAL
    plain = CLIPModel.from_pretrained(tmp_path / "student", dtype=torch.float32)
    ours = logits_of(outputs(again.model, pairs_of(again, pixels, TEXTS)))
    assert torch.allclose(ours, theirs(clip, plain, pixels, TEXTS), atol=1e-5)


def test_the_drawn_world_feeds_it_at_its_side_in_its_numbers(clip):
    source = open_source(SourceConfig(side=clip.side, pairs=8, views=2, captions=1))
    pool = source.pool(clip.tokenizer, clip.context, clip.normal)
    batch = pool.batch(0, 0, 4)
    assert batch.pairs.pixels.shape == (4, 3, SIDE, SIDE)
    ours, own = cached_features(clip.model, pool).outputs(batch), outputs(clip.model, batch.pairs)
    assert torch.allclose(ours.image, own.image, atol=1e-6) and torch.allclose(ours.text, own.text, atol=1e-6)
    with pytest.raises(UserError, match="nothing is cut off"):
        source.pool(clip.tokenizer, 8, clip.normal)


def test_a_split_is_scored_in_its_numbers(clip):
    source = open_source(SourceConfig(side=clip.side, pairs=2))
    scorer = Scorer(source.split("validation").first(6), clip.tokenizer, ("{}",), clip.context, clip.normal)
    assert scorer.scores(clip.model).zero_shot.rank.shape == (6,)


def test_two_hundred_own_words_take_less_than_two_seconds():
    """Of a model of the bundled size."""
    model, tokenizer = untaught(), teacher_tokenizer()
    known = open_source(SourceConfig()).words()[::8]
    words = [f"{one} {other}" for one in known for other in known][:200]
    start = time.process_time()
    classes = class_features(model, tokenizer, words, ["a picture of {}"])
    seen = image_features(model, normalised(np.zeros((1, 32, 32, 3), dtype=np.uint8)))
    assert unknown_words(tokenizer, " ".join([*words, "zebu"])) == ["zebu"]
    assert (seen @ classes.T).shape == (1, 200) and time.process_time() - start < 2
