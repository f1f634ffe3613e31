"""Inheritance decided while sampling: a step is computed where the first block has changed enough since the last
computed one, and inherits otherwise.

The rule of first-block caches (ParaAttention, diffusers' FirstBlockCache), for UNets: the first layer is asked before
the step is. Knows the hooks of inheriting.py; what may be inherited at all is the plan's.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from diffusers import UNet2DConditionModel
from torch import Tensor

from backend.core.diffusion.dead_code import Program, programs
from backend.core.diffusion.inheriting import Inheriting
from backend.core.diffusion.plans import Plan
from backend.core.diffusion.spots import Spot
from backend.errors import UserError

FIRST = "down_blocks.0.resnets.0"
ASKED = {  # what runs before a step is decided, with all that it reads
    "conv_in": {"conv_in"},
    FIRST: {"conv_in", FIRST, f"{FIRST}.conv1", f"{FIRST}.conv2"},
}


class _Enough(Exception):
    """Leaves a call of the UNet after its first layer, as the step is to inherit."""


class Adaptive(Inheriting):
    """Carries `plan` out but only at steps where the first layer's mean change is at most `threshold` of its mean size.

    The change is from the last computed step and over the whole batch, so that the pictures of a batch decide together.
    `taken` is what was carried out so far: as a plan it gives the same pictures, without deciding anything. Raises
    UserError where the plan's modules are to be inherited at different steps.
    """

    def __init__(self, unet: UNet2DConditionModel, plan: Plan, threshold: float) -> None:
        if len({entry.at for entry in plan.inherit}) > 1:
            raise UserError(
                "The modules of this plan are inherited at different steps.",
                "one set of steps for all modules where the first block decides",
                "Give all modules the same steps, or carry the plan out as it is.",
            )
        self.threshold = threshold
        super().__init__(unet, plan)

    def _programs(self) -> Sequence[Program]:
        """Of a step that inherits nothing, whose values are kept, and of one that inherits."""
        two = Plan(2, tuple(replace(entry, at=(1,)) for entry in self.plan.inherit))
        return programs(self.modules, two)

    def restart(self) -> None:
        super().restart()
        self._inherited: list[int] = []
        self._first: Tensor | None = None
        self._undecided = False
        self._pending: dict[str, Tensor] = {}  # to be kept, should the step be computed
        self._seen: dict[str, Tensor] = {}  # computed before the step was decided

    @property
    def taken(self) -> Plan:
        """The plan as far as it was carried out."""
        at = tuple(self._inherited)
        return replace(self.plan, inherit=tuple(replace(entry, at=at) for entry in self.plan.inherit))

    def busy(self, spot: Spot, program: Program) -> bool:
        return spot.name in ASKED or super().busy(spot, program)

    def _answer(self, forward: Callable[..., Any], args: tuple, kwargs: dict) -> Tensor:
        full, inheriting = self.programs
        self._undecided, self._pending, self._seen = True, {}, {}
        try:
            return self._carried_out(full, forward, args, kwargs)
        except _Enough:
            self._inherited.append(self.step)
            self._undecided = False
            return self._carried_out(inheriting, forward, args, kwargs)

    def reached(self, spot: Spot, forward: Callable[..., Any], args: tuple, kwargs: dict) -> Any:
        if not self._undecided and spot.name in self._seen and self.program.executed.issuperset(ASKED[spot.name]):
            return self._seen[spot.name]
        answer = super().reached(spot, forward, args, kwargs)
        if self._undecided and spot.name in ASKED:
            self._seen[spot.name] = answer
            if spot.name == FIRST:
                self._decide(answer)
        return answer

    def keep(self, id: str, value: Tensor) -> None:
        (self._pending if self._undecided else self.cache)[id] = value

    def _decide(self, first: Tensor) -> None:
        """Go on and compute the step, or leave it by an exception."""
        may = any(self.step in entry.at for entry in self.plan.inherit)
        if may and self._first is not None and _change(self._first, first) <= self.threshold:
            raise _Enough
        self._undecided, self._first = False, first
        self.cache |= self._pending


def _change(before: Tensor, after: Tensor) -> float:
    return float((after - before).abs().mean() / before.abs().mean())
