"""What all students of a run share: where pictures come from, who reads captions, and the model that each begins as.

Knows a config, sources of pictures and CLIP models. Does not train and does not score.
"""

from collections.abc import Sequence
from pathlib import Path

from transformers import CLIPModel

from backend.core.vision.captions import MARKS
from backend.core.vision.clip_files import load_clip
from backend.core.vision.depth import shortened
from backend.core.vision.images import OPENAI
from backend.core.vision.light_loss import Light, Parts
from backend.core.vision.masked_words import Fusion
from backend.core.vision.models import Sizes, TowerSize, clip_of
from backend.core.vision.pair_pool import PairPool
from backend.core.vision.token_matching import Matching
from backend.pocket.picture_source import Source, SourceConfig
from backend.pocket.picture_sources import open_source
from backend.studies.light_clip.arms import Arm
from backend.studies.light_clip.config import HEAD, SIDE, LightClipConfig

NEURONS = 4  # of an MLP, a channel
COUNTED = 4  # batches in which false negatives are counted


class Data:
    """Sources by how loose their captions are, and fresh students. Pictures are kept in `folder`."""

    def __init__(self, config: LightClipConfig, folder: Path):
        self.config, self.folder = config, folder
        self._sources: dict[float, Source] = {}
        self._pools: dict[float, PairPool] = {}
        self.begun = load_clip(config.start) if config.start else None
        self.side = self.begun.side if self.begun else SIDE
        self.normal = self.begun.normal if self.begun else OPENAI
        main = self.source(config.loose)
        self.tokenizer = self.begun.tokenizer if self.begun else main.tokenizer()
        self.context = self.begun.context if self.begun else main.context

    @property
    def grid(self) -> int:
        """Patches along a picture."""
        return self.side // (self.begun.model.config.vision_config.patch_size if self.begun else self.config.patch)

    def whole_words(self, texts: Sequence[str]) -> bool:
        """Whether each word of these captions is one number, so that it is known where the words are."""
        read = self.tokenizer(list(texts), add_special_tokens=False).input_ids
        return all(len(numbers) == len(text.split()) for numbers, text in zip(read, texts, strict=True))

    def source(self, loose: float) -> Source:
        """Where pairs come from. Raises UserError where there are none."""
        c = self.config
        if loose not in self._sources:
            facts = {"seed": c.seed, "pairs": c.pairs, "captions": c.told, "groups": c.groups}
            asked = SourceConfig(c.world, c.data_dir, loose, side=self.side, **facts)
            self._sources[loose] = open_source(asked, self.folder)
        return self._sources[loose]

    def pool(self, loose: float) -> PairPool:
        """Training pairs."""
        if loose not in self._pools:
            self._pools[loose] = self.source(loose).pool(self.tokenizer, self.context, self.normal)
        return self._pools[loose]

    def student(self, arm: Arm, layers: int, seed: int) -> Light:
        """A student before its first update; one seed gives every arm the same model."""
        c, clip = self.config, self._clip(layers, seed)
        return Light(clip, Fusion(clip, c.stages, c.level, seed) if parts_of(c, arm).masked else None)

    def _clip(self, layers: int, seed: int) -> CLIPModel:
        if self.begun:
            return shortened(self.begun.model, range(layers)).requires_grad_(True)
        return clip_of(sizes_of(self.config, layers, len(self.source(self.config.loose).words()), self.context), seed)

    def false_negatives(self, loose: float, seed: int = 0) -> float:
        """Of a batch's other captions, the share that is true of a picture all the same: a mean over some batches."""
        pool, shares = self.pool(loose), []
        for step in range(COUNTED):
            batch = pool.batch(seed, step, self.config.batch)
            texts = [pool.texts[number] for number in batch.captions.tolist()]
            true = self.source(loose).true(texts, batch.rows.tolist())
            true.fill_diagonal_(False)
            shares.append(true.double().sum().item() / (len(texts) * max(1, len(texts) - 1)))
        return sum(shares) / len(shares)


def sizes_of(c: LightClipConfig, layers: int, words: int, context: int) -> Sizes:
    """The sizes of a student with `layers` text layers. The width of the features is that of the text tower."""
    return Sizes(
        _tower(c.image_width, c.image_layers),
        _tower(c.text_width, layers),
        words=words + len(MARKS),
        context=context,
        joint=c.text_width,
        side=SIDE,
        patch=c.patch,
    )


def parts_of(c: LightClipConfig, arm: Arm) -> Parts:
    """The parts of an arm, at the weights that are set."""
    return Parts(
        softness=c.softness if arm.soft else 0.0,
        weights=arm.soft or "similarity",
        schedule=c.schedule,
        tokens=c.tokens if arm.rule else 0.0,
        matching=Matching(arm.rule or "relaxed", c.k, c.epsilon, c.iterations),
        masked=c.masked if arm.masked else 0.0,
        hidden=c.hidden,
        blind=c.blind,
        both_ways=c.both_ways,
    )


def _tower(width: int, layers: int) -> TowerSize:
    return TowerSize(width, layers, width // HEAD, NEURONS * width)
