"""The arms of the study: which light UNet, where its weights come from and what trains it. A table; standard library
only.

Knows names; no model and no config.
"""

from dataclasses import dataclass

FULL = "full"  # the teacher
ASSEMBLED, RANDOM = "assembled", "random"  # where a light net's first weights come from
DISTIL, TASK = "distil", "task"  # what trains it


@dataclass(frozen=True)
class Arm:
    """`net` is the light UNet's shape, `start` its first weights, `loss` what trains it. `incubated`: its blocks learn
    one by one inside the frozen teacher first. `experts`: kernels of the second convolutions are mixed of several."""

    name: str
    net: str
    start: str = ASSEMBLED
    loss: str = DISTIL
    incubated: bool = False
    experts: bool = False


ARMS: dict[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm("base", "base"),
        Arm("base_task", "base", loss=TASK),
        Arm("scratch_task", "base", start=RANDOM, loss=TASK),
        Arm("scratch_distil", "base", start=RANDOM),
        Arm("incubated", "base", incubated=True),
        Arm("experts", "base", experts=True),
        Arm("small", "small"),
        Arm("tiny", "tiny"),
        Arm("narrow", "narrow"),
        Arm("tiny_narrow", "tiny_narrow"),
    )
}
PAIRED = (  # an arm and what it is compared with, seed by seed
    ("base", "scratch_task"),
    ("base", "base_task"),
    ("base", "scratch_distil"),
    ("scratch_distil", "scratch_task"),
    ("incubated", "base"),
    ("experts", "base"),
    ("small", "base"),
)
