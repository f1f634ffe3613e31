"""Who is trained: every arm, the base with other text towers, and two arms on other captions, each at several step
sizes and with several seeds.

Nothing is trained twice: where two pictures of the study need one student, it is one cell. Torch-free.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from backend.studies.light_clip.arms import COMPARED, REFERENCE
from backend.studies.light_clip.config import LightClipConfig

TRAIN, DEPTH, NOISE = "train", "depth", "noise"  # the stages that train


@dataclass(frozen=True)
class Variant:
    """What is trained: an arm, with a text tower of `layers` layers, on captions of which a share is `loose`."""

    arm: str
    layers: int
    loose: float


@dataclass(frozen=True)
class Cell:
    """One student to train. `phase` is grid while the step size is still open."""

    variant: Variant
    phase: str
    lr: float
    seed: int

    @property
    def name(self) -> str:
        v = self.variant
        return f"{v.arm}-{v.layers}-{v.loose!r}-lr{self.lr!r}-seed{self.seed}"


def variants(c: LightClipConfig) -> dict[str, list[Variant]]:
    """What each stage trains that no stage before it trained."""
    wanted = {
        TRAIN: [Variant(arm, c.text_layers, c.loose) for arm in c.arms],
        DEPTH: depths(c),
        NOISE: noises(c),
    }
    seen: set[Variant] = set()
    found = {}
    for stage, some in wanted.items():
        found[stage] = [one for one in dict.fromkeys(some) if one not in seen]
        seen |= set(some)
    return found


def depths(c: LightClipConfig) -> list[Variant]:
    """The base with each of the text towers that are asked for."""
    return [Variant(REFERENCE, layers, c.loose) for layers in c.depths]


def noises(c: LightClipConfig) -> list[Variant]:
    """Hard and softened labels on captions of each looseness."""
    return [Variant(arm, c.text_layers, loose) for loose in c.looses for arm in COMPARED]


def first(c: LightClipConfig, some: Iterable[Variant]) -> list[Cell]:
    """The students of the grids: the first seed at every step size; none where there is but one."""
    return [Cell(one, "grid", lr, 0) for one in some for lr in c.lrs] if len(c.lrs) > 1 else []


def chosen(c: LightClipConfig, variant: Variant, lr: float) -> list[Cell]:
    """The students of a variant at its step size. The best of the grid is that of the first seed."""
    return [Cell(variant, "grid" if len(c.lrs) > 1 and not seed else "final", lr, seed) for seed in range(c.seeds)]


def count(c: LightClipConfig, some: list[Variant]) -> int:
    """How many students that is."""
    grid = len(c.lrs) if len(c.lrs) > 1 else 1
    return len(some) * (grid + c.seeds - 1)
