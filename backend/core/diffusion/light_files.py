"""Light nets in folders: as diffusers saves a UNet, in half precision, with the experts in a file beside it.

diffusers reads the folder as a plain UNet with the kept kernels alone; here the experts are put back. Knows files.
"""

import json
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors import safe_open
from torch import nn

from backend.core.diffusion.cond_conv import CondConv2d
from backend.core.diffusion.experts import mixtures, put_experts, without_experts
from backend.core.diffusion.pipeline import HOW_TO_NAME, Pipeline, load_unet
from backend.core.models.hub import friendly
from backend.core.training.finetune_state import write_tensors
from backend.errors import UserError

EXPERTS = "experts.safetensors"
WANTED = "a UNet2DConditionModel as diffusers saves it, or a pipeline that has one"


def save_light(light: UNet2DConditionModel, folder: Path) -> None:
    """Write a net, 2 bytes a parameter. Raises UserError where the disk is full."""
    folder.mkdir(parents=True, exist_ok=True)
    without_experts(light).half().save_pretrained(folder)
    mixed, path = mixtures(light), folder / EXPERTS
    path.unlink(missing_ok=True)
    if mixed:
        tensors = {
            f"{name}/{key}": _added(key, tensor).half() for name, part in mixed.items() for key, tensor in _all(part)
        }
        write_tensors(path, tensors, {"layers": list(mixed)})


def load_light(spec: str | Path) -> UNet2DConditionModel:
    """The net of a folder or a hub id, frozen, in evaluation mode and single precision.

    A folder may be the net's own or a pipeline's, such as BK-SDM's, which has it in `unet`. Raises UserError where
    there is none, or where it is damaged.
    """
    place, own = str(spec), (Path(spec) / "config.json").exists()
    with friendly(place, HOW_TO_NAME, WANTED):
        light = load_unet(place, None if own else "unet")
        path = Path(spec) / EXPERTS
        if own and path.exists():
            _put_back(light, path)
    return light.eval().requires_grad_(False)


def check_light(light: UNet2DConditionModel, pipeline: Pipeline) -> None:
    """Raise UserError where a net cannot stand in the place of this pipeline's: other latents, or other words."""
    ours, theirs = light.config, pipeline.unet.config
    for key, meant in (
        ("in_channels", "channels of latents"),
        ("out_channels", "channels of its answer"),
        ("cross_attention_dim", "numbers a word"),
    ):
        if ours[key] != theirs[key]:
            found = f"The light net has {ours[key]} {meant}, {pipeline.name} has {theirs[key]}."
            raise UserError(found, "a net for the same latents and words", "Take a light net made of this model.")


def _all(part: CondConv2d) -> list[tuple[str, torch.Tensor]]:
    return list(part.state_dict().items())


def _added(key: str, tensor: torch.Tensor) -> torch.Tensor:
    return tensor[1:] if key in ("weight", "bias") else tensor  # the first kernel is the plain net's


def _put_back(light: UNet2DConditionModel, path: Path) -> None:
    with safe_open(path, "pt") as file:
        for name in json.loads(file.metadata()["told"])["layers"]:
            resnet = light.get_submodule(name)
            tensors = {key: file.get_tensor(f"{name}/{key}").float() for key in _keys(file, name)}
            mixed = _mixture(resnet, len(tensors["weight"]) + 1)
            for key in ("weight", "bias"):
                tensors[key] = torch.cat([getattr(resnet.conv2, key)[None], tensors[key]])
            mixed.load_state_dict(tensors)
            put_experts(resnet, mixed)


def _keys(file: safe_open, name: str) -> list[str]:
    return [key.removeprefix(f"{name}/") for key in file.keys() if key.startswith(f"{name}/")]


def _mixture(resnet: nn.Module, experts: int) -> CondConv2d:
    return CondConv2d([resnet.conv2] * experts, resnet.time_emb_proj.in_features)
