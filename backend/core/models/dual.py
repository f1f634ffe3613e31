"""Dual numbers through a frozen transformer: a loss's derivative along a direction of the LoRA parameters, as an
ordinary forward pass.

A value is (parts, batch, seq, width): part 0 is the value itself, part 1, where there is one, its tangent. Frozen
matrices multiply both parts in one product. What comes out, <gradient, direction>, is differentiated once, by an
ordinary backward pass; the second derivative needs no second graph. Forward mode within reverse mode: Pearlmutter
1994, "Fast exact multiplication by the Hessian". Knows tensors; no model family, no text.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from backend.core.text.batches import IGNORED

Dual = Float[Tensor, "parts batch seq width"]


def dual(value: Tensor, tangent: Tensor) -> Tensor:
    return torch.stack([value, tangent])


def linear(
    z: Dual, weight: Float[Tensor, "out width"], bias: Float[Tensor, "2 1 1 out"] | None = None
) -> Float[Tensor, "parts batch seq out"]:
    """A frozen linear map of value and tangent; the bias, as `shift` has it, moves the value alone."""
    if bias is None:
        return F.linear(z, weight)
    if len(z) == 1:  # one kernel; a value alone is all that the first sweep of an update has
        return F.linear(z, weight, bias[0, 0, 0])
    return F.linear(z, weight) + bias


def shift(bias: Float[Tensor, " out"] | None) -> Float[Tensor, "2 1 1 out"] | None:
    """A map's bias for value and tangent: itself and 0."""
    return None if bias is None else torch.stack([bias, torch.zeros_like(bias)])[:, None, None]


def lora(
    z: Dual,
    a: Float[Tensor, "rank width"],
    b: Float[Tensor, "out rank"],
    scale: float,
    a_dot: Float[Tensor, "rank width"] | None = None,
    b_dot: Float[Tensor, "out rank"] | None = None,
) -> Float[Tensor, "parts batch seq out"]:
    """scale B A z; with directions for A and B also its tangent, which needs a second part in `z`."""
    low = F.linear(z, a)
    if a_dot is None:
        return F.linear(low, scale * b)
    value, tangent = low.unbind()
    low = dual(value, tangent + F.linear(z.unbind()[0], a_dot))
    high, high_dot = F.linear(low, scale * b).unbind()
    return dual(high, high_dot + F.linear(value, scale * b_dot))


def rms_norm(z: Dual, weight: Float[Tensor, " width"], eps: float) -> Dual:
    """RMS normalisation of value and tangent (Zhang and Sennrich 2019)."""
    return weight * _unit(z, eps)


def layer_norm(z: Dual, weight: Float[Tensor, " width"], bias: Float[Tensor, " width"], eps: float) -> Dual:
    """Layer normalisation of value and tangent (Ba et al. 2016)."""
    if len(z) == 1:
        return F.layer_norm(z, weight.shape, weight, bias, eps)
    value, tangent = z.unbind()
    normed, mean, scale = torch.native_layer_norm(value, weight.shape, weight, bias, eps)
    # without its weight, the norm's derivative is a symmetric map: the kernel of its backward pass is that map
    flow = torch.ops.aten.native_layer_norm_backward(
        tangent, value, weight.shape, mean, scale, None, None, [True, False, False]
    )
    return dual(normed, weight * flow[0])


def _unit(z: Dual, eps: float) -> Dual:
    """z over the root of its mean square, and the tangent of that."""
    value, *tangent = z.unbind()
    scale = torch.rsqrt(value.square().mean(-1, keepdim=True) + eps)
    unit = value * scale
    if not tangent:
        return unit[None]
    return dual(unit, scale * (tangent[0] - unit * (unit * tangent[0]).mean(-1, keepdim=True)))


def relu(z: Dual) -> Dual:
    return F.relu(z) if len(z) == 1 else z * (z[0] > 0)


def swiglu(gate: Dual, up: Dual) -> Dual:
    """silu(gate) * up (Shazeer 2020)."""
    (value, *gate_dot), (other, *up_dot) = gate.unbind(), up.unbind()
    sigmoid = torch.sigmoid(value)
    silu = value * sigmoid
    if not gate_dot:
        return (silu * other)[None]
    slope = sigmoid * (1 + value - silu)
    return dual(silu * other, slope * gate_dot[0] * other + silu * up_dot[0])


def attention(
    q: Float[Tensor, "parts batch heads some depth"],
    k: Float[Tensor, "parts batch heads seq depth"],
    v: Float[Tensor, "parts batch heads seq depth"],
    mask: Float[Tensor, "batch 1 some seq"],
) -> Float[Tensor, "parts batch heads some depth"]:
    """softmax(q k' + mask) v. The scale is in `q` already."""
    (q, *q_dot), (k, *k_dot), (v, *v_dot) = q.unbind(), k.unbind(), v.unbind()
    weights = (q @ k.mT + mask).softmax(-1)
    if not q_dot:
        return (weights @ v)[None]
    flow = weights * (q_dot[0] @ k.mT + q @ k_dot[0].mT)
    weights_dot = flow - weights * flow.sum(-1, keepdim=True)
    return dual(weights @ v, weights_dot @ v + weights @ v_dot[0])


def cross_entropy(logits: Float[Tensor, "parts batch answer vocab"], labels: Int[Tensor, "batch answer"]) -> Tensor:
    """Mean per label; of two parts its tangent."""
    kept = labels != IGNORED
    if len(logits) == 1:
        return F.cross_entropy(logits[0][kept], labels[kept])
    value, tangent = logits[:, kept].unbind()
    right = tangent.gather(-1, labels[kept][:, None])[:, 0]
    return ((value.softmax(-1) * tangent).sum(-1) - right).mean()
