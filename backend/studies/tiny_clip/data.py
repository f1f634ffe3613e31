"""What students learn from and are scored on: a pool of pairs, what the teacher says of it, and two splits of pictures.

Knows the config, the sources of pictures and the run folder. What takes time is done once by `prepare`; worker
processes read it from the folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jaxtyping import Bool
from torch import Tensor
from transformers import CLIPModel

from backend.core.training.finetune_state import read_tensors, write_tensors
from backend.core.vision.cached_features import CachedFeatures, cached_features
from backend.core.vision.captions import check_known, numbered
from backend.core.vision.clip_files import Clip, load_clip
from backend.core.vision.images import normalised
from backend.core.vision.models import image_features, text_features
from backend.core.vision.pairs import Pairs
from backend.core.vision.splits import Split
from backend.core.vision.zero_shot import class_features, classified, retrieved
from backend.errors import UserError
from backend.pocket.picture_source import Source, SourceConfig
from backend.pocket.picture_sources import open_source
from backend.pocket.pictures.emoji import default_folder
from backend.runs.folder import RunDir
from backend.studies.tiny_clip.config import TinyClipConfig

BUNDLED = Path(__file__).resolve().parents[3] / "assets" / "models" / "clip-pocket"
PREPARED = "prepared"
FEATURES = "features.safetensors"
METRICS = ("top1", "top5", "i2t5", "t2i5")
NEW_TO_TEACHER = 1  # added to the seed of the pictures: the bundled teacher has learned from those of seed 0
TEACH = "python -m backend.pocket.pictures teach --world {}."
TEMPLATES = 3  # of the source's, for students while they train: the text tower reads names times templates


def load_teacher(config: TinyClipConfig) -> Clip:
    """The teacher of a run, frozen. Raises UserError where there is none."""
    if config.teacher:
        return load_clip(config.teacher)
    place = BUNDLED if config.world == "pocket" else Path(config.data_dir or default_folder()) / "clip"
    if not place.is_dir():
        found = f"teacher is empty, and no CLIP was taught the words of world={config.world} yet."
        step = f"Teach one: {TEACH.format(config.world)} Or set teacher to a hub id or a folder."
        raise UserError(found, "a CLIP model that reads the captions", step, kind="model", about="teacher")
    return load_clip(str(place))


def check_words(teacher: Clip, texts: Sequence[str]) -> None:
    """Raise UserError where captions have words that the teacher has no number for; it names them."""
    words = dict.fromkeys(word for text in texts for word in text.split())
    check_known(teacher.tokenizer, [" ".join(words)])


@dataclass(frozen=True)
class Exam:
    """Pictures to name among classes, and pictures and captions to find each other."""

    named: Split
    found: Split
    templates: tuple[str, ...]
    teacher: Clip

    @cached_property
    def pictures(self) -> tuple[Tensor, Pairs]:
        """The pixels of both splits as the teacher reads them, the second with its captions."""
        clip = self.teacher
        pixels = [normalised(split.pixels, clip.normal) for split in (self.named, self.found)]
        return pixels[0], Pairs(pixels[1], *numbered(clip.tokenizer, self.found.texts, clip.context))

    @cached_property
    def same(self) -> Bool[Tensor, "n n"]:
        return self.found.same

    def scores(self, model: CLIPModel) -> dict:
        """Shares: the right class first and among the first five (`top1`, `top5`), the right caption among five of a
        picture (`i2t5`), the right picture among five of a caption (`t2i5`); `n` and `pairs` they are over."""
        pixels, pairs = self.pictures
        classes = class_features(model, self.teacher.tokenizer, self.named.classes, self.templates)
        ranked = classified(image_features(model, pixels), classes, self.named.right)
        both = retrieved(image_features(model, pairs.pixels), text_features(model, pairs.ids), self.same)
        found = {"top1": ranked.share(1), "top5": ranked.share(5)}
        found |= {"i2t5": both["image_to_text"].share(5), "t2i5": both["text_to_image"].share(5)}
        return found | {"n": len(self.named)}


class Data:
    """Everything of a run's data. Reads what `prepare` left, where it is there."""

    def __init__(self, config: TinyClipConfig, run_dir: RunDir):
        self.config, self.folder = config, run_dir.artifacts / PREPARED
        self.teacher = load_teacher(config)
        self.source = source_of(config, self.folder, self.teacher.side)
        self.pool = self.source.pool(self.teacher.tokenizer, self.teacher.context, self.teacher.normal)

    @cached_property
    def features(self) -> CachedFeatures:
        """What the teacher says of the pool; computed where it is not there yet."""
        path = self.folder / FEATURES
        if not path.is_file():
            found = cached_features(self.teacher.model, self.pool)
            self.folder.mkdir(parents=True, exist_ok=True)
            write_tensors(path, {"image": found.image, "text": found.text, "scale": found.scale}, {})
        tensors, _ = read_tensors(path)
        return CachedFeatures(tensors["image"], tensors["text"], tensors["scale"])

    @cached_property
    def test(self) -> Exam:
        return self._exam(self.source.tests, self.config.test_limit)

    @cached_property
    def validation(self) -> Exam:
        return self._exam(self.source.validations, self.config.validation_limit)

    def _exam(self, names: tuple[str, ...], limit: int) -> Exam:
        """The main split for names; for retrieval that of scenes, whose captions say more, where there is one."""
        found = next((name for name in names if name.endswith("scenes")), names[0])
        splits = [self.source.split(name, limit) for name in (names[0], found)]
        return Exam(*splits, self.source.templates[:TEMPLATES], self.teacher)


def source_of(config: TinyClipConfig, folder: Path | None, side: int) -> Source:
    """Where the pictures come from, at the side that the teacher reads. Raises UserError."""
    return open_source(
        SourceConfig(
            world=config.world,
            data_dir=config.data_dir,
            groups=config.groups,
            loose=config.loose,
            wrong=config.wrong,
            side=side,
            seed=config.seed + NEW_TO_TEACHER,
            pairs=config.pairs,
        ),
        folder,
    )
