"""Distillation of a UNet: what a light one loses against the task, against its teacher's answer, and inside.

After BK-SDM (Kim et al., 2023): the loss is the task's, plus the distance to the teacher's answer, plus that of the
states behind every down and up block. Here a state's distance is divided by the variance of the teacher's, so that no
block speaks louder because its numbers are larger. Knows UNets and lessons. Does not step (tuning.py does).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from backend.core.diffusion.noising import Lesson
from backend.core.diffusion.tuning import Step, TuningPlan, TuningState, tune

States = list[Tensor]  # n, channels, height, width; each of its own size


@dataclass(frozen=True)
class Weights:
    """What each part of the loss counts. With `output` and `features` 0 the teacher is not asked."""

    task: float = 1.0
    output: float = 1.0
    features: float = 0.05


def train_light(
    teacher: UNet2DConditionModel,
    light: UNet2DConditionModel,
    lesson_at: Callable[[int], Lesson],
    plan: TuningPlan,
    weights: Weights,
    start: TuningState | None = None,
) -> Iterator[Step]:
    """Tune the light UNet in place, yielding after every step; the teacher stays as it is.

    Raises UserError where `start` is another net's state, and Diverged when the loss stops being a number.
    """
    return tune(light, lambda step: losses(light, teacher, lesson_at(step), weights), plan, start)


def losses(
    light: UNet2DConditionModel, teacher: UNet2DConditionModel, lesson: Lesson, weights: Weights
) -> dict[str, Tensor]:
    """The parts of the loss and, called `loss`, their weighted sum. What counts nothing is left out.

    With no weight on the teacher this costs one pass of the light net, otherwise a pass of the teacher more.
    """
    if not (weights.output or weights.features):
        task = (light(lesson.noisy, lesson.at, lesson.states).sample - lesson.wanted).square().mean()
        return {"loss": weights.task * task, "task": task}
    with block_states(teacher) as theirs, torch.no_grad():
        taught = teacher(lesson.noisy, lesson.at, lesson.states).sample
    with block_states(light) as ours:
        answer = light(lesson.noisy, lesson.at, lesson.states).sample
    parts = {"task": (answer - lesson.wanted).square().mean(), "output": (answer - taught).square().mean()}
    if weights.features:
        parts["features"] = features(ours, theirs, len(light.down_blocks))
    return {"loss": sum(getattr(weights, name) * value for name, value in parts.items())} | parts


def features(ours: States, theirs: States, stages: int) -> Tensor:
    """The distances of the states behind all down and up blocks, summed: mean squared difference over variance.

    A light net with fewer `stages` is compared with the teacher's outer blocks, and a narrower one with the teacher's
    leading channels, which are those it was made of.
    """
    pairs = zip(ours[:stages] + ours[stages:], theirs[:stages] + theirs[-stages:], strict=True)
    return torch.stack([relative(our, their[:, : our.shape[1]]) for our, their in pairs]).sum()


def relative(our: Tensor, their: Tensor) -> Tensor:
    """The mean squared difference over the variance of the teacher's."""
    return (our - their).square().mean() / their.var().clamp(min=1e-12)


@contextmanager
def block_states(unet: UNet2DConditionModel) -> Iterator[States]:
    """Collect the state behind every down and up block in the UNet's next pass: of a down block before its picture is
    halved, so that a block without that change of size can be compared."""
    found: States = []

    def keep(block: nn.Module, given: tuple, output: Tensor | tuple) -> None:
        if not isinstance(output, tuple):
            found.append(output)
        else:
            found.append(output[1][len(block.resnets) - 1])

    hooks = [block.register_forward_hook(keep) for block in (*unet.down_blocks, *unet.up_blocks)]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()
