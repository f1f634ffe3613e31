"""A tiny random model that draws, in the layout of the bundled one: 8 x 8 latents of 16 x 16 pictures."""

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from backend.core.diffusion.pipeline import Pipeline
from backend.core.vision.captions import BEGIN, END, MARKS, PAD, word_tokenizer

WORDS = ("a", "red", "blue", "circle", "square", "above", "on", "sand")
CONTEXT = 8
NOISE = {
    "_class_name": "DDIMScheduler",
    "beta_schedule": "squaredcos_cap_v2",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "clip_sample": False,
    "num_train_timesteps": 1000,
}


def tiny_unet(seed: int = 0, **changes) -> UNet2DConditionModel:
    """Two levels of 8 and 16 channels, attention on the inner one, frozen."""
    torch.manual_seed(seed)
    told = {
        "sample_size": 8,
        "in_channels": 12,
        "out_channels": 12,
        "block_out_channels": (8, 16),
        "layers_per_block": 2,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": 16,
        "attention_head_dim": 2,
        "norm_num_groups": 4,
    }
    return UNet2DConditionModel(**told | changes).eval().requires_grad_(False)


def tiny_text(seed: int = 0, width: int = 16) -> CLIPTextModel:
    """One layer, frozen."""
    torch.manual_seed(seed)
    config = CLIPTextConfig(
        vocab_size=len(WORDS) + len(MARKS),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=CONTEXT,
        projection_dim=width,
        pad_token_id=PAD,
        bos_token_id=BEGIN,
        eos_token_id=END,
    )
    return CLIPTextModel(config).eval().requires_grad_(False)


def tiny_pipeline(seed: int = 0, **changes) -> Pipeline:
    """A whole model; `changes` are the UNet's."""
    text = tiny_text(seed, changes.get("cross_attention_dim", 16))
    return Pipeline(tiny_unet(seed, **changes), text, word_tokenizer(WORDS, CONTEXT), NOISE, None, 2, 16, "tiny")


def tiny_vae(seed: int = 0) -> AutoencoderKL:
    """An autoencoder that halves pictures once, to latents of 4 channels."""
    torch.manual_seed(seed)
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    sizes = {"block_out_channels": (8, 8), "latent_channels": 4, "norm_num_groups": 4, "sample_size": 16}
    return AutoencoderKL(**blocks, **sizes).eval().requires_grad_(False)
