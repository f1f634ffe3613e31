"""The inner loop, and the exact gradient of the matching loss through it in memory that does not grow with its length.

Forward: the student's small states theta_0..theta_K and gradients g_0..g_{K-1} are stored, no graph. Backward: one step
at a time is rebuilt with its graph, and the adjoint lambda_k = d loss / d theta_k is carried back:

    s_k        = < lambda_{k+1}, direction(g_k) >,     u_k = d s_k / d g_k
    d P       -= lr_k * d < g_k(theta_k, P), u_k > / d P
    d log lr_k = - lr_k * s_k
    lambda_k   = lambda_{k+1} - lr_k * d < g_k(theta_k, P), u_k > / d theta_k

This equals backpropagation through the whole unroll (the naive twin in the tests). < g, u > is the loss's derivative
along u: a loss that can say it by a forward pass (`along`) is differentiated once, any other twice; `one_sided` takes
the difference of two gradients instead. Knows a loss, parameters and step sizes; not text, LoRA, experts or files.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.params import Params, as_leaves, gradients, inner_product, minus
from backend.core.training.matching import displacement_cosine, matching_adjoint, matching_loss
from backend.core.training.stepping import direction, move

STEP_SIZES = (0.03, 0.1, 0.25, 0.5, 1.0)  # shares of the expert's own travel

# the student's loss at inner step k: (params, prompts, k) -> scalar. The attention must have a second derivative.
LossAt = Callable[[Params, Tensor, int], Tensor]
PROMPTS = "prompts"  # their gradient among those of the parameters
ONE_SIDED = 0.03  # of an inner step: how far a difference looks ahead


@dataclass(frozen=True)
class Here:
    """An inner step: the parameters before it, their gradient (and the prompts', for `one_sided`), the way it goes."""

    params: Params
    slope: Params
    step: Params


# the second derivatives of inner step k: (loss, where it is, prompts, k, towards) -> one for each, prompts by PROMPTS
Mixed = Callable[[LossAt, Here, Tensor, int, Params], Params]


@dataclass(frozen=True)
class Segment:
    """What one outer step matches: a piece of one expert's trajectory, and the manner of stepping on it."""

    start: Params
    target: Params
    rule: str
    preconditioner: Params | None = None


@dataclass(frozen=True)
class MatchingGradient:
    """The matching loss of one unroll with its gradients. `adjoint_growth` = |lambda_1| / |lambda_K|."""

    loss: float
    cosine: float
    prompts: Tensor
    log_lrs: Tensor
    adjoint_growth: float


def unroll(
    loss_at: LossAt, segment: Segment, prompts: Float[Tensor, "slots length hidden"], log_lrs: Float[Tensor, " steps"]
) -> list[Params]:
    """The student's states theta_0..theta_K along the inner loop, without a graph."""
    return sweep(loss_at, segment, prompts, log_lrs)[0]


def best_step_size(loss_at: LossAt, segment: Segment, prompts: Tensor, as_far: float, steps: int) -> float:
    """The step size, of a few shares of `as_far`, whose unroll ends closest to the target. `as_far` goes all the way.

    Costs a few unrolls without second derivatives; a guess that overshoots would have every update skipped.
    """
    found = {}
    for share in STEP_SIZES:
        log_lrs = torch.full((steps,), math.log(share * as_far), device=prompts.device)
        end = unroll(loss_at, segment, prompts, log_lrs)[-1]
        found[share * as_far] = matching_loss(end, segment.start, segment.target).item()
    return min(found, key=lambda size: (not math.isfinite(found[size]), found[size]))


def sweep(
    loss_at: LossAt,
    segment: Segment,
    prompts: Float[Tensor, "slots length hidden"],
    log_lrs: Float[Tensor, " steps"],
    of_prompts: bool = False,
) -> tuple[list[Params], list[Params]]:
    """The states theta_0..theta_K of an unroll, without a graph, and the gradients g_0..g_{K-1} on the way.

    With `of_prompts` each gradient also holds that of the prompts, under PROMPTS.
    """
    states, slopes = [{name: p.detach() for name, p in segment.start.items()}], []
    leaf = prompts.detach().requires_grad_(of_prompts)
    for k, lr in enumerate(log_lrs.detach().exp().tolist()):
        leaves = as_leaves(states[-1])
        wanted = leaves | {PROMPTS: leaf} if of_prompts else leaves
        slopes.append(gradients(loss_at(leaves, leaf, k), wanted))
        with torch.no_grad():
            slope = {name: slopes[-1][name] for name in leaves}
            states.append(move(states[-1], lr, direction(segment.rule, slope, segment.preconditioner)))
    return states, slopes


def exact(loss_at: LossAt, here: Here, prompts: Tensor, k: int, towards: Params) -> Params:
    """d <g, towards> / d parameters and prompts, where g is the gradient of the loss of step k."""
    leaves = as_leaves(here.params) | {PROMPTS: prompts.detach().requires_grad_()}
    own = {name: leaves[name] for name in here.params}
    if hasattr(loss_at, "along"):
        return gradients(loss_at.along(own, leaves[PROMPTS], k, towards), leaves)
    slope = gradients(loss_at(own, leaves[PROMPTS], k), own, create_graph=True)
    return gradients(inner_product(towards, slope), leaves)


def one_sided(loss_at: LossAt, here: Here, prompts: Tensor, k: int, towards: Params) -> Params:
    """What `exact` returns, approximated by a difference: how the gradient changes when the parameters move a little
    along `towards`.

    No tensor moves further than a small part of what the inner step moves one: measured by the parameters' own size, B,
    which starts at 0, would be moved out of all proportion. Wrong by 672 times on opt-pocket when it was.
    """
    by = ONE_SIDED * largest(here.step) / largest(towards).clamp(min=1e-30)
    leaves = as_leaves({name: p + by * towards[name] for name, p in here.params.items()})
    leaf = prompts.detach().requires_grad_()
    moved = gradients(loss_at(leaves, leaf, k), leaves | {PROMPTS: leaf})
    return {name: (moved[name] - here.slope[name]) / by for name in moved}


def largest(params: Params) -> Tensor:
    """The largest root mean square of any tensor."""
    return torch.stack([p.square().mean() for p in params.values()]).max().sqrt()


def matching_gradient(
    loss_at: LossAt,
    segment: Segment,
    prompts: Float[Tensor, "slots length hidden"],
    log_lrs: Float[Tensor, " steps"],
    mixed: Mixed = exact,
) -> MatchingGradient:
    """Matching loss after the inner loop and its gradient with respect to prompts and logarithmic step sizes."""
    states, slopes = sweep(loss_at, segment, prompts, log_lrs, of_prompts=mixed is one_sided)
    end = states[-1]
    adjoint = matching_adjoint(end, segment.start, segment.target)
    first_norm = inner_product(adjoint, adjoint).sqrt()
    d_prompts, d_log_lrs = torch.zeros_like(prompts), torch.zeros_like(log_lrs)
    for k in reversed(range(len(log_lrs))):
        lr = log_lrs[k].detach().exp()
        here = Here(states[k], slopes.pop(), minus(states[k], states[k + 1]))
        own = as_leaves({name: here.slope[name] for name in adjoint})
        step = inner_product(adjoint, direction(segment.rule, own, segment.preconditioner))
        second = mixed(loss_at, here, prompts, k, gradients(step, own))
        d_prompts -= lr * second.pop(PROMPTS)
        d_log_lrs[k] = -lr * step.detach()
        if k:  # nothing is upstream of theta_0
            adjoint = _carry_back(adjoint, lr, second)
    return MatchingGradient(
        loss=matching_loss(end, segment.start, segment.target).item(),
        cosine=displacement_cosine(end, segment.start, segment.target).item(),
        prompts=d_prompts,
        log_lrs=d_log_lrs,
        adjoint_growth=(inner_product(adjoint, adjoint).sqrt() / first_norm.clamp(min=1e-30)).item(),
    )


def _carry_back(adjoint: Params, lr: Tensor, second: Params) -> Params:
    return {name: a - lr * second[name] for name, a in adjoint.items()}
