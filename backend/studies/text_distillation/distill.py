"""The outer loop: learn prompts on which a student retraces the experts' steps. Reads like the paper's algorithm.

    draw an expert and a segment of its trajectory, start -> target
    unroll a student from start on what the decoder makes of the prompts, with one learned step size per step
    descend   matching loss + the decoder's pull towards real tokens

Knows segments, prompts and their gradients; not files, text or scores. Source: TTDM (Yao et al. 2025) on MTT.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from backend.core.models.lora import LoraStudent
from backend.core.seeding import generator, shuffled_batches
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.decoder import Decoder
from backend.studies.text_distillation.engines import Engine, plain_loss
from backend.studies.text_distillation.schedule import latest_start, shrinking, typical_norm
from backend.studies.text_distillation.state import OuterState
from backend.studies.text_distillation.synthetic import SyntheticPrompts
from backend.studies.text_distillation.unroll import MatchingGradient, best_step_size


def begin(config: DistillConfig, synthetic: SyntheticPrompts, first: float) -> OuterState:
    """Real questions as prompts, and `first` as every inner step size."""
    prompts = synthetic.initial.clone().requires_grad_()
    log_lrs = torch.full((config.inner_steps,), math.log(first), device=prompts.device, requires_grad=True)
    # in units of the token table: a step tuned for another model's table destroys the prompts
    prompt_step = config.prompt_lr * float(synthetic.table.std())
    groups = [{"params": [prompts], "lr": prompt_step}, {"params": [log_lrs], "lr": config.lr_of_inner_lr}]
    return OuterState(0, prompts, log_lrs, torch.optim.Adam(groups))


def first_step_size(
    config: DistillConfig, student: LoraStudent, buffer: TrajectoryBuffer, synthetic: SyntheticPrompts
) -> float:
    """The inner step size to begin with."""
    as_far = config.expert_lr * config.expert_span / config.inner_steps
    segment = buffer.segment(buffer.followed[0], 0, config.expert_span)
    loss_at = plain_loss(student, synthetic, inner_batches(config, generator(config.seed, "step size")))
    return best_step_size(loss_at, segment, synthetic.initial, as_far, config.inner_steps)


def inner_batches(config: DistillConfig, rng: torch.Generator) -> list[list[int] | None]:
    """The slots that each inner step reads; None stands for all of them."""
    if config.inner_batch in (0, config.prompts):
        return [None] * config.inner_steps
    return shuffled_batches(config.prompts, config.inner_batch, config.inner_steps, rng)


def distil(
    config: DistillConfig,
    engine: Engine,
    buffer: TrajectoryBuffer,
    synthetic: SyntheticPrompts,
    decoder: Decoder,
    state: OuterState,
) -> Iterator[dict]:
    """Update `state` once per iteration and yield that update's row of metrics, until outer_steps are done."""
    while state.step < config.outer_steps:
        rng = generator(config.seed, "outer", state.step)  # by step number, so that a resumed run draws the same
        expert = int(torch.randint(len(buffer.followed), (), generator=rng))
        start = int(torch.randint(latest_start(config, state.step) + 1, (), generator=rng))
        segment = buffer.segment(buffer.followed[expert], start, config.expert_span)
        loss_at = engine.loss(synthetic, inner_batches(config, rng))

        found = engine.gradient(loss_at, segment, decoder.seen(state), state.log_lrs)
        pull = decoder.pull(state)
        norm = apply(config, state, found, pull.gradient)

        state.step += 1
        decoder.after(state, buffer)
        yield {
            "step": state.step,
            "expert": expert,
            "start": start,
            "matching_loss": found.loss,
            "cosine": found.cosine,
            "regulariser": pull.distance,
            "weight": pull.weight,
            "inner_lr": state.log_lrs.detach().exp().mean().item(),
            "gradient_norm": norm,
            "adjoint_growth": found.adjoint_growth,
            "skipped": state.skipped,
        }


def apply(config: DistillConfig, state: OuterState, found: MatchingGradient, pull: Tensor) -> float:
    """One Adam step on prompts and step sizes, clipped; or none, counted, where the unroll has gone astray."""
    state.prompts.grad, state.log_lrs.grad = found.prompts + pull, found.log_lrs
    norm = torch.nn.utils.get_total_norm([state.prompts.grad, state.log_lrs.grad]).item()
    if not (math.isfinite(norm) and math.isfinite(found.loss) and found.loss <= config.skip_above):
        state.skipped += 1
        return norm
    state.typical_norm = typical_norm(state.typical_norm, norm)
    shrink = shrinking(config, state.typical_norm, norm)
    state.prompts.grad.mul_(shrink)
    state.log_lrs.grad.mul_(shrink)
    state.optimizer.step()
    return norm
