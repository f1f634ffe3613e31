"""What modules and nets cost: operations, parameters, memory, and time of the processor at one picture and at eight.

Knows a studio; the numbers are a step's, of prompts that do not matter.
"""

from collections.abc import Callable

import torch
from diffusers import UNet2DConditionModel
from torch.utils.flop_counter import FlopCounterMode

from backend.core.diffusion.assembly import kept
from backend.core.diffusion.costs import cost_rows, measured
from backend.core.diffusion.cuts import cut_of
from backend.studies.a_sdm.arms import ARMS, FULL
from backend.studies.a_sdm.prepare import Prepared
from backend.studies.a_sdm.timing import TIMED
from backend.studies.a_sdm.words import net_title

REPEATS = 5  # of a step; the median counts


def module_rows(here: Prepared) -> list[dict]:
    """A row for the whole net and for every module of the full model."""
    unet = here.world.pipeline.unet
    calls = {many: step_of(here, unet, many) for many in TIMED}
    return cost_rows(unet, here.studio.modules(FULL), calls, REPEATS)


def net_rows(here: Prepared, arms: tuple[str, ...]) -> list[dict]:
    """A row for the full model and for every light net, timed in turn."""
    names = (FULL, *arms)
    nets = {name: here.studio.nets.net(name) for name in names}
    times = {many: measured({name: step_of(here, nets[name], many) for name in names}, REPEATS) for many in TIMED}
    flops = {name: _operations(step_of(here, nets[name], 1)) for name in names}
    rows = []
    for name in names:
        row = {"arm": name, "net": ARMS[name].net if name in ARMS else name, "title": net_title(name)}
        row |= {"kept": _kept(here, nets[name], name), "parameters": sum(p.numel() for p in nets[name].parameters())}
        row |= {"flops": flops[name] / flops[FULL]}
        rows.append(row | {f"ms{many}": 1000 * _median(times[many][name]) for many in TIMED})
    return rows


def step_of(here: Prepared, unet: UNet2DConditionModel, many: int) -> Callable[[], object]:
    """A call of the net for so many pictures."""
    pipeline = here.world.pipeline
    noise, states = pipeline.noise(list(range(many))), pipeline.encode([here.world.test.texts[0]]).expand(many, -1, -1)
    moment = torch.tensor(500)

    def call() -> object:
        with torch.no_grad():
            return unet(noise, moment, states).sample

    return call


def _kept(here: Prepared, net: UNet2DConditionModel, name: str) -> list[str]:
    """The full model's modules that a net is made of."""
    if name == FULL:
        return [module.id for module in here.studio.modules(FULL)]
    return list(
        kept(here.world.pipeline.unet, ARMS[name].net if name in ARMS else cut_of(net, here.world.pipeline.unet))
    )


def _operations(call: Callable[[], object]) -> int:
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
