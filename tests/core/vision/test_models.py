"""CLIP models of any size, and a forward pass of our own that agrees with transformers'."""

import pytest
import torch

from backend.core.vision.models import Sizes, TowerSize, clip_of, image_features, outputs, sizes_of, text_features
from backend.core.vision.towers import Recipe, own_outputs
from backend.errors import UserError
from tests.tiny_clip_model import SIZES, tiny_clip, tiny_pairs


def both(model, pairs):
    theirs = model(input_ids=pairs.ids, attention_mask=pairs.mask, pixel_values=pairs.pixels)
    return theirs, own_outputs(model.state_dict(), Recipe.of(model), pairs, tokens=True)


def test_a_model_has_the_sizes_it_was_made_of_and_the_weights_of_its_seed():
    before = torch.get_rng_state()
    first, again, other = clip_of(SIZES, 1), clip_of(SIZES, 1), clip_of(SIZES, 2)
    assert torch.equal(torch.get_rng_state(), before)
    assert sizes_of(first) == SIZES
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.text_projection.weight, other.text_projection.weight)


def test_our_forward_pass_is_clipmodels_in_both_towers():
    model, pairs = tiny_clip(), tiny_pairs()
    theirs, ours = both(model, pairs)
    assert (theirs.image_embeds - ours.image).abs().max() <= 1e-6
    assert (theirs.text_embeds - ours.text).abs().max() <= 1e-6
    assert (theirs.logits_per_image - ours.scale * ours.image @ ours.text.T).abs().max() <= 1e-5
    same = outputs(model, pairs, tokens=True)
    assert (same.patches - ours.patches).abs().max() <= 1e-6
    real = pairs.mask.bool()
    assert (same.words[real] - ours.words[real]).abs().max() <= 1e-6


def test_our_forward_pass_has_clipmodels_gradients():
    model, pairs = tiny_clip(), tiny_pairs()
    theirs = model(input_ids=pairs.ids, pixel_values=pairs.pixels)
    names, tensors = zip(*model.named_parameters(), strict=True)
    expected = torch.autograd.grad(theirs.logits_per_image.square().sum(), tensors)
    ours = own_outputs(dict(zip(names, tensors, strict=True)), Recipe.of(model), pairs)
    found = torch.autograd.grad((ours.scale * ours.image @ ours.text.T).square().sum(), tensors)
    for name, a, b in zip(names, expected, found, strict=True):
        assert torch.allclose(a, b, rtol=1e-3, atol=1e-3), name


def test_an_end_of_number_two_pools_where_clipmodel_pools():
    model, pairs = tiny_clip(), tiny_pairs()
    model.text_model.eos_token_id = model.config.text_config.eos_token_id = 2
    theirs, ours = both(model, pairs)
    assert (theirs.text_embeds - ours.text).abs().max() <= 1e-6


def test_a_caption_is_pooled_at_its_end_whatever_stands_behind_it():
    model, pairs = tiny_clip(), tiny_pairs(1)
    alone = text_features(model, pairs.ids)
    longer = torch.cat([pairs.ids, torch.full((1, 4), 15)], dim=1)  # the highest word number
    assert torch.allclose(alone, text_features(model, longer), atol=1e-6)


def test_layers_without_heads_or_neurons_pass_their_biases_on():
    model, pairs = tiny_clip(), tiny_pairs()
    weights = dict(model.state_dict())
    layer = "text_model.encoder.layers.1."
    for part in ("q_proj", "k_proj", "v_proj"):
        for kind in ("weight", "bias"):
            weights[f"{layer}self_attn.{part}.{kind}"] = weights[f"{layer}self_attn.{part}.{kind}"][:0]
    weights[f"{layer}self_attn.out_proj.weight"] = weights[f"{layer}self_attn.out_proj.weight"][:, :0]
    weights[f"{layer}mlp.fc1.weight"], weights[f"{layer}mlp.fc1.bias"] = torch.empty(0, 24), torch.empty(0)
    weights[f"{layer}mlp.fc2.weight"] = weights[f"{layer}mlp.fc2.weight"][:, :0]
    with torch.no_grad():
        model.state_dict()[f"{layer}self_attn.out_proj.weight"].zero_()
        model.state_dict()[f"{layer}mlp.fc2.weight"].zero_()
    theirs, _ = both(model, pairs)
    assert (theirs.text_embeds - own_outputs(weights, Recipe.of(model), pairs).text).abs().max() <= 1e-6


def test_features_in_parts_are_those_of_one_pass():
    model, pairs = tiny_clip(), tiny_pairs()
    whole = outputs(model, pairs)
    assert torch.allclose(image_features(model, pairs.pixels, batch=3), whole.image, atol=1e-6)
    assert torch.allclose(text_features(model, pairs.ids, batch=3), whole.text, atol=1e-6)


@pytest.mark.parametrize(("tower", "side"), [(TowerSize(30, 2, 4, 8), 16), (TowerSize(32, 2, 4, 8), 20)])
def test_sizes_that_fit_no_model_are_refused(tower, side):
    with pytest.raises(UserError):
        clip_of(Sizes(tower, TowerSize(8, 1, 1, 8), 9, 8, 8, side))
