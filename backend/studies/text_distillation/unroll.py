"""The inner loop, and the exact gradient of the matching loss through it in memory that does not grow with its length.

Forward: the student's small states theta_0..theta_K are stored, no graph. Backward: one step at a time is rebuilt with
its graph, and the adjoint lambda_k = d loss / d theta_k is carried back:

    s_k        = < lambda_{k+1}, direction(g_k(theta_k, P)) >
    d P       -= lr_k * d s_k / d P
    d log lr_k = - lr_k * s_k
    lambda_k   = lambda_{k+1} - lr_k * d s_k / d theta_k

This equals backpropagation through the whole unroll (the naive twin in the tests). Knows a loss, parameters and step
sizes; not text, LoRA, experts or files.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.params import Params, as_leaves, gradients, inner_product
from backend.core.stepping import direction, move
from backend.studies.text_distillation.matching import displacement_cosine, matching_adjoint, matching_loss

# the student's loss at inner step k: (params, prompts, k) -> scalar. The attention must have a second derivative.
LossAt = Callable[[Params, Tensor, int], Tensor]


@dataclass(frozen=True)
class Segment:
    """What one outer step matches: a piece of one expert's trajectory, and the manner of stepping on it."""

    start: Params
    target: Params
    rule: str
    preconditioner: Params | None = None


@dataclass(frozen=True)
class MatchingGradient:
    """The matching loss of one unroll with its exact gradients. `adjoint_growth` = |lambda_1| / |lambda_K|."""

    loss: float
    cosine: float
    prompts: Tensor
    log_lrs: Tensor
    adjoint_growth: float


def unroll(
    loss_at: LossAt, segment: Segment, prompts: Float[Tensor, "slots length hidden"], log_lrs: Float[Tensor, " steps"]
) -> list[Params]:
    """The student's states theta_0..theta_K along the inner loop, without a graph."""
    states = [{name: p.detach() for name, p in segment.start.items()}]
    for k, lr in enumerate(log_lrs.detach().exp().tolist()):
        leaves = as_leaves(states[-1])
        grad = gradients(loss_at(leaves, prompts.detach(), k), leaves)
        with torch.no_grad():
            states.append(move(states[-1], lr, direction(segment.rule, grad, segment.preconditioner)))
    return states


def matching_gradient(
    loss_at: LossAt, segment: Segment, prompts: Float[Tensor, "slots length hidden"], log_lrs: Float[Tensor, " steps"]
) -> MatchingGradient:
    """Matching loss after the inner loop and its exact gradient with respect to prompts and logarithmic step sizes."""
    states = unroll(loss_at, segment, prompts, log_lrs)
    end = states[-1]
    adjoint = matching_adjoint(end, segment.start, segment.target)
    first_norm = inner_product(adjoint, adjoint).sqrt()
    leaf = prompts.detach().requires_grad_()
    d_prompts, d_log_lrs = torch.zeros_like(prompts), torch.zeros_like(log_lrs)
    for k in reversed(range(len(log_lrs))):
        lr = log_lrs[k].detach().exp()
        params = as_leaves(states[k])
        grad = gradients(loss_at(params, leaf, k), params, create_graph=True)
        along = inner_product(adjoint, direction(segment.rule, grad, segment.preconditioner))
        wanted = params.values() if k else ()  # nothing is upstream of theta_0
        found = torch.autograd.grad(along, (leaf, *wanted))
        d_prompts -= lr * found[0]
        d_log_lrs[k] = -lr * along.detach()
        if k:
            adjoint = _carry_back(adjoint, lr, found[1:])
    return MatchingGradient(
        loss=matching_loss(end, segment.start, segment.target).item(),
        cosine=displacement_cosine(end, segment.start, segment.target).item(),
        prompts=d_prompts,
        log_lrs=d_log_lrs,
        adjoint_growth=(inner_product(adjoint, adjoint).sqrt() / first_norm.clamp(min=1e-30)).item(),
    )


def _carry_back(adjoint: Params, lr: Tensor, second: tuple[Tensor, ...]) -> Params:
    return {name: a - lr * h for (name, a), h in zip(adjoint.items(), second, strict=True)}
