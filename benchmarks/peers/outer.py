"""Other ways to the gradient of the matching loss, with our loss and our stepping rules, so that only the way differs.

naive: one graph through the whole unroll (MTT, Cazenavette et al. 2022). detached: a first-order sweep, then one
adjoint for every step, the chain through the student's states dropped (TESLA, Cui et al. 2023, section 3). Knows a loss
and a segment; no text.
"""

import torch
from torch import Tensor

from backend.core.params import as_leaves, gradients, inner_product
from backend.core.training.matching import matching_adjoint, matching_loss
from backend.core.training.stepping import direction, move
from backend.studies.text_distillation.unroll import LossAt, Segment, unroll


def floor(loss_at: LossAt, segment: Segment, prompts: Tensor, log_lrs: Tensor) -> None:
    """The unroll forward and backward, no second derivative: what any of the others has to do at least."""
    unroll(loss_at, segment, prompts, log_lrs)


def naive(loss_at: LossAt, segment: Segment, prompts: Tensor, log_lrs: Tensor) -> Tensor:
    params, leaf = as_leaves(segment.start), prompts.detach().requires_grad_()
    for k, lr in enumerate(log_lrs.detach().exp()):
        slope = gradients(loss_at(params, leaf, k), params, create_graph=True)
        params = move(params, lr, direction(segment.rule, slope, segment.preconditioner))
    return torch.autograd.grad(matching_loss(params, segment.start, segment.target), leaf)[0]


def detached(loss_at: LossAt, segment: Segment, prompts: Tensor, log_lrs: Tensor) -> Tensor:
    states = unroll(loss_at, segment, prompts, log_lrs)
    adjoint = matching_adjoint(states[-1], segment.start, segment.target)
    leaf, found = prompts.detach().requires_grad_(), torch.zeros_like(prompts)
    for k, lr in enumerate(log_lrs.detach().exp()):
        params = as_leaves(states[k])
        slope = gradients(loss_at(params, leaf, k), params, create_graph=True)
        along = inner_product(adjoint, direction(segment.rule, slope, segment.preconditioner))
        found -= lr * torch.autograd.grad(along, leaf)[0]
    return found
