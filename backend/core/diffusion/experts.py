"""Experts of a light UNet: the second kernel of a kept resnet is mixed with those of the layers pruned next to it.

Only `conv2` has the same shape in all layers of a stage. Knows a light net's teacher. Does not know the mixture's
maths (cond_conv.py does).
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile

import torch
from diffusers import UNet2DConditionModel
from jaxtyping import Float
from torch import Tensor, nn

from backend.core.diffusion.assembly import kept, sources
from backend.core.diffusion.cond_conv import CondConv2d
from backend.core.diffusion.cuts import Cut
from backend.errors import UserError


def with_experts(
    light: UNet2DConditionModel, teacher: UNet2DConditionModel, net: str | Cut, experts: int = 2
) -> UNet2DConditionModel:
    """A copy of an assembled net in which kept kernels are mixed with up to `experts` - 1 pruned ones, frozen.

    A layer without a pruned neighbour of its shape stays plain. Raises UserError where that is so of every layer.
    """
    came, taken = sources(teacher, net), neighbours(teacher, net)
    copied, found = copy.deepcopy(light), 0
    for ours, theirs in came.items():
        near = taken.get(theirs, ())[: experts - 1]
        if not near:
            continue
        resnet = copied.get_submodule(ours)
        out, channels = resnet.conv2.weight.shape[:2]
        pruned = [_leading(teacher.get_submodule(name).conv2, out, channels) for name in near]
        put_experts(resnet, CondConv2d([resnet.conv2, *pruned], resnet.time_emb_proj.in_features))
        found += 1
    if not found:
        raise UserError(
            f"No layer of this light net can have {experts} experts.",
            "at least 2 experts, and layers that were pruned next to kept ones",
            "Choose a net with fewer layers than its teacher, and 2 experts or more.",
        )
    return copied.eval().requires_grad_(False)


def put_experts(resnet: nn.Module, mixed: CondConv2d) -> None:
    """Put a mixture in the place of a resnet's second convolution, and let it hear the time embedding."""
    resnet.conv2 = mixed
    resnet.register_forward_pre_hook(tell_time, with_kwargs=True)


def tell_time(resnet: nn.Module, args: tuple, kwargs: dict) -> None:
    """Hand the time embedding that a resnet is called with to its mixture."""
    if isinstance(resnet.conv2, CondConv2d):
        resnet.conv2.hear(args[1] if len(args) > 1 else kwargs["temb"])


def mixtures(unet: nn.Module) -> dict[str, CondConv2d]:
    """All mixtures of a net by the names of their resnets, in the order of modules."""
    return {name.removesuffix(".conv2"): part for name, part in unet.named_modules() if isinstance(part, CondConv2d)}


def neighbours(teacher: UNet2DConditionModel, net: str | Cut) -> dict[str, tuple[str, ...]]:
    """For every kept resnet of the teacher the pruned ones beside it whose `conv2` has its shape, nearest first.

    Beside it is what lies between it and the next kept resnet, in execution order: layers of its own block, and after
    them those of blocks of which nothing is kept.
    """
    order = [f"{name}.resnets.{j}" for name, block in _blocks(teacher) for j in range(len(block.resnets))]
    stay = set(kept(teacher, net)) & set(order)
    blocks = {_block_of(name) for name in stay}
    shapes = {name: teacher.get_submodule(name).conv2.weight.shape for name in order}
    found = {}
    for at, name in enumerate(order):
        if name not in stay:
            continue
        ways = (order[at + 1 :], order[:at][::-1])
        beside = [(far, other) for way in ways for far, other in enumerate(takewhile(lambda o: o not in stay, way))]
        near = sorted((_block_of(other) != _block_of(name), far, other) for far, other in beside)
        found[name] = tuple(
            other
            for foreign, _, other in near
            if shapes[other] == shapes[name] and not (foreign and _block_of(other) in blocks)
        )
    return found


@contextmanager
def routing(unet: nn.Module) -> Iterator[dict[str, list[Float[Tensor, "n experts"]]]]:
    """Collect every mixture's gates in all passes within, by the names of their resnets."""
    found = {name: [] for name in mixtures(unet)}
    hooks = [
        part.router.register_forward_hook(lambda _, given, gates, name=name: found[name].append(gates.detach()))
        for name, part in mixtures(unet).items()
    ]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def without_experts(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """A copy in which every mixture is its kept kernel alone: a plain UNet."""
    copied = copy.deepcopy(unet)
    for name, mixed in mixtures(copied).items():
        resnet = copied.get_submodule(name)
        resnet.conv2 = mixed.kept()
        for number, hook in list(resnet._forward_pre_hooks.items()):
            if hook is tell_time:
                del resnet._forward_pre_hooks[number], resnet._forward_pre_hooks_with_kwargs[number]
    return copied


def _blocks(unet: UNet2DConditionModel) -> list[tuple[str, nn.Module]]:
    found = [(f"down_blocks.{i}", block) for i, block in enumerate(unet.down_blocks)]
    found += [("mid_block", unet.mid_block)] if unet.mid_block is not None else []
    return found + [(f"up_blocks.{i}", block) for i, block in enumerate(unet.up_blocks)]


def _block_of(resnet: str) -> str:
    return resnet.split(".resnets.")[0]


def _leading(kernel: nn.Conv2d, out: int, channels: int) -> nn.Conv2d:
    cut = nn.Conv2d(channels, out, kernel.kernel_size, padding=kernel.padding)
    with torch.no_grad():
        cut.weight.copy_(kernel.weight[:out, :channels])
        cut.bias.copy_(kernel.bias[:out])
    return cut
