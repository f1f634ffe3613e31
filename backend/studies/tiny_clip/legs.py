"""Legs of a student's training: one for each size that it has on its way, with a cut between two of them.

Most students have a single leg. Knows settings and sizes; no weights.
"""

from dataclasses import dataclass

from backend.core.vision.models import TowerSize
from backend.core.vision.parts import Shapes, blocks_of
from backend.core.vision.student_sizes import Sizes, shape_of_size, sizes_for
from backend.studies.tiny_clip.arms import ARMS, MASKS
from backend.studies.tiny_clip.config import TinyClipConfig


@dataclass(frozen=True)
class Leg:
    """`steps` updates from update `first` on, at `asked` of the teacher's blocks. `sizes` are the towers'; None where
    masks decide them. `masks`: the whole teacher trains, and masks beside it."""

    first: int
    steps: int
    asked: float
    sizes: Sizes | None = None
    masks: bool = False

    @property
    def last(self) -> int:
        """The update that it ends with."""
        return self.first + self.steps


def legs_of(config: TinyClipConfig, arm: str, teacher: Shapes) -> list[Leg]:
    """The legs of an arm's students, together `config.steps` updates."""
    one = ARMS[arm]
    if one.start == MASKS:
        before = config.mask_steps
        return [Leg(0, before, 1.0, masks=True), Leg(before, config.steps - before, config.keep)]
    share = config.small if one.small else config.keep
    if not one.staged:
        return [Leg(0, config.steps, share, sizes_of(teacher, share))]
    every = stage_sizes(teacher, share, config.stages)
    ends = [round(config.steps * number / config.stages) for number in range(config.stages + 1)]
    shares = [share ** (number / config.stages) for number in range(1, config.stages + 1)]
    return [
        Leg(first, last - first, asked, sizes)
        for first, last, asked, sizes in zip(ends[:-1], ends[1:], shares, every, strict=True)
    ]


def sizes_of(teacher: Shapes, share: float) -> Sizes:
    """The towers of a student with this share of the teacher's blocks, at most."""
    return sizes_for(teacher, int(share * blocks_of(teacher)))


def stage_sizes(teacher: Shapes, share: float, stages: int) -> list[Sizes]:
    """The sizes of all stages, from the largest to the last: heads, layers and neurons fall by equal factors, rounded.

    Each size fits into the one before it. That of the last stage is the one that a single leap has.
    """
    last = sizes_of(teacher, share)
    towers = [
        [_between(teacher[name], end, number / stages) for number in range(1, stages)]
        for name, end in zip(teacher, last, strict=True)
    ]
    return [*zip(*towers, strict=True), last]


def _between(teacher, end: TowerSize, way: float) -> TowerSize:
    """A size on the way from the teacher's tower to the last one; `way` 1 is the last."""

    def part(whole: int, kept: int) -> int:
        return max(kept, round(whole ** (1 - way) * kept**way))

    heads = part(teacher.heads[0], end.heads)
    depth, neurons = part(teacher.depth, end.depth), part(teacher.neurons[0], end.neurons)
    return TowerSize(heads * teacher.head_width, depth, heads, neurons)


def share_of(sizes: Sizes, teacher: Shapes) -> float:
    """The share of the teacher's blocks that a student of these sizes has."""
    return sum(shape_of_size(size).blocks for size in sizes) / blocks_of(teacher)
