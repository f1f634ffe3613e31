"""Nets that take turns, who may, and how far one is from the other at each step."""

from dataclasses import replace

import pytest
import torch

from backend.core.diffusion.assembly import assembled
from backend.core.diffusion.sampling import predictor, sample
from backend.core.diffusion.step_error import step_errors
from backend.core.diffusion.switching import check_alike, first_then, switched
from backend.errors import UserError
from tests.core.diffusion.tiny import NOISE, tiny_pipeline, tiny_vae

PIPELINE = tiny_pipeline()
CONDITIONS = PIPELINE.encode(["a red circle", "a blue square"])
FIRST_NOISE = PIPELINE.noise([1, 2])
FULL, LIGHT = (predictor(unet, CONDITIONS) for unet in (PIPELINE.unet, assembled(PIPELINE.unet, "base")))


def drawn(predict, steps=4):
    return sample(predict, PIPELINE.sampler(), FIRST_NOISE, steps)


def test_one_net_at_every_step_is_that_net():
    assert torch.equal(drawn(switched([LIGHT, FULL], [1] * 4)), drawn(FULL))
    assert torch.equal(drawn(switched([LIGHT, FULL], first_then(4, 4))), drawn(LIGHT))
    assert torch.equal(drawn(switched([LIGHT, FULL], first_then(4, 0))), drawn(FULL))


@pytest.mark.parametrize("who", [(0, 0, 1, 1), (1, 0, 0, 1), (0, 1, 0, 1)])
def test_each_step_is_answered_by_whom_the_order_names(who):
    asked = []

    def counting(number, predict):
        def count(latents, step, t):
            asked.append((step, number))
            return predict(latents, step, t)

        return count

    drawn(switched([counting(0, LIGHT), counting(1, FULL)], who))
    assert asked == list(enumerate(who))


def test_the_order_of_nets_matters():
    light_first, full_first = (drawn(switched([LIGHT, FULL], who)) for who in ((0, 0, 1, 1), (1, 1, 0, 0)))
    assert not torch.allclose(light_first, full_first)


def test_orders_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match="Step 1 is to be answered by net 2 of 2"):
        switched([LIGHT, FULL], [0, 2])
    with pytest.raises(UserError, match="for 2 steps, and step 2 is asked"):
        drawn(switched([LIGHT, FULL], [0, 1]))
    with pytest.raises(UserError, match="switched at step 9 of 4"):
        first_then(4, 9)


def test_models_that_are_alike_may_take_turns():
    check_alike(PIPELINE, replace(tiny_pipeline(1), scheduler=NOISE | {"_class_name": "PNDMScheduler"}))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(PIPELINE, scheduler=NOISE | {"prediction_type": "epsilon"}), "answers epsilon"),
        (replace(PIPELINE, scheduler=NOISE | {"beta_schedule": "linear"}), "the schedule linear"),
        (replace(PIPELINE, scheduler=NOISE | {"num_train_timesteps": 100}), "moments of noise 100"),
        (replace(PIPELINE, side=32), "latents"),
        (replace(tiny_pipeline(in_channels=4, out_channels=4), vae=tiny_vae(), patch=0), "latents"),
        (tiny_pipeline(cross_attention_dim=8), "words' numbers 8"),
    ],
)
def test_models_that_are_not_alike_may_not(other, said):
    with pytest.raises(UserError, match=said):
        check_alike(PIPELINE, other)


def test_a_net_has_no_error_against_itself():
    found = step_errors(FULL, FULL, PIPELINE.sampler(), FIRST_NOISE, 4)
    assert [(one.step, one.error, one.answer) for one in found] == [(step, 0, 0) for step in range(4)]
    assert [one.t for one in found] == [999, 749, 499, 249]


def test_an_error_is_measured_on_the_full_nets_own_way():
    found = step_errors(FULL, LIGHT, PIPELINE.sampler(), FIRST_NOISE, 4)
    looks = [PIPELINE.sampler().init_noise_sigma * FIRST_NOISE]
    sample(FULL, PIPELINE.sampler(), FIRST_NOISE, 4, look=lambda step, latents, clean: looks.append(latents))
    for one in found:
        t, latents = torch.tensor(one.t), looks[one.step]
        apart = (FULL(latents, one.step, t) - LIGHT(latents, one.step, t)).square().mean()
        assert one.answer == pytest.approx(apart.item())
        noise_left = 1 - PIPELINE.sampler().alphas_cumprod[one.t].item()  # of a velocity, this share is the picture's
        assert one.error == pytest.approx(noise_left * one.answer, rel=1e-3)
