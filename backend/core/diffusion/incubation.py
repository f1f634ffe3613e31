"""Module incubation: every block of a light UNet learns in its own place inside the frozen teacher.

After Deep Incubation (Ni et al., 2022): a block is given what the teacher's block is given, and learns to answer what
that answers. So all blocks learn at once, none waits for another, and they are assembled when each fits. A light down
block hands over the skips that the up block reads in their places: those of the teacher's last layers. Knows UNets of
Stable Diffusion's block classes and lessons.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from backend.core.diffusion.cuts import cut_of
from backend.core.diffusion.distillation import relative
from backend.core.diffusion.noising import Lesson
from backend.core.diffusion.tuning import Losses, Step, TuningPlan, TuningState, tune
from backend.errors import UserError

SKIPS = "res_hidden_states_tuple"


@dataclass(frozen=True)
class Call:
    """How a block of the teacher was called, and what it answered; `layers` is how many it has."""

    layers: int
    args: tuple
    kwargs: dict
    output: Tensor | tuple


def incubate(
    teacher: UNet2DConditionModel,
    light: UNet2DConditionModel,
    lesson_at: Callable[[int], Lesson],
    plan: TuningPlan,
    start: TuningState | None = None,
) -> Iterator[Step]:
    """Let the light UNet's blocks learn in place, yielding after every step with a loss for each block.

    All that is in no block stays as it is. Costs a pass of the teacher and one forward and back of the light blocks.
    Raises UserError where the light net is not one of this teacher's, or none of its blocks fits into it.
    """
    pairs = fitting(teacher, light)
    plan = replace(plan, decay=0.0)  # what no loss reaches must not shrink
    return tune(light, lambda step: block_losses(teacher, light, lesson_at(step), pairs), plan, start)


def fitting(teacher: UNet2DConditionModel, light: UNet2DConditionModel) -> dict[str, str]:
    """The light UNet's blocks that fit into the teacher and have fewer layers, with the teacher's block of their place.

    Raises UserError where there is none: a narrower block cannot read what the teacher's reads.
    """
    cut, pairs = cut_of(light, teacher), {}
    if cut.width == 1:
        pairs = {f"down_blocks.{i}": f"down_blocks.{i}" for i in range(len(light.down_blocks))}
        pairs |= {f"up_blocks.{i}": f"up_blocks.{i + cut.stages}" for i in range(len(light.up_blocks))}
    found = {
        ours: theirs
        for ours, theirs in pairs.items()
        if _reads(light.get_submodule(ours)) == _reads(teacher.get_submodule(theirs))
        and len(light.get_submodule(ours).resnets) < len(teacher.get_submodule(theirs).resnets)
    }
    if not found:
        raise UserError(
            "No block of this light net can learn in its place in the teacher.",
            "blocks with fewer layers that read as many channels as the teacher's",
            "Choose a light net of the teacher's width, or leave incubation out.",
        )
    return found


def block_losses(
    teacher: UNet2DConditionModel, light: UNet2DConditionModel, lesson: Lesson, pairs: dict[str, str]
) -> Losses:
    """For each light block how far its answers are from the teacher's, over their variance; `loss` is the sum."""
    with torch.no_grad(), calls(teacher, set(pairs.values())) as heard:
        teacher(lesson.noisy, lesson.at, lesson.states)
    parts = {ours: block_loss(light.get_submodule(ours), heard[theirs]) for ours, theirs in pairs.items()}
    return {"loss": sum(parts.values())} | parts


def block_loss(block: nn.Module, call: Call) -> Tensor:
    """What a light block answers to the teacher's inputs against what the teacher's block answered."""
    fewer = call.layers - len(block.resnets)
    if SKIPS in call.kwargs:
        theirs = call.kwargs[SKIPS]  # the skip of the stage above, then those of this stage's layers
        return relative(block(*call.args, **call.kwargs | {SKIPS: theirs[:1] + theirs[1 + fewer :]}), call.output)
    # the innermost block of a net with fewer stages does not halve the picture, and has a skip less at the end
    pairs = zip(block(*call.args, **call.kwargs)[1], call.output[1][fewer:], strict=False)
    return torch.stack([relative(our, their) for our, their in pairs]).sum()


@contextmanager
def calls(unet: UNet2DConditionModel, blocks: set[str]) -> Iterator[dict[str, Call]]:
    """Hear how these blocks are called in the UNet's next pass, and what they answer."""
    found: dict[str, Call] = {}

    def hearing(name: str) -> Callable:
        def hear(block: nn.Module, args: tuple, kwargs: dict, output: Tensor | tuple) -> None:
            found[name] = Call(len(block.resnets), args, kwargs, output)

        return hear

    hooks = [unet.get_submodule(name).register_forward_hook(hearing(name), with_kwargs=True) for name in blocks]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _reads(block: nn.Module) -> tuple[int, ...]:
    """How many channels the first resnet reads and, in an up block, the one that takes the skip from above."""
    layers = block.resnets if hasattr(block, "upsamplers") else block.resnets[:1]
    return layers[0].conv1.in_channels, layers[-1].conv1.in_channels
