"""Model assembly: a light UNet put together from parts of its teacher, layer by layer and channel by channel.

Of a block's layers the first ones stay, and of an up block the last one as well, since it alone takes the skip from
the stage above (BK-SDM's map: `up_blocks.i.resnets.1` comes from `.2`). A narrower net takes leading channels.
Nothing is trained here. Knows UNet2DConditionModel of Stable Diffusion's block classes.
"""

import re

import torch
from diffusers import UNet2DConditionModel
from jaxtyping import Int
from torch import Tensor

from backend.core.diffusion.cuts import Cut, config_of, cut_named
from backend.errors import UserError

Part = tuple[int, int]  # of so many places in a row, so many of the first are taken
_UP = re.compile(r"up_blocks\.(\d+)\.resnets\.(\d+)\.(norm1\.|conv1\.weight|conv_shortcut\.weight)")
_HEADS = re.compile(r"(.*\.attn[12])\.to_(q|k|v|out\.0)\.")


def assembled(teacher: UNet2DConditionModel, net: str | Cut) -> UNet2DConditionModel:
    """A light UNet of the teacher's weights, frozen and in evaluation mode; it shares no memory with the teacher.

    Raises UserError where the teacher cannot be cut so.
    """
    light, came = scratch(teacher, net, 0), sources(teacher, net)
    theirs = teacher.state_dict()
    tensors = {}
    for name, tensor in light.state_dict().items():
        tensor_from = theirs[source_of(name, came)]
        for axis, places in enumerate(_places(name, tensor, tensor_from, light, teacher, came)):
            tensor_from = tensor_from.index_select(axis, places)
        tensors[name] = tensor_from
    light.load_state_dict(tensors)
    return light


def scratch(teacher: UNet2DConditionModel, net: str | Cut, seed: int) -> UNet2DConditionModel:
    """A UNet of the same shape with random weights, frozen and in evaluation mode."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        return UNet2DConditionModel(**config_of(teacher, cut_named(net))).eval().requires_grad_(False)


def sources(teacher: UNet2DConditionModel, net: str | Cut) -> dict[str, str]:
    """For every part of the light UNet, in execution order, the teacher's part that it comes from.

    A part is a layer (a resnet, an attention), a change of size, or one of conv_in, time_embedding, conv_norm_out and
    conv_out; all are called as diffusers calls them.
    """
    cut = cut_named(net)
    told = config_of(teacher, cut)
    stages, found = len(told["down_block_types"]), {name: name for name in ("conv_in", "time_embedding")}
    for i, kind in enumerate(told["down_block_types"]):
        layers = [(j, j) for j in range(cut.layers)]
        found |= _layers(f"down_blocks.{i}", f"down_blocks.{i}", kind, layers)
        if i < stages - 1:
            found[f"down_blocks.{i}.downsamplers.0"] = f"down_blocks.{i}.downsamplers.0"
    if told["mid_block_type"]:
        for name in ("resnets.0", "attentions.0", "resnets.1"):
            found[f"mid_block.{name}"] = f"mid_block.{name}"
    for i, kind in enumerate(told["up_block_types"]):
        ours, theirs = f"up_blocks.{i}", f"up_blocks.{i + cut.stages}"
        last = len(teacher.get_submodule(theirs).resnets) - 1
        found |= _layers(ours, theirs, kind, [(j, j) for j in range(cut.layers)] + [(cut.layers, last)])
        if i < stages - 1:
            found[f"{ours}.upsamplers.0"] = f"{theirs}.upsamplers.0"
    return found | {name: name for name in ("conv_norm_out", "conv_out")}


def kept(teacher: UNet2DConditionModel, net: str | Cut) -> tuple[str, ...]:
    """The teacher's parts that the light UNet keeps, in execution order: what a page draws."""
    return tuple(sources(teacher, net).values())


def source_of(name: str, came: dict[str, str]) -> str:
    """The teacher's name of a tensor or module inside one of the parts."""
    part = next(part for part in came if name == part or name.startswith(part + "."))
    return came[part] + name[len(part) :]


def _layers(ours: str, theirs: str, kind: str, layers: list[tuple[int, int]]) -> dict[str, str]:
    lists = ("resnets", "attentions") if kind.startswith("CrossAttn") else ("resnets",)
    return {f"{ours}.{name}.{j}": f"{theirs}.{name}.{m}" for j, m in layers for name in lists}


def _places(
    name: str,
    tensor: Tensor,
    tensor_from: Tensor,
    light: UNet2DConditionModel,
    teacher: UNet2DConditionModel,
    came: dict[str, str],
) -> list[Int[Tensor, " n"]]:
    """For every axis, which of the teacher's places the light tensor takes.

    Leading ones; where an axis is made of parts, leading ones of each: the two inputs of an up block's resnet, heads,
    values and gates of GEGLU. Of the time's frequencies it takes those that its own sinusoid has.
    """
    parts: list[list[Part]] = [[pair] for pair in zip(tensor_from.shape, tensor.shape, strict=True)]
    if joined := _UP.match(name):
        axis = 0 if joined[3] == "norm1." else 1
        theirs, ours = _hidden(teacher, source_of(name, came)), _hidden(light, name)
        parts[axis] = [(theirs, ours), (tensor_from.shape[axis] - theirs, tensor.shape[axis] - ours)]
    elif by_head := _HEADS.match(name):
        axis = 1 if by_head[2] == "out.0" and tensor.ndim > 1 else 0
        heads = light.get_submodule(by_head[1]).heads
        cut_inside = heads == teacher.get_submodule(source_of(by_head[1], came)).heads
        if cut_inside and not (by_head[2] == "out.0" and tensor.ndim == 1):
            parts[axis] = [(tensor_from.shape[axis] // heads, tensor.shape[axis] // heads)] * heads
    elif ".ff.net.0.proj." in name:
        parts[0] = [(tensor_from.shape[0] // 2, tensor.shape[0] // 2)] * 2
    places = [_leading(pieces) for pieces in parts]
    if name == "time_embedding.linear_1.weight":
        places[1] = _frequencies(tensor_from.shape[1] // 2, tensor.shape[1] // 2)
    return places


def _hidden(unet: UNet2DConditionModel, name: str) -> int:
    """How many channels an up block's resnet takes from the layer before it; the others come over the skip."""
    block, layer = map(int, _UP.match(name).groups()[:2])
    before = block if layer else max(block - 1, 0)
    return unet.config.block_out_channels[::-1][before]


def _leading(parts: list[Part]) -> Int[Tensor, " n"]:
    places, start = [], 0
    for theirs, ours in parts:
        if ours > theirs:
            found = f"A light layer has {ours} channels where the teacher's has {theirs}."
            raise UserError(found, "no more than the teacher's", "Leave out fewer stages.")
        places.append(torch.arange(start, start + ours))
        start += theirs
    return torch.cat(places)


def _frequencies(theirs: int, ours: int) -> Int[Tensor, " n"]:
    """The places of a sinusoid's two halves whose frequencies a shorter one has as well, or comes nearest to."""
    places = (torch.arange(ours) * theirs / ours).round().long()
    return torch.cat([places, places + theirs])
