"""Attention for rows that share a beginning: a prefix is read once, and every row looks back at its keys and values.

Knows the shapes of attention and nothing of text. transformers calls it through its AttentionInterface, so it serves
every family that calls attention that way with plain softmax (no cap, no window, no sinks). Nothing is copied for each
row: a key-value cache expanded over the rows costs 46 kB a token and row for SmolLM2-135M. Inference only.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import AttentionInterface

NAME = "distilloscope_tree"


class Prefix:
    """Keys and values of every layer, each (kv_heads, prefix, head_dim), for tokens that several rows begin with."""

    def __init__(self, length: int):
        self.length = length
        self.layers: dict[int, tuple[Tensor, Tensor]] = {}


def tree_attention(
    module: torch.nn.Module,
    query: Float[Tensor, "batch heads seq dim"],
    key: Float[Tensor, "batch kv_heads seq dim"],
    value: Float[Tensor, "batch kv_heads seq dim"],
    attention_mask: Float[Tensor, "#batch 1 seq seq"],
    scaling: float | None = None,
    prefix: Prefix | None = None,
    recording: Prefix | None = None,
    **_: object,
) -> tuple[Float[Tensor, "batch seq heads dim"], None]:
    """Softmax attention to the row's own tokens under its mask, and to all of `prefix`. Fills `recording`, if given.

    Vaswani et al. 2017, 3.2.1; heads that share keys (Ainslie et al. 2023) are multiplied as one: no key is repeated.
    """
    if recording is not None:
        recording.layers[module.layer_idx] = (key[0].clone(), value[0].clone())
    batch, heads, seq, dim = query.shape
    shared = key.shape[1]
    group = heads // shared
    scale = dim**-0.5 if scaling is None else scaling
    grouped = (query * scale).reshape(batch * shared, group * seq, dim)
    keys, values = key.reshape(batch * shared, seq, dim), value.reshape(batch * shared, seq, dim)
    near = torch.bmm(grouped, keys.transpose(1, 2)).view(batch, shared, group, seq, seq)
    near += attention_mask[:, :, None]
    if prefix is None:
        weights = near.softmax(-1, dtype=torch.float32).to(query.dtype)
        out = torch.bmm(weights.view(batch * shared, group * seq, seq), values)
    else:
        out = _with_prefix(grouped, near, values, *prefix.layers[module.layer_idx])
    return out.view(batch, heads, seq, dim).transpose(1, 2).contiguous(), None


def _with_prefix(
    grouped: Float[Tensor, "batch_shared group_seq dim"],
    near: Float[Tensor, "batch shared group seq seq"],
    values: Float[Tensor, "batch_shared seq dim"],
    far_keys: Float[Tensor, "shared prefix dim"],
    far_values: Float[Tensor, "shared prefix dim"],
) -> Float[Tensor, "batch_shared group_seq dim"]:
    """One softmax over prefix and row, from two parts that are never copied together; in place, for long prefixes.

    The rows of a batch meet the prefix in one product. Parts join as in online softmax (Milakov and Gimelshein 2018).
    """
    batch, shared, group, seq, _ = near.shape
    dim = grouped.shape[-1]
    asked = grouped.view(batch, shared, group * seq, dim).transpose(0, 1).reshape(shared, -1, dim)
    far = _part(torch.bmm(asked, far_keys.transpose(1, 2)), far_values)
    far_sum, far_top, far_weight = (
        part.view(shared, batch, group * seq, -1).transpose(0, 1).reshape(batch * shared, group * seq, -1)
        for part in far
    )
    near_sum, near_top, near_weight = _part(near.view(batch * shared, group * seq, seq), values)
    top = torch.maximum(far_top, near_top)
    far_share, near_share = (far_top - top).exp(), (near_top - top).exp()
    total = far_share * far_weight + near_share * near_weight
    return ((far_share * far_sum + near_share * near_sum) / total).to(grouped.dtype)


def _part(
    scores: Float[Tensor, "n queries keys"], values: Float[Tensor, "n keys dim"]
) -> tuple[Float[Tensor, "n queries dim"], Float[Tensor, "n queries 1"], Float[Tensor, "n queries 1"]]:
    """The weighted sum of the values, the highest score, and the sum of the weights relative to it. Spends `scores`."""
    scores = scores.float()
    top = scores.amax(dim=-1, keepdim=True)
    weights = scores.sub_(top).exp_()
    return torch.bmm(weights.to(values.dtype), values).float(), top, weights.sum(dim=-1, keepdim=True)


AttentionInterface.register(NAME, tree_attention)


@contextmanager
def branching(model: torch.nn.Module) -> Iterator[None]:
    """`model` reads trees inside, and attends as before afterwards."""
    before = model.config._attn_implementation
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)
