"""How large a model under masks may be: a share of removed blocks that rises to its target, and what missing it costs.

Both towers share one budget, so the masks decide from which more is taken. Knows numbers; no model.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.params import Params

START = 10.0  # of both multipliers


@dataclass(frozen=True)
class Budget:
    """Of `full` weights in blocks the share `start` is to be gone at once and `target` after `warmup` steps.

    `full` is the size that shares are counted of: the first teacher's, in every stage of a progressive run. The
    official code's cost is one-sided: it pushes only while the model is too large, and overshoots. `two_sided` pulls
    from both sides; that code has the line, but does not run it.
    """

    full: int
    target: float
    start: float = 0.0
    warmup: int = 0
    two_sided: bool = True

    def wanted(self, step: int) -> float:
        """The share that is to be gone at a step, counted from 0."""
        return self.target if step >= self.warmup else self.start + (self.target - self.start) * step / self.warmup

    def removed(self, blocks: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """The share that is gone where `blocks` weights remain."""
        return 1 - blocks / self.full

    def cost(self, blocks: Float[Tensor, ""], step: int, multipliers: Params) -> Float[Tensor, ""]:
        """`linear` times what is missing, plus `square` times its square. The multipliers are trained uphill."""
        missing = self.wanted(step) - self.removed(blocks)
        missing = missing.abs() if self.two_sided else missing.clamp(min=0)
        return multipliers["linear"] * missing + multipliers["square"] * missing.square()


def fresh_multipliers() -> Params:
    """The two Lagrange multipliers before training."""
    return {"linear": torch.tensor(START), "square": torch.tensor(START)}
