"""A tiny model that draws, untaught, in a folder of its own with a judge: for tests of what is done with one."""

from pathlib import Path

import torch
from diffusers import UNet2DConditionModel

from backend.core.diffusion.judge import Judge, JudgeSizes, save_judge
from backend.core.diffusion.pipeline import Pipeline, save_pipeline
from backend.pocket.drawing.lesson import PATCH, Lesson, noising
from backend.pocket.drawing.text import WIDTH, text_tokenizer, untaught_text
from backend.pocket.pictures.simple import SLOTS
from backend.studies.a_sdm.config import ASdmConfig

SIDE = 16


def tiny_unet(seed: int = 0, channels: int = 3 * PATCH**2) -> UNet2DConditionModel:
    """Two levels of 8 and 16 channels."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        return UNet2DConditionModel(
            sample_size=SIDE // PATCH,
            in_channels=channels,
            out_channels=channels,
            block_out_channels=(8, 16),
            layers_per_block=2,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=WIDTH,
            attention_head_dim=2,
            norm_num_groups=4,
        )


def tiny_pipeline(folder: Path, prediction: str = "v_prediction", seed: int = 0, channels: int = 12) -> Path:
    """Pictures of 16 pixels, the bundled vocabulary, and a judge that learned nothing."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        judge = Judge(JudgeSizes(dict(SLOTS), side=SIDE, channels=(8, 8), features=8))
    noise = dict(noising(Lesson(prediction=prediction)).config) | {"_class_name": "DDIMScheduler"}
    save_pipeline(
        Pipeline(tiny_unet(seed, channels), untaught_text(), text_tokenizer(), noise, None, PATCH, SIDE, ""), folder
    )
    save_judge(judge, folder / "judge")
    return folder


def tiny_config(folder: Path, **changes) -> ASdmConfig:
    """Every part of the study once, on a tiny model."""
    told = {
        "teacher": str(folder),
        "prompts": 4,
        "steps": 4,
        "fewer": (2,),
        "plans": ("deep1@every2", "resnets.branch@every2", "resnets.output@every2", "deep1@change0.1"),
        "depth": "block",
        "looked": 2,
        "arms": ("base", "scratch_task", "experts"),
        "updates": 4,
        "batch": 2,
        "lrs": (0.001, 0.002),
        "seeds": 2,
        "switches": ("base>full@2", "full>base@2"),
        "mixed": ("base+deep1@every2", "base>full@2+deep1@every2"),
        "rounds": 1,
    }
    return ASdmConfig(**told | changes)
