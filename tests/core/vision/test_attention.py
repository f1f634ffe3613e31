"""Where heads look: the attention that transformers computes itself, of the class token and between words."""

import torch

from backend.core.vision.attention import class_attention, text_attention
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


def test_the_words_attention_is_that_of_transformers_and_never_goes_to_later_words():
    model, ids = small_clip(3), small_pairs(5).ids
    found = text_attention(model, ids)
    model.text_model.config._attn_implementation = "eager"
    with torch.no_grad():
        theirs = model.text_model(input_ids=ids, output_attentions=True).attentions
    torch.testing.assert_close(found, torch.stack(list(theirs)))
    torch.testing.assert_close(found.sum(-1), torch.ones(found.shape[:-1]))
    assert not found.triu(1).any()
    length = int((ids[0] != 0).sum())  # padding changes nothing before it
    torch.testing.assert_close(found[:, :1, :, :length, :length], text_attention(model, ids[:1, :length]))


def test_looking_leaves_the_model_as_it_was():
    model, pairs = small_clip(), small_pairs(2)
    before = model.vision_model(pixel_values=pairs.pixels).pooler_output
    class_attention(model, pairs.pixels)
    text_attention(model, pairs.ids)
    assert torch.equal(model.vision_model(pixel_values=pairs.pixels).pooler_output, before)
    assert not any(part._forward_pre_hooks for part in model.modules())
