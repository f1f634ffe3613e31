"""A model is cut to the size that was asked for, and computes what the masked model computed."""

import copy

import pytest
import torch

from backend.core.seeding import generator
from backend.core.vision.choice import by_expectation, kept_of, leading, masks_of, to_size, within
from backend.core.vision.cut import cut, cut_to
from backend.core.vision.masked import masked
from backend.core.vision.masks import LIMIT, expected_blocks, fresh, probabilities
from backend.core.vision.parts import blocks_of, shapes_of, units
from backend.core.vision.ragged import put
from backend.core.vision.towers import Recipe, own_outputs
from backend.errors import UserError
from tests.core.vision.test_masks import some_masks
from tests.small_clip import features, small_clip, small_pairs


@pytest.fixture(scope="module")
def model():
    return small_clip()


def some_loga(shapes, seed=0):
    rng = generator("loga", seed)
    return {u: (torch.rand(n, generator=rng) * 2 - 1) * LIMIT for u, n in units(shapes).items()}


def test_the_cut_model_is_the_masked_model(model):
    pairs = small_pairs()
    bare = some_masks(model, seed=3)
    for unit in ("image.1.heads", "image.1.neurons", "text.2.heads", "text.0.neurons"):
        bare[unit] = torch.zeros_like(bare[unit])  # a layer without attention, and one without an MLP
    one_tower = {unit: mask for unit, mask in some_masks(model, seed=4).items() if unit.startswith("image")}
    with torch.no_grad():
        before = features(model, pairs)
        for masks in (some_masks(model), bare, one_tower):
            with masked(model, masks):
                expected = features(model, pairs)
            assert torch.allclose(features(cut(model, masks), pairs), expected, atol=1e-5)
        assert torch.equal(features(model, pairs), before)


def test_the_cut_model_has_the_counted_size_and_trains(model):
    masks = some_masks(model)
    smaller = cut(model, masks)
    kept = {unit: (mask != 0).float() for unit, mask in masks.items()}
    assert blocks_of(shapes_of(smaller)) == expected_blocks(kept, shapes_of(model))
    assert units(shapes_of(smaller)) == {unit: len(numbers) for unit, numbers in kept_of(masks).items()}
    features(smaller, small_pairs())[:, 0].sum().backward()
    for name, p in smaller.named_parameters():
        assert p.grad is not None or name == "logit_scale" or not p.numel() or "_norm" in name, name


def test_a_cut_model_is_masked_and_cut_again(model):
    pairs = small_pairs()
    first = some_masks(model, seed=5, dropped=0.3)
    first["image.2.heads"] = torch.zeros(3)
    smaller = cut(model, first)
    second = some_masks(smaller, seed=6, dropped=0.3)
    with torch.no_grad():
        with masked(smaller, second):
            expected = features(smaller, pairs)
        smallest = cut(smaller, second)
        assert torch.allclose(features(smallest, pairs), expected, atol=1e-5)
    kept = within(kept_of(first), kept_of(second))
    assert kept["image.hidden"] == [
        channel
        for number, channel in enumerate(torch.where(first["image.hidden"] != 0)[0].tolist())
        if second["image.hidden"][number] != 0
    ]
    assert shapes_of(cut_to(model, kept)) == shapes_of(smallest)


def test_the_asked_size_is_met(model):
    shapes = shapes_of(model)
    full = blocks_of(shapes)
    for share in (0.08, 0.25, 0.75, 1.0):
        for loga in (some_loga(shapes), fresh(shapes)):
            kept = kept_of(to_size(loga, shapes, round(share * full)))
            whole = {unit: len(numbers) for unit, numbers in kept.items()}
            reached = expected_blocks({unit: torch.ones(n) for unit, n in whole.items()}, shapes) / full
            assert share - 0.01 <= reached <= share + 1e-6


def test_among_units_of_one_kind_the_likeliest_are_kept(model):
    shapes = shapes_of(model)
    loga = some_loga(shapes)
    for masks in (to_size(loga, shapes, blocks_of(shapes) // 3), by_expectation(loga)):
        for unit, numbers in kept_of(masks).items():
            dropped = set(range(len(loga[unit]))) - set(numbers)
            assert all(loga[unit][a] >= loga[unit][b] for a in numbers for b in dropped)


def test_the_official_rule_keeps_as_many_as_the_probabilities_expect(model):
    shapes = shapes_of(model)
    loga = some_loga(shapes)
    expected = {unit: p.sum().item() for unit, p in probabilities(loga).items()}
    assert all(abs(len(n) - expected[unit]) <= 0.5 for unit, n in kept_of(by_expectation(loga)).items())


def test_a_size_below_nothing_is_refused(model):
    shapes = shapes_of(model)
    with pytest.raises(UserError, match="at least 1"):
        to_size(fresh(shapes), shapes, 0)


def test_leading_units_are_as_many_as_the_chosen_ones(model):
    shapes = shapes_of(model)
    kept = kept_of(to_size(some_loga(shapes), shapes, blocks_of(shapes) // 4))
    sliced = cut_to(model, leading(kept))
    assert shapes_of(sliced) == shapes_of(cut_to(model, kept))
    count = len(kept["image.hidden"])
    before, after = (one.vision_model.embeddings.class_embedding for one in (model, sliced))
    assert torch.equal(after, before[:count])
    assert all(mask.sum() == len(kept[unit]) for unit, mask in masks_of(leading(kept), shapes).items())


def test_a_tensor_that_clip_does_not_have_is_not_put_into_it(model):
    with pytest.raises(AttributeError):
        put(copy.deepcopy(model), {"vision_model.extra": torch.zeros(3)})


def test_a_forward_pass_that_knows_weights_alone_reads_a_cut_model_alike(model):
    masks = some_masks(model, seed=7) | {"image.1.heads": torch.zeros(3), "text.0.neurons": torch.zeros(20)}
    smaller, pairs = cut(model, masks), small_pairs()
    with torch.no_grad():
        found = own_outputs(dict(smaller.named_parameters()), Recipe.of(model), pairs)
        assert torch.allclose(torch.cat([found.image, found.text]), features(smaller, pairs), atol=1e-6)
