"""The decoder `nearest`: prompts are learned freely, pulled to their nearest tokens, and projected at the end.

Knows prompts and a table; not experts or texts. Source: TTDM (Yao et al. 2025), the neighbour-aware loss.
"""

import torch
from torch import Tensor

from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.decoder import Ids, Pull
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.state import OuterState


class Nearest:
    """Plain projection: what prompts lose by it is not seen while they are learned."""

    def __init__(self, setup: Setup):
        self.setup = setup

    def memory(self) -> dict[str, Tensor]:
        return {}

    def seen(self, state: OuterState) -> Tensor:
        return state.prompts

    def pull(self, state: OuterState) -> Pull:
        distance = self.setup.nearest.regulariser(state.prompts, self.setup.synthetic.used)
        (gradient,) = torch.autograd.grad(distance, state.prompts)
        weight = self.weight(state.step)
        return Pull(weight * gradient, distance.item(), weight)

    def weight(self, step: int) -> float:
        """0 for the first half, then growing to its full value: an early pull freezes the prompts where they began."""
        c = self.setup.config
        return c.regulariser_weight * max(0.0, 2 * step / max(1, c.outer_steps) - 1)

    def after(self, state: OuterState, buffer: TrajectoryBuffer) -> None:
        pass

    def decode(self, state: OuterState) -> Ids:
        return self.setup.nearest.project(state.prompts, self.setup.synthetic.lengths)
