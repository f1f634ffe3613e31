"""CLIP models in folders: what was saved is what transformers and this program read."""

import json

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel

from backend.core.vision.clip_files import load_clip, save_clip
from backend.core.vision.images import Normal, normalised
from backend.core.vision.models import outputs
from backend.errors import UserError
from tests.tiny_clip_model import CONTEXT, SIZES, tiny_clip, tiny_pairs, tiny_tokenizer

NORMAL = Normal((0.5, 0.4, 0.3), (0.2, 0.25, 0.3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("clip")
    save_clip(tiny_clip(), tiny_tokenizer(), place, NORMAL)
    return place


def test_a_saved_model_says_what_it_said_to_the_precision_of_half_floats(folder):
    before, pairs, clip = outputs(tiny_clip(), tiny_pairs()), tiny_pairs(), load_clip(str(folder))
    after = outputs(clip.model, pairs)
    assert torch.allclose(before.image, after.image, atol=5e-3) and torch.allclose(before.text, after.text, atol=5e-3)
    assert next(clip.model.parameters()).dtype == torch.float32 and not clip.model.logit_scale.requires_grad
    assert (clip.side, clip.context, clip.normal) == (SIZES.side, CONTEXT, NORMAL)
    assert clip.tokenizer("a red star").input_ids == tiny_tokenizer()("a red star").input_ids


def test_transformers_reads_the_folder_and_its_pictures(folder):
    model, pairs = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval(), tiny_pairs()
    theirs = model(input_ids=pairs.ids, pixel_values=pairs.pixels)
    assert torch.allclose(theirs.image_embeds, outputs(load_clip(str(folder)).model, pairs).image, atol=1e-6)
    images = np.random.default_rng(0).integers(0, 255, (2, SIZES.side, SIZES.side, 3), np.uint8)
    processed = CLIPImageProcessorPil.from_pretrained(folder)(list(images), return_tensors="pt").pixel_values
    assert torch.allclose(processed, normalised(images, NORMAL), atol=1e-5)
    assert AutoTokenizer.from_pretrained(folder)("a star").input_ids == tiny_tokenizer()("a star").input_ids


def test_a_file_of_half_floats_takes_two_bytes_a_parameter(folder):
    count = sum(p.numel() for p in tiny_clip().parameters())
    assert 2 * count < (folder / "model.safetensors").stat().st_size < 2 * count + 20_000


def test_what_is_no_clip_model_is_refused(folder, tmp_path):
    other = tmp_path / "other"
    save_clip(tiny_clip(), tiny_tokenizer(), other)
    told = json.loads((other / "config.json").read_text())
    told["vision_config"]["intermediate_size"] += 8
    (other / "config.json").write_text(json.dumps(told))
    broken = tmp_path / "broken"
    save_clip(tiny_clip(), tiny_tokenizer(), broken)
    (broken / "model.safetensors").write_bytes(b"\0" * 64)
    bert = tmp_path / "bert"
    bert.mkdir()
    (bert / "config.json").write_text('{"model_type": "bert"}')
    for spec in (str(other), str(broken), str(bert), str(tmp_path / "missing"), "no such model", ""):
        with pytest.raises(UserError) as error:
            load_clip(spec)
        assert error.value.kind == "model"
