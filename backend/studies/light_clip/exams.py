"""What a student is asked: names of pictures, captions and pictures for each other, where words point, hidden words.

An exam is of validation or of test pictures and is made ready once. Knows pictures, captions and a student; no
training. Each figure is a share, and beside it stands of how many.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mode

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import CLIPModel

from backend.core.seeding import generator
from backend.core.vision.captions import numbered
from backend.core.vision.images import normalised
from backend.core.vision.light_loss import Light
from backend.core.vision.masked_words import Asked, guesses, image_states, word_logits
from backend.core.vision.models import image_features, outputs, text_features
from backend.core.vision.pairs import Pairs
from backend.core.vision.pointing import Pointing, pointing
from backend.core.vision.splits import Split
from backend.core.vision.token_matching import word_places
from backend.core.vision.zero_shot import Ranked, classified, retrieved
from backend.pocket.picture_source import WordPlaces
from backend.studies.light_clip.data import Data

SCENES = "scenes"  # ends the name of a split with several things in a picture
VALIDATION, TEST = "validation", "test"


@dataclass(frozen=True)
class Exam:
    """`named` are pictures to name, by the prompts of `classes`, so many for each; `paired` those whose captions are
    looked up and matched. `places` are words with ground truth, None where nobody knows. `told` are the captions of
    both, and `hidden` is one word of each."""

    named: Split
    shown: Float[Tensor, "named 3 side side"]
    prompts: Int[Tensor, "prompts longest"]
    paired: Split
    pairs: Pairs
    places: WordPlaces | None
    told: Pairs
    hidden: Bool[Tensor, "told words"]
    both_ways: bool

    def figures(self, light: Light) -> dict:
        """Shares, and of how many: `n` captions, `named` pictures, `pointed` and `hidden` words; None for what the
        student cannot be asked. Costs some passes over all pictures."""
        ranks = {"top": self.classified(light.clip)} | self.retrieved(light.clip)
        found = {f"{name}{k}": one.share(k) for name, one in ranks.items() for k in (1, 5)}
        pointed = self.pointed(light)
        found |= {"pointing": pointed and pointed.accuracy, "pointed": len(pointed.hit) if pointed else 0}
        return found | {"n": len(self.pairs), "named": len(self.named)} | self.guessed(light)

    def classified(self, clip: CLIPModel) -> Ranked:
        """The classes of each picture to name, by the mean of each class's prompts."""
        found = text_features(clip, self.prompts.to(clip.device)).cpu().view(len(self.named.classes), -1, _width(clip))
        classes = F.normalize(found.mean(1), dim=-1)
        return classified(image_features(clip, self.shown.to(clip.device)).cpu(), classes, self.named.right)

    def retrieved(self, clip: CLIPModel) -> dict[str, Ranked]:
        """Captions for each picture and pictures for each caption; equal captions are right for each other."""
        image = image_features(clip, self.pairs.pixels.to(clip.device)).cpu()
        found = retrieved(image, text_features(clip, self.pairs.ids.to(clip.device)).cpu(), self.paired.same)
        return {"i2t": found["image_to_text"], "t2i": found["text_to_image"]}

    def pointed(self, light: Light) -> Pointing | None:
        """Whether words point at what they name, by the largest cosine of their caption's own picture."""
        if self.places is None:
            return None
        at = self.places
        with torch.no_grad():
            found = outputs(light.clip, self.pairs.to(light.clip.device), tokens=True)
        words = found.words[at.rows, at.places + 1]  # behind the first mark
        cosines = (found.patches[at.rows] * words[:, None]).sum(-1)
        return pointing(cosines.cpu(), at.right)

    def guessed(self, light: Light) -> dict:
        """Shares of hidden words that are guessed with the picture and without it, and the difference."""
        none = {"masked_with": None, "masked_without": None, "masked_gain": None, "hidden": 0}
        if light.fusion is None:
            return none
        device = light.clip.device
        asked = Asked(self.told.to(device), self.hidden.to(device), both_ways=self.both_ways)
        with torch.no_grad():
            seen = image_states(light.clip, asked.pairs.pixels)
            ranks = [
                guesses(word_logits(light.clip, light.fusion, asked, shown), asked.word).rank for shown in (seen, None)
            ]
        shown, alone = ((rank == 0).double().mean().item() for rank in ranks)
        return {"masked_with": shown, "masked_without": alone, "masked_gain": shown - alone, "hidden": len(asked.word)}

    @property
    def chance(self) -> dict[str, float]:
        """What needs no student: a class, a patch drawn at random, the commonest hidden word."""
        words = self.told.ids[self.hidden].tolist()
        found = {"top1": self.named.chance, "masked": words.count(mode(words)) / len(words)}
        if self.places is not None:
            seen = self.places.right.any(-1)
            found["pointing"] = self.places.right[seen].double().mean().item()
        return found


def exam_of(data: Data, kind: str) -> Exam:
    """The exam on validation or test pictures."""
    c, source = data.config, data.source(data.config.loose)
    names, limit = (source.validations, c.validation_limit) if kind == VALIDATION else (source.tests, c.test_limit)
    named, paired = source.split(names[0], limit), source.split(scenes_of(names), limit)
    prompts = [template.replace("{}", name) for name in named.classes for template in source.templates]
    told = [named, paired] if named.name != paired.name else [paired]
    everything = _pairs(data, told)
    return Exam(
        named,
        normalised(named.pixels, data.normal),
        numbered(data.tokenizer, prompts, data.context)[0],
        paired,
        _pairs(data, [paired]),
        _first(source.word_places(paired.name, data.grid), len(paired)) if data.whole_words(paired.texts) else None,
        everything,
        hidden_words(data, told, everything.mask),
        c.both_ways,
    )


def scenes_of(names: tuple[str, ...]) -> str:
    """The split with several things in a picture, where there is one; else the main one."""
    return next((name for name in names if name.endswith(SCENES)), names[0])


def hidden_words(data: Data, splits: Sequence[Split], mask: Int[Tensor, "told words"]) -> Bool[Tensor, "told words"]:
    """One word of each caption of these splits: among those about things, where it is known which these are, else
    any."""
    rng = generator("exam", *(split.name for split in splits))
    source, about, first = data.source(data.config.loose), word_places(mask), 0
    for split in splits:
        for row in range(len(split) if data.whole_words(split.texts) else 0):
            there = source.word_patches(split.name, row, data.grid)
            if there is not None:
                known = torch.tensor([patches is not None for patches in there])
                about[first + row, 1 : len(there) + 1] &= known
        first += len(split)
    drawn = torch.rand(mask.shape, generator=rng).masked_fill(~about, 2.0)
    return torch.zeros_like(about).scatter_(1, drawn.argmin(1, keepdim=True), True) & about


def _pairs(data: Data, splits: Sequence[Split]) -> Pairs:
    """The pictures and captions of these splits, one after another."""
    texts = [text for split in splits for text in split.texts]
    pixels = np.concatenate([split.pixels for split in splits])
    return Pairs(normalised(pixels, data.normal), *numbered(data.tokenizer, texts, data.context))


def _width(clip: CLIPModel) -> int:
    return clip.config.projection_dim


def _first(places: WordPlaces | None, rows: int) -> WordPlaces | None:
    if places is None:
        return None
    kept = places.rows < rows
    return WordPlaces(places.rows[kept], places.places[kept], places.right[kept])
