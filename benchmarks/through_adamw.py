"""Through AdamW: training on examples of unequal weight, each step with a size of its own, and the exact gradient of
what the trained student is worth with respect to these numbers.

Forward: parameters theta_k, gradients g_k and Adam's moments m_k, v_k are stored, no graph. Backward, with the adjoints
of all three after step k, and u_k = (m_{k+1} / c1) / (root(v_{k+1} / c2) + eps):

    d log lr_k = - lr_k <lambda, u_k>
    mu, nu     = their values + what theta_{k+1} = theta_k - lr_k u_k sends to m_{k+1}, v_{k+1}
    gamma      = (1 - beta1) mu + 2 (1 - beta2) g_k nu              (the adjoint of g_k)
    d weights += d <g_k, gamma> / d weights,    lambda += d <g_k, gamma> / d theta_k

This is backpropagation through AdamW itself (the naive twin in the tests). Where no gradient has come, v = 0 and the
step is 0 whatever the numbers are: nothing flows there. Measures nothing itself. Knows a student, rows and numbers;
not what J is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.models.lora import Student
from backend.core.params import Params, as_leaves, gradients, inner_product
from backend.core.text.examples import AnyBatch, Rows, answer_tokens
from backend.core.training.finetune import Plan, learning_rate
from backend.core.training.influence import EPSILON

BETAS = (0.9, 0.999)  # AdamW's own


@dataclass(frozen=True)
class Numbers:
    """What goes beside the texts: a positive weight for each row, 1 on average, and a size for each step."""

    weights: Float[Tensor, " rows"]
    lrs: Float[Tensor, " steps"]

    @classmethod
    def equal(cls, rows: int, plan: Plan) -> "Numbers":
        """Those of ordinary training."""
        sizes = [learning_rate(step, plan.steps, plan.lr) for step in range(plan.steps)]
        return cls(torch.ones(rows), torch.tensor(sizes))


@dataclass
class Moment:
    """A step as it began: parameters, their gradient, and Adam's moments before it."""

    params: Params
    slope: Params
    first: Params
    second: Params


@dataclass
class Walk:
    """A student's way: what each step began with, and its end."""

    steps: list[Moment] = field(default_factory=list)
    end: Params = field(default_factory=dict)


def weighted_loss(
    student: Student, params: Params, batch: AnyBatch, weights: Float[Tensor, " batch"]
) -> Float[Tensor, ""]:
    """Cross entropy per answer token, a row's multiplied by its weight; of equal weights it is the ordinary loss."""
    return (weights * student.row_losses(params, batch)).sum() / answer_tokens(batch)


def walk(student: Student, rows: Rows, start: Params, order: Sequence[list[int]], numbers: Numbers) -> Walk:
    """Train from `start`, step k on the rows `order[k]`, each step one batch. To the rounding of a float the student
    that `finetuned` makes where the numbers are those of `Numbers.equal`. Memory: four copies of the parameters a step.
    """
    found, params = Walk(), {name: p.detach().clone() for name, p in start.items()}
    first, second = ({name: torch.zeros_like(p) for name, p in params.items()} for _ in range(2))
    for k, lr in enumerate(numbers.lrs.tolist()):
        leaves = as_leaves(params)
        chosen = order[k]
        slope = gradients(weighted_loss(student, leaves, rows.batch(chosen), numbers.weights[chosen]), leaves)
        found.steps.append(Moment(params, slope, first, second))
        first, second = moments(found.steps[-1])
        params = {name: p - lr * way(first[name], second[name], k)[0] for name, p in params.items()}
    found.end = params
    return found


def moments(at: Moment) -> tuple[Params, Params]:
    """Adam's moments after a step."""
    b1, b2 = BETAS
    first = {name: b1 * at.first[name] + (1 - b1) * g for name, g in at.slope.items()}
    return first, {name: b2 * at.second[name] + (1 - b2) * g.square() for name, g in at.slope.items()}


def way(first: Tensor, second: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
    """How far step k goes for a step size of 1, what it is divided by, and that without epsilon."""
    c1, c2 = (1 - beta ** (k + 1) for beta in BETAS)
    root = (second / c2).sqrt()
    return first / c1 / (root + EPSILON), root + EPSILON, root


def gradient(
    student: Student, rows: Rows, order: Sequence[list[int]], numbers: Numbers, walked: Walk, objective: Params
) -> Numbers:
    """d J / d weights and d J / d log step sizes, where `objective` is dJ / d theta_K at the end of the walk.

    Costs about three times the walk.
    """
    adjoint = dict(objective)
    first, second = ({name: torch.zeros_like(p) for name, p in adjoint.items()} for _ in range(2))
    d_weights, d_lrs = torch.zeros_like(numbers.weights), torch.zeros_like(numbers.lrs)
    for k in reversed(range(len(walked.steps))):
        lr, at = numbers.lrs[k], walked.steps[k]
        towards = {}
        for name, p in zip(adjoint, map(at.slope.get, adjoint), strict=True):
            after = tuple(part[name] for part in moments(at))
            d_lrs[k] -= lr * (adjoint[name] * way(*after, k)[0]).sum()
            first[name], second[name] = sent_back(first[name], second[name], lr * adjoint[name], after, k)
            b1, b2 = BETAS
            towards[name] = (1 - b1) * first[name] + 2 * (1 - b2) * p * second[name]
            first[name], second[name] = b1 * first[name], b2 * second[name]
        leaves, weights = as_leaves(at.params), numbers.weights.detach().clone().requires_grad_()
        slope = gradients(
            weighted_loss(student, leaves, rows.batch(order[k]), weights[order[k]]), leaves, create_graph=True
        )
        *of_params, of_weights = torch.autograd.grad(inner_product(slope, towards), (*leaves.values(), weights))
        d_weights += of_weights
        adjoint = {name: adjoint[name] + g for name, g in zip(leaves, of_params, strict=True)}
    return Numbers(d_weights, d_lrs)


def sent_back(
    first: Tensor, second: Tensor, adjoint: Tensor, after: tuple[Tensor, Tensor], k: int
) -> tuple[Tensor, Tensor]:
    """The moments' adjoints with what step k, whose parameters' adjoint times its size is `adjoint`, adds to them."""
    c1, c2 = (1 - beta ** (k + 1) for beta in BETAS)
    far, divisor, root = way(*after, k)
    moved = root > 0
    bent = adjoint * far / divisor / (2 * c2 * torch.where(moved, root, 1.0))
    return first - adjoint / (c1 * divisor), second + torch.where(moved, bent, 0.0)
