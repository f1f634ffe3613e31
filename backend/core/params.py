"""Parameters as values: a dictionary of named tensors, and the few operations trajectories need.

Trainable parameters only (LoRA matrices). Knows nothing of models, data or files.
"""

import torch
from torch import Tensor

Params = dict[str, Tensor]


def snapshot(params: Params) -> Params:
    """A copy on the CPU that no later step can change (`.cpu()` alone aliases the live tensor on a CPU machine)."""
    return {name: p.detach().to("cpu", copy=True) for name, p in params.items()}


def on(params: Params, device: torch.device | str) -> Params:
    """Parameters moved to a device; those that are there already are not copied."""
    return {name: p.to(device) for name, p in params.items()}


def as_leaves(params: Params) -> Params:
    """Detached tensors that gradients can be taken for."""
    return {name: p.detach().requires_grad_() for name, p in params.items()}


def squared_distance(a: Params, b: Params) -> Tensor:
    """Sum over all entries of (a - b)^2, as a scalar tensor."""
    return torch.stack([(a[name] - b[name]).square().sum() for name in a]).sum()


def inner_product(a: Params, b: Params) -> Tensor:
    """Sum over all entries of a * b, as a scalar tensor."""
    return torch.stack([(a[name] * b[name]).sum() for name in a]).sum()


def minus(a: Params, b: Params) -> Params:
    return {name: a[name] - b[name] for name in a}


def gradients(value: Tensor, params: Params, create_graph: bool = False) -> Params:
    """d value / d params."""
    found = torch.autograd.grad(value, tuple(params.values()), create_graph=create_graph)
    return dict(zip(params, found, strict=True))
