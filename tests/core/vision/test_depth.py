"""A shortened text tower has the layers that were asked for, loads as any CLIPModel, and weighs whole layers less."""

import pytest
import torch
from transformers import CLIPModel

from backend.core.vision.depth import shortened, text_weight, with_text_depth
from backend.core.vision.models import clip_of, outputs, sizes_of
from backend.errors import UserError
from tests.tiny_clip_model import SIZES, tiny_clip, tiny_pairs


def test_a_model_with_all_its_layers_is_its_equal_and_one_with_fewer_runs_those():
    model, pairs = tiny_clip(), tiny_pairs()
    whole = shortened(model, range(SIZES.text.depth))
    assert torch.equal(outputs(whole, pairs).text, outputs(model, pairs).text)
    last = shortened(model, [1])
    text = model.text_model
    blind = torch.full((pairs.ids.shape[1],) * 2, torch.finfo(torch.float32).min).triu(1)[None, None]
    states = text.final_layer_norm(text.encoder.layers[1](text.embeddings(input_ids=pairs.ids), blind))
    assert torch.allclose(last.text_model(input_ids=pairs.ids).last_hidden_state, states, atol=1e-6)
    assert torch.equal(outputs(last, pairs).image, outputs(model, pairs).image)


def test_the_original_is_left_alone_and_shares_nothing():
    model = tiny_clip()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    short = shortened(model, [0, 0])
    with torch.no_grad():
        short.text_model.encoder.layers[0].mlp.fc1.weight.zero_()
    assert sizes_of(model) == SIZES
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert short.text_model.encoder.layers[1].mlp.fc1.weight.any()


def test_a_short_model_is_saved_and_loaded_as_any_other(tmp_path):
    short, pairs = shortened(tiny_clip(), [1]), tiny_pairs()
    short.save_pretrained(tmp_path)
    again = CLIPModel.from_pretrained(tmp_path).eval()
    assert sizes_of(again) == sizes_of(short) == with_text_depth(SIZES, 1)
    assert torch.equal(outputs(again, pairs).text, outputs(short, pairs).text)


def test_every_layer_weighs_alike_and_all_else_stays():
    weights = [text_weight(clip_of(with_text_depth(SIZES, depth))) for depth in (1, 2, 3)]
    width, neurons = SIZES.text.width, SIZES.text.neurons
    layer = 4 * (width * width + width) + 4 * width + 2 * width * neurons + width + neurons
    assert [weight.blocks for weight in weights] == [layer, 2 * layer, 3 * layer]
    assert len({weight.tower - weight.blocks for weight in weights}) == 1
    assert len({weight.model - weight.tower for weight in weights}) == 1
    tables = (SIZES.words + SIZES.context + 2 + SIZES.joint) * width
    assert weights[0].tower - layer == tables


@pytest.mark.parametrize("kept", [[], [2], [-1], [0, 5]])
def test_layers_that_are_not_there_are_refused_in_a_sentence(kept):
    with pytest.raises(UserError, match="from 0 to 1"):
        shortened(tiny_clip(), kept)


def test_a_depth_of_nothing_is_refused():
    with pytest.raises(UserError, match="at least one"):
        with_text_depth(SIZES, 0)
