"""How far a net is from the full one at every step, given the full one's own noisy latents.

It says where another net may take over: no error of an earlier step is in it. Knows whoever answers and a scheduler.
"""

from dataclasses import dataclass

from diffusers import SchedulerMixin
from jaxtyping import Float
from torch import Tensor

from backend.core.diffusion.sampling import Predict, clean_of, sample


@dataclass(frozen=True)
class StepError:
    """At the step with the moment `t`: mean squared differences of the clean latents that both point to, and of what
    they answer."""

    step: int
    t: int
    error: float
    answer: float


def step_errors(
    full: Predict, other: Predict, scheduler: SchedulerMixin, noise: Float[Tensor, "n c h w"], steps: int
) -> list[StepError]:
    """The other net's error at every step on the way that the full one takes from this noise.

    Costs a drawing with each.
    """
    found: list[StepError] = []

    def predict(latents: Tensor, step: int, t: Tensor) -> Tensor:
        answer, others = full(latents, step, t), other(latents, step, t)
        apart = clean_of(scheduler, answer, t, latents) - clean_of(scheduler, others, t, latents)
        found.append(StepError(step, int(t), apart.square().mean().item(), (answer - others).square().mean().item()))
        return answer

    sample(predict, scheduler, noise, steps)
    return found
