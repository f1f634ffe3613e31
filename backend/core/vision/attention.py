"""Where the heads of both towers look: what the class token gives to each patch, and a word to each word before it.

Knows a model; no picture and no caption.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import CLIPModel


def class_attention(model: CLIPModel, pixels: Float[Tensor, "n 3 side side"]) -> Float[Tensor, "layers n heads tokens"]:
    """The attention of the class token in every layer and head: shares that sum to 1 over the tokens, of which the
    first is the class token itself, then the patches row by row."""
    return _attention(model.vision_model, 1, {"pixel_values": pixels}, causal=False)[..., 0, :]


def text_attention(model: CLIPModel, ids: Int[Tensor, "n tokens"]) -> Float[Tensor, "layers n heads tokens tokens"]:
    """The attention of every token (rows) to every token (columns) of captions: rows sum to 1, and are 0 at what comes
    later, padding at the end among it."""
    return _attention(model.text_model, None, {"input_ids": ids}, causal=True)


@torch.no_grad()
def _attention(tower: nn.Module, asked: int | None, given: dict, *, causal: bool) -> Tensor:
    """The attention of the first `asked` tokens, or of all. Computed of what enters each layer's attention, so it does
    not depend on how the model computes it."""
    found: list[Tensor] = []

    def look(part, positional: tuple, named: dict) -> None:
        x = named["hidden_states"] if "hidden_states" in named else positional[0]
        heads = (len(x), -1, part.num_heads, part.head_dim)
        query = part.q_proj(x[:, :asked]).view(heads).transpose(1, 2)
        keys = part.k_proj(x).view(heads).transpose(1, 2)
        scores = query @ keys.transpose(2, 3) * part.scale
        if causal:
            later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
            scores = scores.masked_fill(later, -torch.inf)
        found.append(scores.softmax(-1))

    hooks = [layer.self_attn.register_forward_pre_hook(look, with_kwargs=True) for layer in tower.encoder.layers]
    try:
        tower(**given)
    finally:
        for hook in hooks:
            hook.remove()
    return torch.stack(found)
