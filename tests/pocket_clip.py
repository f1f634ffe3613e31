"""A CLIP of a few thousand weights that reads the words of the drawn pictures, and settings for a run in seconds."""

from pathlib import Path

from backend.core.vision.clip_files import save_clip
from backend.core.vision.models import Sizes, TowerSize, clip_of
from backend.pocket.picture_teacher import CONTEXT, teacher_tokenizer
from backend.studies.tiny_clip.config import TinyClipConfig


def pocket_clip(folder: Path) -> Path:
    """The folder of an untaught teacher whose halves and quarters are whole heads."""
    tokenizer = teacher_tokenizer()
    sizes = Sizes(
        TowerSize(32, 2, 4, 64), TowerSize(32, 2, 4, 64), words=len(tokenizer), context=CONTEXT, joint=16, patch=16
    )
    save_clip(clip_of(sizes), tokenizer, folder)
    return folder


def quick_config(teacher: Path, **changes) -> TinyClipConfig:
    settings = {
        "teacher": str(teacher), "keep": 0.3, "small": 0.12, "pairs": 48, "validation_limit": 12, "test_limit": 16,
        "lrs": (0.001, 0.003), "steps": 12, "batch": 8, "seeds": 2, "mask_share": 0.5,
    }  # fmt: skip
    return TinyClipConfig(**settings | changes)
