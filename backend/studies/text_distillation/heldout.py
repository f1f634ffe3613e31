"""Held-out experts: does a student on these prompts also retrace experts that were never followed?

Knows segments and the matching loss; nothing of texts or scores. Each figure costs an unroll, no second derivatives.
"""

import statistics

from jaxtyping import Float
from torch import Tensor

from backend.core.seeding import generator
from backend.core.text.examples import Rows
from backend.core.training.matching import matching_loss
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.distill import inner_batches
from backend.studies.text_distillation.engines import plain_loss
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.unroll import LossAt, Segment, unroll


def heldout_losses(
    setup: Setup,
    buffer: TrajectoryBuffer,
    prompts: Float[Tensor, "slots length hidden"],
    log_lrs: Float[Tensor, " steps"],
) -> list[dict]:
    """Matching losses on experts that were never followed, from early starts, with the learned step sizes."""
    rows = []
    for number, start, segment in segments(setup, buffer, buffer.heldout):
        loss_at = plain_loss(setup.own.student, setup.synthetic, _batches(setup, number, start))
        rows.append(
            {"expert": number, "start": start, "matching_loss": segment_loss(loss_at, segment, prompts, log_lrs)}
        )
    return rows


def text_losses(
    setup: Setup,
    buffer: TrajectoryBuffer,
    rows: Rows,
    log_lrs: Float[Tensor, " steps"],
    followed: bool = False,
    without: int | None = None,
) -> list[dict]:
    """Matching losses, as `heldout_losses` has them, of the prompts as text, in the tokens that it is read in; on the
    followed experts if asked. `without` is a slot that no step reads, but one that would else read nothing."""
    found, nothing = [], setup.synthetic.initial  # unroll wants prompts; these rows hold their own
    for number, start, segment in segments(setup, buffer, buffer.followed if followed else buffer.heldout):
        loss_at = _reading(setup, rows, _batches(setup, number, start), without)
        loss = segment_loss(loss_at, segment, nothing, log_lrs)
        found.append({"expert": number, "start": start, "matching_loss": loss})
    return found


def followed_loss(
    setup: Setup,
    buffer: TrajectoryBuffer,
    prompts: Float[Tensor, "slots length hidden"],
    log_lrs: Float[Tensor, " steps"],
) -> float:
    """Mean matching loss over the followed experts, each from one start; the starts are dealt over all there are."""
    c, losses = setup.config, []
    for number, trajectory in enumerate(buffer.followed):
        start = number * c.max_start // max(1, len(buffer.followed) - 1)
        segment = buffer.segment(trajectory, start, c.expert_span)
        batches = inner_batches(c, generator(c.seed, "followed", number))
        loss_at = plain_loss(setup.own.student, setup.synthetic, batches)
        losses.append(segment_loss(loss_at, segment, prompts, log_lrs))
    return statistics.fmean(losses)


def segment_loss(loss_at: LossAt, segment: Segment, prompts: Tensor, log_lrs: Tensor) -> float:
    """The matching loss of one unroll."""
    return matching_loss(unroll(loss_at, segment, prompts, log_lrs)[-1], segment.start, segment.target).item()


def segments(setup: Setup, buffer: TrajectoryBuffer, trajectories: list[dict[str, Tensor]]) -> list[tuple]:
    """(expert, start, segment) from the first, the middle and the last start of each trajectory."""
    c = setup.config
    starts = sorted({0, c.max_start // 2, c.max_start})
    return [(n, start, buffer.segment(t, start, c.expert_span)) for n, t in enumerate(trajectories) for start in starts]


def _batches(setup: Setup, number: int, start: int) -> list[list[int] | None]:
    return inner_batches(setup.config, generator(setup.config.seed, "heldout", number, start))


def _reading(setup: Setup, rows: Rows, batches: list[list[int] | None], without: int | None = None) -> LossAt:
    """The loss of inner step k on its batch of `rows`."""
    student, everyone = setup.own.student, list(range(len(rows)))
    whole = [everyone if batch is None else batch for batch in batches]
    read = [[slot for slot in batch if slot != without] or batch for batch in whole]
    return lambda params, _, k: student.loss(params, rows.batch(read[k]))
