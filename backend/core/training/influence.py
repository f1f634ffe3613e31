"""Influence: how the trained student would change if one training example were another, to first order.

Training from theta_0 to theta_K took steps theta_{k+1} = theta_k - w_k * g_k, with w_k the step size over the root of
Adam's second moments. Exchange an example's loss l for another l' and, the other states held, an objective J of theta_K
changes by

    - sum_k < w_k * dJ/dtheta_K , grad l'(theta_k) - grad l(theta_k) >

Each product is one directional derivative, so a candidate costs a forward pass at each waypoint and no gradient of its
own. Source: TracIn (Pruthi et al. 2020) with Adam's preconditioner as LESS has it (Xia et al. 2024, section 3).
Knows a student, rows and parameters; not texts, nor what J is.
"""

import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.cached.quicker import learner
from backend.core.cached.top_student import HiddenRows
from backend.core.chunks import chunks
from backend.core.models.lora import Student
from backend.core.params import Params, as_leaves, gradients, inner_product, on
from backend.core.text.examples import AnyBatch, Rows, tokens_at_once
from backend.core.training.finetune import Plan, finetune, learning_rate
from backend.core.training.finetune_state import FinetuneState

EPSILON = 1e-8  # AdamW's own


@dataclass(frozen=True)
class Waypoint:
    """A state on the way, and how far each parameter moves there for a unit of gradient."""

    params: Params
    reach: Params


def walk(
    student: Student, rows: Rows, start: Params, order: Sequence[list[int]], plan: Plan, after: Collection[int]
) -> tuple[list[Waypoint], Params]:
    """Fine-tune on `rows`, whose step k reads `order[k]`; the waypoints after the given steps, and the end."""
    found, end, tokens = [], start, tokens_at_once(student.model)
    steps = finetune(student, FinetuneState.fresh(start), lambda k: rows.micro_batches(order[k], tokens), plan)
    for step in steps:
        if step.step in after:
            state = step.state()
            found.append(Waypoint(state.params, reach(state, plan)))
        if step.step == plan.steps:
            end = step.params()
    return found, end


def reach(state: FinetuneState, plan: Plan) -> Params:
    """How far each parameter moves in the next step for a unit of gradient: its step size over the root of Adam's v."""
    seen = 1 - 0.999**state.step  # Adam's bias correction
    lr = learning_rate(state.step, plan.steps, plan.lr)
    return {name: lr / ((m["exp_avg_sq"] / seen).sqrt() + EPSILON) for name, m in state.moments.items()}


def influence(student: Student, waypoints: Sequence[Waypoint], objective: Params, rows: Rows) -> Float[Tensor, " rows"]:
    """What each row adds to the objective per step it is trained on, summed over waypoints; lower is better.

    `objective` is dJ/dtheta_K. A row counts with all its answer tokens. Costs a forward pass with a tangent for each
    row and waypoint: 3.8 plain ones on the bundled models. Lower layers that carry no adapters are run once a row.
    """
    found = torch.zeros(len(rows))
    student, rows = learner(student, rows)
    for params, tangent in _directions(student, waypoints, objective):
        for chosen, batch in grouped(rows, wide(student)):
            found[chosen] -= along(student, params, tangent, batch).cpu()
    return found


def along(student: Student, params: Params, tangent: Params, batch: AnyBatch) -> Float[Tensor, " batch"]:
    """The derivative of each row's summed answer loss when the parameters move along the tangent."""
    names = list(params)
    values, directions = tuple(params[n] for n in names), tuple(tangent[n] for n in names)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated")  # by torch itself, in its first jvp
        _, found = torch.func.jvp(
            lambda *given: student.row_losses(dict(zip(names, given, strict=True)), batch), values, directions
        )
    return found


def token_slopes(
    student: Student, waypoints: Sequence[Waypoint], objective: Params, rows: Rows
) -> list[Float[Tensor, "length hidden"]]:
    """d influence / d embedding at every place of every row's prompt: which way a token should change.

    Needs a second derivative: about three training steps on the rows for each waypoint (bundled models, one core).
    """
    slopes = [torch.zeros(len(e.prompt), rows.table.shape[1]) for e in rows.examples]
    for params, tangent in _directions(student, waypoints, objective):
        for chosen, batch in grouped(rows, wide(student)):
            embeds = batch.embeds.detach().requires_grad_()
            leaves = as_leaves(params)
            moved = type(batch)(embeds, batch.mask, batch.labels)
            inner = gradients(student.row_losses(leaves, moved).sum(), leaves, create_graph=True)
            (slope,) = torch.autograd.grad(inner_product(inner, tangent), embeds)
            end = embeds.shape[1] - batch.labels.shape[1]
            for place, row in enumerate(chosen):
                slopes[row] -= slope[place, end - len(slopes[row]) : end].cpu()
    return slopes


def _directions(student: Student, waypoints: Sequence[Waypoint], objective: Params) -> Iterator[tuple[Params, Params]]:
    """Each waypoint's parameters and the way in which the objective counts a gradient there, where the student is."""
    for point in waypoints:
        yield (
            on(point.params, student.device),
            {name: (g.cpu() * point.reach[name]).to(student.device) for name, g in objective.items()},
        )


def wide(student: Student) -> int:
    """Tokens of a batch that is read once."""
    return max(2048, tokens_at_once(student.model))


def grouped(rows: Rows | HiddenRows, tokens: int = 2048) -> list[tuple[list[int], AnyBatch]]:
    """The rows in batches of similar length, each with the numbers of its rows."""
    return [(group, rows.batch(group)) for group in chunks(rows.lengths(), tokens)]
