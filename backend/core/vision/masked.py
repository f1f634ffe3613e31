"""A CLIP model seen through masks: each unit's part in the computation is multiplied by a number between 0 and 1.

As in TinyCLIP's model.py: embeddings and what attention and MLP add to the residual stream times the channel's mask,
each head's output and each neuron's activation times their own, and LayerNorms over the channels whose mask is not 0.
Knows transformers' CLIPModel; does not know where the masks come from.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers import CLIPModel

from backend.core.params import Params
from backend.core.vision.parts import TOWERS, tower


@contextmanager
def masked(model: CLIPModel, masks: Params) -> Iterator[None]:
    """Within, the model computes with these masks, and gradients reach them. Units without a mask are whole."""
    handles: list[RemovableHandle] = []
    try:
        for name in TOWERS:
            handles += _hooked(name, tower(model, name), masks)
        yield
    finally:
        for handle in handles:
            handle.remove()


def _hooked(name: str, one: nn.Module, masks: Params) -> list[RemovableHandle]:
    handles = []
    hidden = masks.get(f"{name}.hidden")
    if hidden is not None:
        norms = [module for module in one.modules() if isinstance(module, nn.LayerNorm)]
        handles += [norm.register_forward_hook(partial(_over_kept, hidden)) for norm in norms]
        handles.append(one.embeddings.register_forward_hook(partial(_times, hidden)))
    for number, layer in enumerate(one.encoder.layers):
        if hidden is not None:
            handles.append(layer.self_attn.register_forward_hook(partial(_first_times, hidden)))
            handles.append(layer.mlp.register_forward_hook(partial(_times, hidden)))
        heads, neurons = (masks.get(f"{name}.{number}.{kind}") for kind in ("heads", "neurons"))
        if heads is not None:
            wide = heads.repeat_interleave(layer.self_attn.head_dim)
            handles.append(layer.self_attn.out_proj.register_forward_pre_hook(partial(_input_times, wide)))
        if neurons is not None:
            handles.append(layer.mlp.fc2.register_forward_pre_hook(partial(_input_times, neurons)))
    return handles


def _times(mask: Tensor, module: nn.Module, given: tuple, out: Tensor) -> Tensor:
    return out * mask


def _first_times(mask: Tensor, module: nn.Module, given: tuple, out: tuple) -> tuple:
    return out[0] * mask, *out[1:]


def _input_times(mask: Tensor, module: nn.Module, given: tuple) -> tuple:
    return given[0] * mask, *given[1:]


def _over_kept(mask: Tensor, norm: nn.LayerNorm, given: tuple, out: Tensor) -> Tensor:
    return norm_over_kept(given[0], mask, norm)


def norm_over_kept(
    x: Float[Tensor, "*rows hidden"], mask: Float[Tensor, " hidden"], norm: nn.LayerNorm
) -> Float[Tensor, "*rows hidden"]:
    """LayerNorm with mean and variance over the channels whose mask is not 0; the others are 0 afterwards."""
    where = torch.where(mask.detach() != 0)[0]
    normed = F.layer_norm(x.index_select(-1, where), (len(where),), norm.weight[where], norm.bias[where], norm.eps)
    return normed.new_zeros(x.shape).index_copy(-1, where, normed)
