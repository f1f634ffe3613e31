"""The inner loop and its exact gradient, against the naive unroll that keeps every graph."""

import math

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.params import Params, as_leaves, gradients, inner_product
from backend.core.training.matching import displacement_cosine, matching_adjoint, matching_loss
from backend.core.training.stepping import direction, move
from backend.studies.text_distillation.unroll import Segment, matching_gradient, unroll
from tests.double import EXACT, relative

STEPS, SLOTS, WIDTH = 6, 4, 5


def naive_matching_loss(loss_at, segment: Segment, prompts: Tensor, log_lrs: Tensor) -> Float[Tensor, ""]:
    """The oracle: one graph over the whole unroll, as MTT does it. Memory grows with every step."""
    params = {name: p.detach().requires_grad_() for name, p in segment.start.items()}
    for k, log_lr in enumerate(log_lrs):
        grad = gradients(loss_at(params, prompts, k), params, create_graph=True)
        params = move(params, log_lr.exp(), direction(segment.rule, grad, segment.preconditioner))
    return matching_loss(params, segment.start, segment.target)


def toy(rule: str, dtype=torch.float64) -> tuple:
    """A small smooth student: a two-layer map whose loss depends on parameters, prompts and step."""
    rng = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=rng, dtype=torch.float64).to(dtype)

    start = {"A": draw(3, WIDTH), "B": draw(2, 3)}
    target = {name: p + 0.3 * draw(*p.shape) for name, p in start.items()}
    diagonal = {name: draw(*p.shape).abs() + 0.5 for name, p in start.items()}
    wanted = draw(SLOTS, 2)

    def loss_at(params: Params, prompts: Tensor, k: int) -> Tensor:
        rows = [k % SLOTS, (k + 1) % SLOTS]
        out = torch.tanh(prompts.mean(1)[rows] @ params["A"].T) @ params["B"].T
        return (out - wanted[rows]).square().mean()

    prompts = draw(SLOTS, 2, WIDTH)
    log_lrs = torch.full((STEPS,), math.log(0.05), dtype=dtype)
    return loss_at, Segment(start, target, rule, diagonal), prompts, log_lrs


def naive(rule: str, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """The loss and the two gradients of the oracle."""
    loss_at, segment, prompts, log_lrs = toy(rule, dtype)
    prompts, log_lrs = prompts.requires_grad_(), log_lrs.requires_grad_()
    loss = naive_matching_loss(loss_at, segment, prompts, log_lrs)
    return loss.detach(), *torch.autograd.grad(loss, (prompts, log_lrs))


def exact(rule: str, dtype: torch.dtype) -> tuple[Tensor, ...]:
    found = matching_gradient(*toy(rule, dtype))
    return torch.tensor(found.loss, dtype=torch.float64), found.prompts, found.log_lrs


@pytest.mark.parametrize("rule", ["sgd", "normalised", "preconditioned"])
def test_the_exact_gradient_equals_the_naive_unroll(rule):
    for found, wanted in zip(exact(rule, torch.float64), naive(rule, torch.float64), strict=True):
        assert relative(found, wanted) < EXACT


@pytest.mark.parametrize("rule", ["sgd", "normalised", "preconditioned"])
def test_in_float32_the_exact_gradient_is_as_near_to_the_truth_as_the_naive_unroll(rule):
    """What the toy's own conditioning makes of float32 is measured: the naive unroll's distance from double. Both round
    as often, in another order, so one may be luckier; ten times as far, or ten roundings, would be a mistake."""
    alike = zip(exact(rule, torch.float32), naive(rule, torch.float32), naive(rule, torch.float64), strict=True)
    for found, rounded, true in alike:
        assert relative(found.double(), true) < 10 * max(
            relative(rounded.double(), true), torch.finfo(torch.float32).eps
        )


def test_the_naive_unroll_passes_gradcheck():
    loss_at, segment, prompts, log_lrs = toy("normalised")
    ok = torch.autograd.gradcheck(
        lambda p, a: naive_matching_loss(loss_at, segment, p, a), (prompts.requires_grad_(), log_lrs.requires_grad_())
    )
    assert ok


def test_dropping_the_chain_through_the_student_gives_another_gradient():
    """The comparison above can fail: TESLA's detached split, with one adjoint for every step, is not exact."""
    loss_at, segment, prompts, log_lrs = toy("sgd")
    exact = matching_gradient(loss_at, segment, prompts, log_lrs)
    states = unroll(loss_at, segment, prompts, log_lrs)
    adjoint = matching_adjoint(states[-1], segment.start, segment.target)
    leaf, detached = prompts.clone().requires_grad_(), torch.zeros_like(prompts)
    for k, state in enumerate(states[:-1]):
        params = as_leaves(state)
        along = inner_product(adjoint, gradients(loss_at(params, leaf, k), params, create_graph=True))
        detached -= log_lrs[k].exp() * torch.autograd.grad(along, leaf)[0]
    assert relative(detached, exact.prompts) > 0.01


def test_no_inner_steps_leave_the_matching_loss_at_one():
    loss_at, segment, prompts, _ = toy("sgd")
    found = matching_gradient(loss_at, segment, prompts, torch.zeros(0, dtype=torch.float64))
    assert found.loss == 1.0
    assert found.prompts.abs().sum() == 0


@pytest.mark.parametrize("rule", ["sgd", "normalised"])
def test_a_student_that_repeats_the_experts_own_steps_arrives(rule):
    loss_at, segment, prompts, log_lrs = toy(rule)
    expert = unroll(loss_at, segment, prompts, log_lrs)
    arrived = Segment(segment.start, expert[-1], rule)
    found = matching_gradient(loss_at, arrived, prompts, log_lrs)
    assert found.loss == 0.0
    assert found.cosine == pytest.approx(1.0)


def test_the_normalised_rule_moves_every_tensor_by_its_step_size():
    loss_at, segment, prompts, _ = toy("normalised")
    first, second = unroll(loss_at, segment, prompts, torch.tensor([math.log(0.01)], dtype=torch.float64))
    for name in first:
        assert (second[name] - first[name]).square().mean().sqrt().item() == pytest.approx(0.01)


def test_a_zero_gradient_makes_no_step_and_no_nan():
    zero = {"A": torch.zeros(2, 2, requires_grad=True)}
    moved = direction("normalised", zero)["A"]
    assert moved.abs().sum() == 0
    assert torch.isfinite(torch.autograd.grad(moved.sum(), zero["A"])[0]).all()


def test_cosine_of_opposite_displacements_is_minus_one():
    start = {"A": torch.zeros(3)}
    assert displacement_cosine({"A": torch.ones(3)}, start, {"A": -torch.ones(3)}).item() == pytest.approx(-1)
