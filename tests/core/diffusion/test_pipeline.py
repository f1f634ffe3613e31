"""Models that draw, in folders: what is written is read, and what cannot be used is refused with a sentence."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline

from backend.core.diffusion.pipeline import Pipeline, load_pipeline, save_pipeline
from backend.core.diffusion.sampling import predictor, sample, scheduler_of
from backend.errors import UserError
from tests.core.diffusion.tiny import CONTEXT, NOISE, tiny_pipeline, tiny_text, tiny_unet, tiny_vae


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A tiny model, written."""
    found = tmp_path_factory.mktemp("model")
    save_pipeline(tiny_pipeline(), found)
    return found


def test_a_model_comes_back_as_it_was_written_but_for_half_precision(folder):
    wrote, read = tiny_pipeline(), load_pipeline(str(folder))
    assert (read.patch, read.side, read.latent_shape) == (2, 16, (12, 8, 8))
    assert read.scheduler["prediction_type"] == "v_prediction"
    for name, tensor in wrote.unet.state_dict().items():
        assert torch.equal(read.unet.state_dict()[name], tensor.half().float())
    assert not any(p.requires_grad for p in [*read.unet.parameters(), *read.text_encoder.parameters()])


def test_writing_leaves_the_model_in_single_precision(tmp_path):
    pipeline = tiny_pipeline()
    save_pipeline(pipeline, tmp_path)
    assert {p.dtype for p in pipeline.unet.parameters()} == {torch.float32}


def test_prompts_are_padded_to_the_whole_context():
    assert tiny_pipeline().encode(["a red circle", "a blue square on sand"]).shape == (2, CONTEXT, 16)


def test_a_word_that_nobody_taught_is_named():
    with pytest.raises(UserError, match="elephant"):
        tiny_pipeline().encode(["a red elephant"])


def test_a_prompt_longer_than_the_context_is_refused_and_not_cut():
    with pytest.raises(UserError, match="11 tokens") as refused:
        tiny_pipeline().encode(["a red circle above a blue square on sand"])
    assert str(CONTEXT) in refused.value.expected


def test_each_picture_has_the_noise_of_its_own_seed():
    pipeline = tiny_pipeline()
    assert torch.equal(pipeline.noise([3, 5])[1], pipeline.noise([5])[0])
    assert not torch.equal(pipeline.noise([3]), pipeline.noise([5]))


def test_pictures_become_latents_and_pictures_again():
    pipeline, pixels = tiny_pipeline(), torch.rand(2, 3, 16, 16)
    torch.testing.assert_close(pipeline.decode(pipeline.latents(pixels)), pixels)


def test_a_pipeline_with_an_autoencoder_is_read_and_draws(tmp_path):
    model = _stable_diffusion()
    model.save_pretrained(tmp_path)
    read = load_pipeline(str(tmp_path))
    assert (read.patch, read.side, read.latent_shape) == (0, 16, (4, 8, 8))
    noise = read.noise([0])
    found = sample(predictor(read.unet, read.encode(["a red circle"])), read.sampler(), noise, 2)
    assert read.decode(found).shape == (1, 3, 16, 16)
    assert read.latents(torch.rand(1, 3, 16, 16)).shape == (1, 4, 8, 8)


def test_our_sampling_is_that_of_diffusers(tmp_path):
    model = _stable_diffusion()
    model.save_pretrained(tmp_path)
    read = load_pipeline(str(tmp_path))
    noise, states, nothing = read.noise([0]), read.encode(["a red circle"]), read.encode([""])
    model.set_progress_bar_config(disable=True)
    told = {"prompt_embeds": states, "negative_prompt_embeds": nothing, "latents": noise, "output_type": "latent"}
    theirs = model(**told, num_inference_steps=4, guidance_scale=3.0).images
    ours = sample(predictor(read.unet, states, 3.0, nothing), read.sampler(), noise, 4)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("spec", "said"), [("", "no model called ''"), ("../nowhere/at/all", "no model"), ("{}", "could not be loaded")]
)
def test_what_is_no_model_is_refused(spec, said, tmp_path):
    with pytest.raises(UserError, match=said):
        load_pipeline(spec.format(tmp_path))


def test_another_family_is_named(folder, tmp_path):
    copied = _copied(folder, tmp_path)
    (copied / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionXLPipeline"}), encoding="utf-8")
    with pytest.raises(UserError, match="StableDiffusionXLPipeline, which is another family"):
        load_pipeline(str(copied))


def test_a_unet_of_other_blocks_is_refused(tmp_path):
    blocks = {"down_block_types": ("DownBlock2D", "AttnDownBlock2D"), "up_block_types": ("AttnUpBlock2D", "UpBlock2D")}
    save_pipeline(tiny_pipeline(**blocks), tmp_path)
    with pytest.raises(UserError, match="AttnDownBlock2D, AttnUpBlock2D, which is another family"):
        load_pipeline(str(tmp_path))


def test_parts_of_two_models_are_refused(tmp_path):
    pipeline = replace(tiny_pipeline(), text_encoder=tiny_text(width=32))
    save_pipeline(pipeline, tmp_path)
    with pytest.raises(UserError, match="says words in 32 numbers, its UNet reads 16"):
        load_pipeline(str(tmp_path))


def test_a_picture_that_the_unet_cannot_halve_is_refused(folder, tmp_path):
    copied = _copied(folder, tmp_path)
    (copied / "latents.json").write_text(json.dumps({"patch": 2, "side": 18}), encoding="utf-8")
    with pytest.raises(UserError, match="9 × 9 places cannot be halved 1 times"):
        load_pipeline(str(copied))


def _copied(folder: Path, target: Path) -> Path:
    return Path(shutil.copytree(folder, target / "copy"))


def _stable_diffusion() -> StableDiffusionPipeline:
    """A pipeline of diffusers' own class, of tiny random parts."""
    ours: Pipeline = tiny_pipeline()
    return StableDiffusionPipeline(
        vae=tiny_vae(),
        text_encoder=ours.text_encoder,
        tokenizer=ours.tokenizer,
        unet=tiny_unet(in_channels=4, out_channels=4),
        scheduler=scheduler_of({**NOISE, "steps_offset": 1}),  # of that class diffusers wants it
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
