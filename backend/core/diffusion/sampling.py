"""Sampling: from noise to a picture, step by step, without chance between the steps.

Knows schedulers of diffusers and whatever answers for a net: one UNet, several in turn, with a plan or without. Does
not know prompts or pictures. The sampler adds no noise of its own, so that two ways of sampling can be compared
picture by picture.
"""

from collections.abc import Callable

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, SchedulerMixin, UNet2DConditionModel
from jaxtyping import Float
from torch import Tensor

from backend.errors import UserError

SAMPLERS = {"ddim": DDIMScheduler, "dpm": DPMSolverMultistepScheduler}
Predict = Callable[[Tensor, int, Tensor], Tensor]  # latents, the step from 0 on, its moment: the answer
Look = Callable[[int, Tensor, Tensor], None]


def scheduler_of(config: dict, sampler: str = "ddim") -> SchedulerMixin:
    """A scheduler of this sampler with the noise that `config` describes, whatever sampler it was written for.

    Raises UserError for a sampler that is not among `SAMPLERS`.
    """
    if sampler not in SAMPLERS:
        raise UserError(f"There is no sampler {sampler!r}.", f"one of {', '.join(SAMPLERS)}", "Choose one of them.")
    return SAMPLERS[sampler].from_config(dict(config))


@torch.no_grad()
def sample(
    predict: Predict,
    scheduler: SchedulerMixin,
    noise: Float[Tensor, "n c h w"],
    steps: int,
    *,
    look: Look | None = None,
) -> Float[Tensor, "n c h w"]:
    """The latents that this noise becomes in so many steps.

    `look(step, latents, clean)` is called after each: what the latents have become, and the picture that the answer
    points to.
    """
    scheduler.set_timesteps(steps)
    latents = noise * scheduler.init_noise_sigma
    for step, t in enumerate(scheduler.timesteps):
        answer = predict(scheduler.scale_model_input(latents, t), step, t)
        after = scheduler.step(answer, t, latents).prev_sample
        if look is not None:
            look(step, after, clean_of(scheduler, answer, t, latents))
        latents = after
    return latents


def clean_of(
    scheduler: SchedulerMixin, answer: Float[Tensor, "n c h w"], t: Tensor, latents: Float[Tensor, "n c h w"]
) -> Float[Tensor, "n c h w"]:
    """The latents without noise that an answer points to, from whatever it says: noise, velocity or the latents."""
    kept = scheduler.alphas_cumprod[t.long()]
    if scheduler.config.prediction_type == "epsilon":
        return (latents - (1 - kept).sqrt() * answer) / kept.sqrt()
    if scheduler.config.prediction_type == "v_prediction":
        return kept.sqrt() * latents - (1 - kept).sqrt() * answer
    return answer


def predictor(
    unet: UNet2DConditionModel,
    conditions: Float[Tensor, "n words width"],
    guidance: float = 1.0,
    nothing: Float[Tensor, "1 words width"] | None = None,
) -> Predict:
    """A UNet that answers for these conditions. With guidance other than 1 it is asked for them and for `nothing` in
    one batch, the half without conditions first, and the difference is multiplied (Ho and Salimans, 2022)."""
    if guidance == 1.0:
        return lambda latents, step, t: unet(latents, t, conditions).sample
    if nothing is None:
        raise ValueError("guidance needs the states of an empty prompt")
    both = torch.cat([nothing.expand_as(conditions), conditions])

    def predict(latents: Tensor, step: int, t: Tensor) -> Tensor:
        without, told = unet(torch.cat([latents, latents]), t, both).sample.chunk(2)
        return without + guidance * (told - without)

    return predict
