"""Where heads look: the attention that transformers computes itself, told of the class token."""

import torch

from backend.core.vision.attention import class_attention
from tests.small_clip import small_clip, small_pairs


def test_the_class_tokens_attention_is_that_of_transformers_in_every_layer_and_head():
    model, pixels = small_clip(3), small_pairs(4).pixels
    found = class_attention(model, pixels)
    model.vision_model.config._attn_implementation = "eager"
    with torch.no_grad():
        theirs = model.vision_model(pixel_values=pixels, output_attentions=True).attentions
    assert found.shape == (len(theirs), *theirs[0].shape[:2], theirs[0].shape[-1])
    torch.testing.assert_close(found, torch.stack([layer[:, :, 0] for layer in theirs]))
    torch.testing.assert_close(found.sum(-1), torch.ones(found.shape[:-1]))


def test_looking_leaves_the_model_as_it_was():
    model, pixels = small_clip(), small_pairs(2).pixels
    before = model.vision_model(pixel_values=pixels).pooler_output
    class_attention(model, pixels)
    assert torch.equal(model.vision_model(pixel_values=pixels).pooler_output, before)
    assert not any(part._forward_pre_hooks for part in model.modules())
