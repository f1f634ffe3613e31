"""Held-out experts: does a student on these prompts also retrace experts that were never followed?

Knows segments and the matching loss; nothing of text or scores.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.seeding import generator
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.distill import inner_batches, student_loss
from backend.studies.text_distillation.matching import matching_loss
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.unroll import Segment, unroll


def heldout_losses(
    setup: Setup,
    buffer: TrajectoryBuffer,
    prompts: Float[Tensor, "slots length hidden"],
    log_lrs: Float[Tensor, " steps"],
) -> list[dict]:
    """Matching losses on experts that were never followed, from early starts, with the learned step sizes."""
    c, rows = setup.config, []
    for number, trajectory in enumerate(buffer.heldout):
        for start in sorted({0, c.max_start // 2, c.max_start}):
            segment = buffer.segment(trajectory, start, c.expert_span)
            rng = generator(c.seed, "heldout", number, start)
            rows.append(
                {"expert": number, "start": start, "matching_loss": _loss(setup, segment, prompts, log_lrs, rng)}
            )
    return rows


def _loss(setup: Setup, segment: Segment, prompts: Tensor, log_lrs: Tensor, rng: torch.Generator) -> float:
    loss_at = student_loss(setup.own.student, setup.synthetic, inner_batches(setup.config, rng))
    return matching_loss(unroll(loss_at, segment, prompts, log_lrs)[-1], segment.start, segment.target).item()
