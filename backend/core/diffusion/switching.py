"""Switching between nets while a picture is drawn: at every step one of them answers, in any order.

After A-SDM and T-Stitch (Pan et al., 2024): a light net for the early steps, the full one for the rest, or the other
way round. Knows whoever answers at a step. Does not know UNets or plans; caches of one net are nothing to the other.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from backend.core.diffusion.pipeline import Pipeline
from backend.core.diffusion.sampling import Predict
from backend.errors import UserError


def switched(predicts: Sequence[Predict], who: Sequence[int]) -> Predict:
    """Who answers at step i is `predicts[who[i]]`. Raises UserError where a step names nobody, and in a drawing of more
    steps than `who` has."""
    strange = [(step, number) for step, number in enumerate(who) if not 0 <= number < len(predicts)]
    if strange:
        found = f"Step {strange[0][0]} is to be answered by net {strange[0][1]} of {len(predicts)}."
        raise UserError(found, f"numbers from 0 to {len(predicts) - 1}", "Name one of the nets at every step.")

    def predict(latents: Tensor, step: int, t: Tensor) -> Tensor:
        if step >= len(who):
            found = f"The order of nets is for {len(who)} steps, and step {step} is asked."
            raise UserError(found, "a net for every step", "Draw in as many steps as the order has.")
        return predicts[who[step]](latents, step, t)

    return predict


def first_then(steps: int, until: int) -> tuple[int, ...]:
    """The first net for steps before `until`, the second from there on. Raises UserError for an `until` that is
    not among the steps."""
    if not 0 <= until <= steps:
        found = f"The nets are to be switched at step {until} of {steps}."
        raise UserError(found, f"a step from 0 to {steps}", "Choose another step to switch at.")
    return (0,) * until + (1,) * (steps - until)


def check_alike(a: Pipeline, b: Pipeline) -> None:
    """Raise UserError where two models cannot take turns: another schedule of noise, another kind of answer, other
    latents, or other words."""
    ours, theirs = a.sampler(), b.sampler()
    compared = [
        ("answers", ours.config.prediction_type, theirs.config.prediction_type),
        ("moments of noise", len(ours.alphas_cumprod), len(theirs.alphas_cumprod)),
        ("latents", _latents(a), _latents(b)),
        ("words' numbers", a.unet.config.cross_attention_dim, b.unet.config.cross_attention_dim),
    ]
    for what, one, other in compared:
        if one != other:
            raise _unlike(a, b, f"{what} {one}", f"{what} {other}")
    if not torch.allclose(ours.alphas_cumprod, theirs.alphas_cumprod, atol=1e-6):
        said = [f"the schedule {name.config.beta_schedule}" for name in (ours, theirs)]
        raise _unlike(a, b, *said)


def _latents(pipeline: Pipeline) -> tuple:
    factor = pipeline.vae.config.scaling_factor if pipeline.vae is not None else None
    return (*pipeline.latent_shape, factor or f"unshuffled by {pipeline.patch}")


def _unlike(a: Pipeline, b: Pipeline, one: str, other: str) -> UserError:
    return UserError(
        f"{a.name} has {one}, {b.name} has {other}: they cannot take turns in one picture.",
        "models with the same schedule, kind of answer, latents and words",
        "Switch between a model and light nets made of it.",
    )
