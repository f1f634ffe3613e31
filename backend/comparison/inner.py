"""The distillation run inside a comparison: its settings, for a decoder and the questions it starts from.

Torch-free.
"""

from pathlib import Path

from backend import settings
from backend.comparison.config import ComparisonConfig
from backend.studies.text_distillation.config import PRESETS, DistillConfig
from backend.studies.text_distillation.decoders import PAPER


def distillation(config: ComparisonConfig, decoder: str, start: Path, size: int) -> DistillConfig:
    """The preset's choices with the comparison's data, model and beginning. The paper's decoder reverts nothing."""
    values = settings.load_preset(PRESETS, config.distillation)["settings"] | {
        "task": config.task,
        "data_dir": config.data_dir,
        "data_file": config.data_file,
        "answers_from": config.answers_from,
        "train_limit": config.train_limit,
        "model": config.model,
        "other_model": "",
        "seed": config.seed,
        "lora_rank": config.lora_rank,
        "lora_alpha": config.lora_alpha,
        "prompts": size,
        "prompt_tokens": config.prompt_tokens,
        "outer_steps": config.outer_steps,
        "start": str(start),
        "decoder": decoder,
        "revert": decoder != PAPER,
    }
    return settings.build(DistillConfig, values)
