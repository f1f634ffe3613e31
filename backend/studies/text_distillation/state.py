"""OuterState: all that changes while prompts are learned, and so all that a checkpoint has to hold.

Knows tensors and their shapes; not what changes them.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class OuterState:
    """`memory` belongs to the decoder; `reverted` is None until the revert rule has been applied."""

    step: int
    prompts: Tensor  # (slots, length, hidden)
    log_lrs: Tensor  # (inner_steps,)
    optimizer: torch.optim.Adam
    typical_norm: float = 0.0
    skipped: int = 0
    memory: dict[str, Tensor] = field(default_factory=dict)
    reverted: Tensor | None = None  # (slots,) bool: where the real question stays
