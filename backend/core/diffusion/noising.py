"""What a diffusion model learns from: latents with noise, their moments, and the answer that is wanted.

Seed and step decide all, so that a training that was interrupted goes on to the same numbers. Knows schedules and
pipelines. Does not know where pictures come from: they are given.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from diffusers import SchedulerMixin
from jaxtyping import Float, Int
from torch import Tensor

from backend.core.diffusion.pipeline import Pipeline
from backend.core.seeding import generator

BatchAt = Callable[[int], tuple[Float[Tensor, "n 3 side side"], Sequence[str]]]


@dataclass(frozen=True)
class Lesson:
    """One batch: noisy latents, their moments, the words' states, and the answer a UNet should give."""

    noisy: Float[Tensor, "n c h w"]
    at: Int[Tensor, " n"]
    states: Float[Tensor, "n words width"]
    wanted: Float[Tensor, "n c h w"]


def lessons(pipeline: Pipeline, batch_at: BatchAt, seed: int) -> Callable[[int], Lesson]:
    """The lesson of every step, counted from 0. `batch_at(step)` gives pictures from 0 to 1 and their prompts."""
    scheduler = pipeline.sampler()

    def lesson_at(step: int) -> Lesson:
        pixels, prompts = batch_at(step)
        noisy, at, wanted = noised(scheduler, pipeline.latents(pixels), seed, step)
        return Lesson(noisy, at, pipeline.encode(list(prompts)), wanted)

    return lesson_at


def noised(
    scheduler: SchedulerMixin, latents: Float[Tensor, "n c h w"], seed: int, step: int
) -> tuple[Float[Tensor, "n c h w"], Int[Tensor, " n"], Float[Tensor, "n c h w"]]:
    """Noisy latents, their moments, and what the UNet has to answer. One moment out of each nth part, so that the
    losses of two steps are alike; seed and step decide all."""
    rng, many = generator("noise to learn from", seed, step), len(latents)
    moments = scheduler.config.num_train_timesteps
    at = ((torch.arange(many) + torch.rand(many, generator=rng)) / many * moments).long().clamp(max=moments - 1)
    noise = torch.randn(latents.shape, generator=rng)
    wanted = {
        "v_prediction": lambda: scheduler.get_velocity(latents, noise, at),
        "epsilon": lambda: noise,
        "sample": lambda: latents,
    }[scheduler.config.prediction_type]()
    return scheduler.add_noise(latents, noise, at), at, wanted
