"""Random UNets of several shapes, and what they draw in a few steps."""

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel

from backend.core.diffusion.sampling import predictor, sample
from tests.core.diffusion.tiny import tiny_unet

STEPS = 4


def stable_unet(**changes) -> UNet2DConditionModel:
    """Four levels, attention in all but the innermost, as in Stable Diffusion."""
    shape = {
        "block_out_channels": (4, 4, 8, 8),
        "down_block_types": (*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
        "up_block_types": ("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
    }
    return tiny_unet(**shape | changes)


UNETS = {
    "small": tiny_unet,
    "stable": stable_unet,
    "light": lambda: stable_unet(layers_per_block=1, mid_block_type=None),
    "deep": lambda: tiny_unet(transformer_layers_per_block=2, use_linear_projection=True),
}


def noise(count: int = 2, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, 12, 8, 8, generator=torch.Generator().manual_seed(seed))


def words(count: int = 2, seed: int = 1) -> torch.Tensor:
    return torch.randn(count, 3, 16, generator=torch.Generator().manual_seed(seed))


def drawn(unet: UNet2DConditionModel, count: int = 2, guidance: float = 1.0) -> torch.Tensor:
    """The latents that a UNet draws in STEPS steps, by whatever it has been made to do."""
    answer = predictor(unet, words(count), guidance, words(1, seed=2))
    return sample(answer, DDIMScheduler(clip_sample=False), noise(count), STEPS)
