"""The arms of the study: where a student's weights come from and what it is trained by. A table; standard library only.

Knows names; no model and no config.
"""

from dataclasses import dataclass

TEACHER, SCRATCH, AUTO = "teacher", "scratch", "auto"
RANDOM, SLICES, MASKS = "random", "slices", "masks"  # where a student's first weights come from
CLIP, AFFINITY = "clip", "affinity"  # what it is trained by


@dataclass(frozen=True)
class Arm:
    """`start` says where the weights come from, `loss` what trains them; `uniform` chooses layers by even spacing.

    `small`: the student of the smaller size, cut down to in several stages where `staged`."""

    name: str
    start: str
    loss: str
    uniform: bool = False
    small: bool = False
    staged: bool = False


ARMS: dict[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm(SCRATCH, RANDOM, CLIP),
        Arm("affinity", RANDOM, AFFINITY),
        Arm("inherit", SLICES, CLIP),
        Arm("both", SLICES, AFFINITY),
        Arm("uniform", SLICES, AFFINITY, uniform=True),
        Arm(AUTO, MASKS, AFFINITY),
        Arm("one_leap", SLICES, AFFINITY, small=True),
        Arm("progressive", SLICES, AFFINITY, small=True, staged=True),
    )
}
PAIRED = (  # an arm and what it is compared with, seed by seed
    ("affinity", SCRATCH),
    ("inherit", SCRATCH),
    ("both", SCRATCH),
    ("both", "inherit"),
    ("uniform", "both"),
    (AUTO, "both"),
    (AUTO, SCRATCH),
    ("progressive", "one_leap"),
)
