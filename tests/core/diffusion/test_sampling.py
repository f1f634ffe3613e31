"""Sampling without chance: what a step sees, what it points to, and how guidance asks."""

import pytest
import torch
from diffusers import DDIMScheduler

from backend.core.diffusion.latents import from_bytes, to_bytes, to_latents, to_pixels
from backend.core.diffusion.sampling import clean_of, predictor, sample, scheduler_of
from backend.errors import UserError
from tests.core.diffusion.tiny import NOISE, tiny_pipeline

LATENTS = torch.randn(2, 12, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("sampler", ["ddim", "dpm"])
def test_the_same_noise_becomes_the_same_picture(sampler):
    pipeline, looks = tiny_pipeline(), []
    predict = predictor(pipeline.unet, pipeline.encode(["a red circle", "a blue square"]))
    found = sample(predict, pipeline.sampler(sampler), LATENTS, 4, look=lambda *told: looks.append(told))
    assert torch.equal(found, sample(predict, pipeline.sampler(sampler), LATENTS, 4))
    assert [step for step, _, _ in looks] == [0, 1, 2, 3]
    assert torch.equal(looks[-1][1], found)


@pytest.mark.parametrize("sampler", ["ddim", "dpm"])
def test_who_knows_the_picture_is_led_to_it(sampler):
    wanted = LATENTS / 3
    scheduler = scheduler_of(NOISE, sampler)

    def knowing(latents, step, t):
        kept = scheduler.alphas_cumprod[t]
        noise = (latents - kept.sqrt() * wanted) / (1 - kept).sqrt()
        return kept.sqrt() * noise - (1 - kept).sqrt() * wanted

    looks = []
    found = sample(
        knowing, scheduler, torch.randn_like(LATENTS), 5, look=lambda step, after, clean: looks.append(clean)
    )
    torch.testing.assert_close(found, wanted, atol=1e-3, rtol=1e-3)
    for clean in looks:
        torch.testing.assert_close(clean, wanted, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_the_clean_picture_is_found_from_whatever_is_answered(prediction):
    scheduler = scheduler_of(NOISE | {"prediction_type": prediction})
    noise, t = torch.randn_like(LATENTS), torch.tensor(400)
    noisy = scheduler.add_noise(LATENTS, noise, t)
    answer = {"epsilon": noise, "sample": LATENTS, "v_prediction": scheduler.get_velocity(LATENTS, noise, t)}
    torch.testing.assert_close(clean_of(scheduler, answer[prediction], t, noisy), LATENTS, atol=1e-4, rtol=1e-4)


def test_guidance_is_both_answers_one_by_one():
    pipeline, t = tiny_pipeline(), torch.tensor(500)
    told, nothing = pipeline.encode(["a red circle", "a blue square"]), pipeline.encode([""])
    found = predictor(pipeline.unet, told, 3.0, nothing)(LATENTS, 0, t)
    asked = pipeline.unet(LATENTS, t, told).sample
    without = pipeline.unet(LATENTS, t, nothing.expand_as(told)).sample
    torch.testing.assert_close(found, without + 3 * (asked - without), atol=1e-5, rtol=1e-5)


def test_guidance_without_the_empty_prompt_is_a_mistake_of_the_caller():
    pipeline = tiny_pipeline()
    with pytest.raises(ValueError, match="empty prompt"):
        predictor(pipeline.unet, pipeline.encode(["a circle"]), 2.0)


def test_a_scheduler_is_made_from_any_samplers_configuration():
    made = scheduler_of(NOISE | {"_class_name": "PNDMScheduler", "skip_prk_steps": True})
    assert isinstance(made, DDIMScheduler) and made.config.prediction_type == "v_prediction"
    with pytest.raises(UserError, match="no sampler 'euler'"):
        scheduler_of(NOISE, "euler")


def test_pixels_become_latents_and_bytes_without_loss():
    pixels = torch.randint(0, 256, (2, 16, 16, 3), dtype=torch.uint8)
    floats = from_bytes(pixels)
    assert to_latents(floats, 2).shape == (2, 12, 8, 8)
    assert torch.equal(to_bytes(to_pixels(to_latents(floats, 2), 2)), pixels)
