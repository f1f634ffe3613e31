"""The numbers beside a text: what they mean, and that their slope is the error's own."""

from types import SimpleNamespace

import pytest
import torch

from backend.core.text.tasks import to_example
from backend.core.training.finetune import Plan
from benchmarks import learned_weights
from benchmarks.learned_weights import WAYS, Text
from benchmarks.through_adamw import Numbers
from tests.tiny_search import QUESTIONS, SPEC, double_readers  # noqa: F401 - a fixture

STEPS = 4


@pytest.fixture
def text(double_readers) -> Text:  # noqa: F811
    config = SimpleNamespace(steps=STEPS, batch=4, seed=0, task=SPEC.name)
    rows = [reader.rows([to_example(one, SPEC) for one in QUESTIONS[:5]]) for reader in double_readers]
    return Text(SimpleNamespace(config=config, judges=lambda: double_readers), rows, [0.02, 0.03])


def test_no_number_learned_is_ordinary_training(text):
    weights, log_lrs = text.numbers(torch.zeros(text.free), 1)
    equal = Numbers.equal(5, Plan(STEPS, 0.03))
    torch.testing.assert_close(weights, equal.weights)
    torch.testing.assert_close(log_lrs.exp(), equal.lrs)


def test_weights_are_positive_and_1_on_average_and_readers_share_them(text):
    x = torch.randn(text.free, generator=torch.Generator().manual_seed(1))
    (weights, own), (same, other) = (text.numbers(x, reader) for reader in (0, 1))
    assert weights.min() > 0 and weights.mean().item() == pytest.approx(1)
    assert torch.equal(weights, same)
    apart = other - own  # one number for all steps: each reader has a scale of its own
    torch.testing.assert_close(apart, apart[:1].expand(STEPS))


@pytest.mark.parametrize("number", [0, 3, 5, 8], ids=["weight", "another", "slope of the sizes", "scale"])
def test_the_slope_is_the_errors_own(text, number):
    x, step = 0.3 * torch.randn(text.free, generator=torch.Generator().manual_seed(2)), 1e-4
    slope = text.slope(x, 1, "a student", QUESTIONS[5:10])
    either = [
        text.error(x + sign * step * torch.eye(text.free)[number], 1, "a student", QUESTIONS[5:10]) for sign in (1, -1)
    ]
    assert (either[0] - either[1]) / (2 * step) == pytest.approx(slope[number].item(), rel=0.02, abs=1e-7)


def test_every_way_learns_numbers_and_the_grid_a_scale_alone(text, monkeypatch):
    monkeypatch.setattr(learned_weights, "ASKED", 2)
    monkeypatch.setattr(learned_weights, "GRID_STUDENTS", 1)
    text.materials.validation = QUESTIONS[5:10]
    found = {name: way(text, 1) for name, way in WAYS.items()}
    assert all(x.shape == (text.free,) and x.isfinite().all() for x in found.values())
    assert found["gradient"].any() and found["search"].any()
    assert not found["grid"][: text.free - 2].any()
