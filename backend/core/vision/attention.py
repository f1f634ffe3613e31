"""Where the heads of an image tower look: how much the class token attends to each patch. Knows a model; no picture."""

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import CLIPModel


@torch.no_grad()
def class_attention(model: CLIPModel, pixels: Float[Tensor, "n 3 side side"]) -> Float[Tensor, "layers n heads tokens"]:
    """The attention of the class token in every layer and head: shares that sum to 1 over the tokens, of which the
    first is the class token itself, then the patches row by row.

    Computed of what enters each layer's attention, so it does not depend on how the model computes it.
    """
    layers = [layer.self_attn for layer in model.vision_model.encoder.layers]
    found: list[Tensor] = []

    def look(part, given: tuple, named: dict) -> None:
        x = named["hidden_states"] if "hidden_states" in named else given[0]
        heads = (len(x), -1, part.num_heads, part.head_dim)
        query = part.q_proj(x[:, :1]).view(heads).transpose(1, 2)
        keys = part.k_proj(x).view(heads).transpose(1, 2)
        scores = query @ keys.transpose(2, 3) * part.scale
        found.append(scores.softmax(-1)[:, :, 0])

    hooks = [part.register_forward_pre_hook(look, with_kwargs=True) for part in layers]
    try:
        model.vision_model(pixel_values=pixels)
    finally:
        for hook in hooks:
            hook.remove()
    return torch.stack(found)
