"""Weighted training: its gradient is the one of AdamW itself, and equal weights are ordinary training."""

import pytest
import torch

from backend.core.params import as_leaves, inner_product
from backend.core.seeding import shuffled_batches
from backend.core.text.tasks import to_example
from backend.core.training.finetune import Plan, finetuned
from benchmarks.through_adamw import BETAS, EPSILON, Numbers, gradient, walk, weighted_loss
from tests.tiny_search import QUESTIONS, SPEC, double_readers  # noqa: F401 - a fixture

PLAN = Plan(steps=5, lr=0.02)


@pytest.fixture(params=[0, 1], ids=["opt", "llama"])
def reader(request, double_readers):  # noqa: F811
    return double_readers[request.param]


def made(reader):
    """Rows, a start, an order in which steps leave rows out, and weights and step sizes of some sort."""
    rows = reader.rows([to_example(question, SPEC) for question in QUESTIONS[:6]])
    order = shuffled_batches(6, 4, PLAN.steps, torch.Generator().manual_seed(3))
    start = {name: p.double() for name, p in reader.student.initial("weighted").items()}
    equal = Numbers.equal(6, PLAN)
    numbers = Numbers(torch.tensor([0.4, 1.7, 1.0, 0.6, 1.2, 1.1]).double(), equal.lrs.double() * 1.3)
    return rows, start, order, numbers


def aim(reader, start):
    """Any linear J of the end: its gradient."""
    rng = torch.Generator().manual_seed(5)
    return {name: torch.randn(p.shape, generator=rng, dtype=p.dtype) for name, p in start.items()}


def test_equal_weights_are_ordinary_training(reader):
    rows, start, order, _ = made(reader)
    plain = finetuned(reader.student, rows, start, order, PLAN)
    own = walk(reader.student, rows, start, order, Numbers.equal(6, PLAN)).end
    for name, p in plain.items():
        torch.testing.assert_close(own[name].float(), p.float(), rtol=1e-4, atol=1e-6)


def test_the_gradient_is_that_of_backpropagation_through_adamw(reader):
    rows, start, order, numbers = made(reader)
    wanted, log_lrs = numbers.weights.clone().requires_grad_(), numbers.lrs.log().requires_grad_()
    objective = aim(reader, start)
    end = naive(reader.student, rows, start, order, wanted, log_lrs)
    d_weights, d_lrs = torch.autograd.grad(inner_product(end, objective), (wanted, log_lrs))
    walked = walk(reader.student, rows, start, order, numbers)
    found = gradient(reader.student, rows, order, numbers, walked, objective)
    torch.testing.assert_close(found.weights, d_weights, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(found.lrs, d_lrs, rtol=1e-6, atol=1e-9)


def naive(student, rows, start, order, weights, log_lrs):
    """A training through AdamW as one graph of autograd."""
    params, first, second = as_leaves(start), {}, {}
    for k, lr in enumerate(log_lrs.exp()):
        batch = rows.batch(order[k])
        loss = weighted_loss(student, params, batch, weights[order[k]])
        slope = dict(zip(params, torch.autograd.grad(loss, list(params.values()), create_graph=True), strict=True))
        for name, g in slope.items():
            first[name] = BETAS[0] * first.get(name, 0) + (1 - BETAS[0]) * g
            second[name] = BETAS[1] * second.get(name, 0) + (1 - BETAS[1]) * g.square()
        c1, c2 = (1 - beta ** (k + 1) for beta in BETAS)
        moved = {}
        for name, p in params.items():
            v = second[name] / c2
            root = torch.where(v > 0, torch.where(v > 0, v, 1.0).sqrt(), 0.0)  # the root's slope at 0 is no number
            moved[name] = p - lr * (first[name] / c1) / (root + EPSILON)
        params = moved
    return params


def test_a_weight_that_grows_does_what_its_slope_says(reader):
    rows, start, order, numbers = made(reader)
    objective, student, step = aim(reader, start), reader.student, 1e-5
    walked = walk(student, rows, start, order, numbers)
    slope = gradient(student, rows, order, numbers, walked, objective).weights

    def value(by):
        weights = numbers.weights + torch.tensor([0, by, 0, 0, 0, 0]).double()
        return inner_product(walk(student, rows, start, order, Numbers(weights, numbers.lrs)).end, objective)

    assert (value(step) - value(-step)).item() / (2 * step) == pytest.approx(slope[1].item(), rel=1e-3, abs=1e-6)
