"""Carries settings out: pictures of prompts from their noise, by whatever nets and plans a setting has.

Knows the world of a run and legs; no figures and no files but the nets'.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from diffusers import UNet2DConditionModel
from jaxtyping import Float
from torch import Tensor

from backend.core.diffusion.adaptive import Adaptive
from backend.core.diffusion.inheriting import Inheriting
from backend.core.diffusion.modules import Module, modules_of
from backend.core.diffusion.plans import Plan
from backend.core.diffusion.sampling import Look, Predict, predictor, sample
from backend.studies.a_sdm.data import Asked, World
from backend.studies.a_sdm.legs import Leg, legs_of
from backend.studies.a_sdm.nets import Nets
from backend.studies.a_sdm.recipes import Recipe


@dataclass(frozen=True)
class Drawn:
    """Pictures from 0 to 1, the plans that were carried out, a leg each (of an adaptive one its first batch's), and the
    most memory of the caches in bytes."""

    pixels: Float[Tensor, "n 3 side side"]
    plans: tuple[Plan | None, ...]
    cache_bytes: int


class Studio:
    """Draws settings of one run."""

    def __init__(self, world: World):
        self.world, self.nets = world, Nets(world)

    def modules(self, net: str) -> Sequence[Module]:
        """The addresses of a net; every seed's are the same."""
        return modules_of(self.nets.net(net, 0))

    def legs(self, recipe: Recipe) -> tuple[Leg, ...]:
        """The legs of a setting. Raises UserError where a plan does not fit a net."""
        steps = self.world.config.steps
        return legs_of(recipe, steps, self.modules, self.moments(recipe.steps or steps))

    def moments(self, steps: int) -> list[float]:
        """The moment of noise of each step."""
        scheduler = self.world.pipeline.sampler(self.world.config.sampler)
        scheduler.set_timesteps(steps)
        return scheduler.timesteps.float().tolist()

    def draw(self, legs: Sequence[Leg], asked: Asked, seed: int = 0, look: Look | None = None) -> Drawn:
        """The pictures of a setting; `seed` chooses the light nets. `look` sees every step of every batch."""
        pixels, plans, most = [], None, 0
        for part in asked.parts(self.world.at_once):
            with self.carrying(legs, part, seed) as carrying:
                latents = self.sample(carrying, part, look)
                plans, most = plans or carrying.plans, max(most, carrying.cache_bytes)
            pixels.append(self.world.pipeline.decode(latents))
        return Drawn(torch.cat(pixels), plans, most)

    def sample(self, carrying: "Carrying", asked: Asked, look: Look | None = None) -> Tensor:
        """The latents of one batch."""
        pipeline, config = self.world.pipeline, self.world.config
        noise = pipeline.noise(list(asked.seeds))
        return sample(carrying, pipeline.sampler(config.sampler), noise, carrying.steps, look=look)

    @contextmanager
    def carrying(self, legs: Sequence[Leg], asked: Asked, seed: int = 0) -> Iterator["Carrying"]:
        """Within, what answers at each step; afterwards all nets are as they were."""
        world = self.world
        states = world.pipeline.encode(list(asked.texts))
        with ExitStack() as stack:
            found = []
            for leg in legs:
                unet = self.nets.net(leg.net, seed)
                hooks = stack.enter_context(_hooks(unet, leg)) if leg.plan and leg.plan.inherit else None
                found.append((predictor(unet, states, world.config.guidance, world.nothing), hooks))
            yield Carrying(tuple(legs), tuple(found))

    def seconds(self, legs: Sequence[Leg], asked: Asked, seed: int = 0) -> float:
        """What one batch takes of the processor."""
        with self.carrying(legs, asked, seed) as carrying:
            began = time.process_time()
            self.sample(carrying, asked)
            return time.process_time() - began


@dataclass(frozen=True)
class Carrying:
    """What answers at each step: the leg's net, with the hooks of its plan where it has one."""

    legs: tuple[Leg, ...]
    parts: tuple[tuple[Predict, Inheriting | None], ...]

    def __call__(self, latents: Tensor, step: int, t: Tensor) -> Tensor:
        number = next(number for number, leg in enumerate(self.legs) if step < leg.last)
        return self.parts[number][0](latents, step, t)

    @property
    def steps(self) -> int:
        return self.legs[-1].last

    @property
    def plans(self) -> tuple[Plan | None, ...]:
        """What was carried out, a leg each."""
        return tuple(
            hooks.taken if isinstance(hooks, Adaptive) else leg.plan
            for leg, (_, hooks) in zip(self.legs, self.parts, strict=True)
        )

    @property
    def cache_bytes(self) -> int:
        """The memory of all caches, in bytes."""
        return sum(hooks.cache_bytes for _, hooks in self.parts if hooks is not None)


def _hooks(unet: UNet2DConditionModel, leg: Leg) -> Inheriting:
    if leg.threshold is not None:
        return Adaptive(unet, leg.plan, leg.threshold)
    return Inheriting(unet, leg.plan)
