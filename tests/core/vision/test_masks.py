"""Masks switch units off smoothly, their sizes are right, and a model under masks is what slow formulas give."""

import math

import pytest
import torch

from backend.core.seeding import generator
from backend.core.vision.budget import Budget, fresh_multipliers
from backend.core.vision.masked import masked
from backend.core.vision.masks import LIMIT, clamp_, expected_blocks, fresh, kept_probability, probabilities, sampled
from backend.core.vision.parts import blocks_of, shapes_of, units
from tests.small_clip import features, naive_features, small_clip, small_pairs


@pytest.fixture(scope="module")
def model():
    return small_clip()


def some_masks(model, seed=0, dropped=0.4):
    """Soft masks with zeros among them."""
    rng = generator("masks", seed)
    found = {}
    for unit, count in units(shapes_of(model)).items():
        found[unit] = torch.rand(count, generator=rng) * (torch.rand(count, generator=rng) >= dropped)
    return found


def test_a_unit_survives_as_often_as_its_probability_says():
    loga = torch.tensor([-3.0, -1.0, 0.0, 2.0])
    drawn = sampled({"image.hidden": loga.repeat(20_000, 1).flatten()}, generator("draws"))["image.hidden"]
    share = (drawn.view(-1, 4) > 0).float().mean(0)
    assert torch.allclose(share, kept_probability(loga), atol=0.015)
    assert drawn.min() == 0 and drawn.max() == 1


def test_masks_start_on_and_stay_within_their_limits(model):
    shapes = shapes_of(model)
    loga = fresh(shapes)
    assert all((p > 0.99).all() for p in probabilities(loga).values())
    loga["image.hidden"] += 30
    loga["text.hidden"] -= 30
    clamp_(loga)
    assert loga["image.hidden"].max().item() == pytest.approx(LIMIT)
    assert loga["text.hidden"].min().item() == pytest.approx(math.log(0.01))


def test_the_expected_size_is_the_mean_size_of_independent_draws(model):
    shapes = shapes_of(model)
    rng = generator("sizes")
    probability = {unit: torch.rand(count, generator=rng) for unit, count in units(shapes).items()}
    sizes = [
        expected_blocks({u: (torch.rand(p.shape, generator=rng) < p).float() for u, p in probability.items()}, shapes)
        for _ in range(400)
    ]
    assert expected_blocks(probability, shapes).item() == pytest.approx(torch.stack(sizes).mean().item(), rel=0.02)
    assert expected_blocks({u: torch.ones(n) for u, n in units(shapes).items()}, shapes) == blocks_of(shapes)


def test_the_masked_model_is_what_a_slow_reading_of_the_formulas_gives(model):
    pairs = small_pairs(3)
    whole = {unit: torch.ones(count) for unit, count in units(shapes_of(model)).items()}
    with torch.no_grad():
        for masks in (whole, some_masks(model)):
            with masked(model, masks):
                ours = features(model, pairs)
            assert torch.allclose(ours, naive_features(model, pairs, masks), atol=2e-6)


def test_outside_the_masks_the_model_is_itself_again(model):
    pairs = small_pairs()
    with torch.no_grad():
        before = features(model, pairs)
        with pytest.raises(ZeroDivisionError), masked(model, some_masks(model)):
            assert not torch.allclose(features(model, pairs), before, atol=1e-2)
            raise ZeroDivisionError
        assert torch.equal(features(model, pairs), before)


def test_gradients_reach_every_mask_that_is_not_cut_off(model):
    masks = {unit: mask.requires_grad_() for unit, mask in some_masks(model, dropped=0.0).items()}
    with masked(model, masks):
        features(model, small_pairs())[:, 0].sum().backward()
    assert all(mask.grad is not None and mask.grad.abs().sum() > 0 for mask in masks.values())
    model.zero_grad()


def test_the_wanted_share_rises_to_its_target_and_stays():
    budget = Budget(full=1000, target=0.75, start=0.25, warmup=10)
    assert [budget.wanted(step) for step in (0, 5, 10, 99)] == [0.25, 0.5, 0.75, 0.75]
    assert Budget(full=1000, target=0.5).wanted(0) == 0.5


def test_the_official_cost_forgives_a_model_that_is_too_small_and_the_two_sided_one_does_not():
    multipliers = fresh_multipliers()
    small, large = torch.tensor(100.0), torch.tensor(700.0)
    two, one = Budget(1000, 0.5), Budget(1000, 0.5, two_sided=False)
    assert one.cost(small, 0, multipliers) == 0
    assert two.cost(large, 0, multipliers) == one.cost(large, 0, multipliers) == pytest.approx(10 * 0.2 + 10 * 0.04)
    assert two.cost(small, 0, multipliers) == pytest.approx(10 * 0.4 + 10 * 0.16)
