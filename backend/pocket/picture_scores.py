"""Scores of a model on the fixed test set of pictures, beside two baselines that see nothing but pixels.

Knows the pictures' world and zero-shot scoring. Does not train. The baselines learn from labelled pictures, which a
zero-shot model never gets, and so are no small bar. Costs some seconds of drawing and half a minute for the baselines.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import CLIPModel, PreTrainedTokenizerBase

from backend.core.vision.captions import numbered
from backend.core.vision.images import normalised
from backend.core.vision.models import image_features, text_features
from backend.core.vision.pixel_baselines import pixel_baselines
from backend.core.vision.splits import Split
from backend.core.vision.zero_shot import Ranked, class_features, classified, retrieved
from backend.pocket.picture_teacher import CONTEXT, TEMPLATES, WIDEST, named
from backend.pocket.pictures.pairs import TEST_PARTS, Pair, fixed_part, pair, pictures
from backend.pocket.pictures.things import KNOWN, THINGS

LABELLED = 6000  # pictures that a baseline learns from


@dataclass(frozen=True)
class Part:
    """One part of the fixed test set: its classes, and which are right for each picture.

    Of things that training never sees nobody knows the names, so there the widest kinds are asked for.
    """

    name: str
    pairs: list[Pair]
    classes: tuple[str, ...]

    @property
    def right(self) -> Float[Tensor, "n classes"]:
        """1 for every class of a thing that the picture shows."""
        return shown(self.pairs, self.classes)


def parts(names: tuple[str, ...] = tuple(TEST_PARTS)) -> list[Part]:
    """The parts of the fixed test set."""
    return [Part(name, fixed_part(name), WIDEST if name.startswith("things") else KNOWN) for name in names]


def shown(pairs: list[Pair], classes: tuple[str, ...]) -> Float[Tensor, "n classes"]:
    """1 for every class, a name or a widest kind, of a thing that the picture shows."""
    rows = []
    for one in pairs:
        things = {placed.thing for placed in one.scene.things}
        said = things | {THINGS[name].kinds[-1] for name in things}
        rows.append([float(name in said) for name in classes])
    return torch.tensor(rows)


def zero_shot(model: CLIPModel, tokenizer: PreTrainedTokenizerBase, part: Part) -> Ranked:
    """The classes of each picture of a part, by their prompts."""
    classes = class_features(model, tokenizer, [named(name) for name in part.classes], TEMPLATES)
    return classified(image_features(model, normalised(pictures(part.pairs))), classes, part.right.bool())


def retrieval(model: CLIPModel, tokenizer: PreTrainedTokenizerBase, part: Part) -> dict[str, Ranked]:
    """The captions of each picture and the pictures of each caption. Equal captions are right for each other."""
    texts = [one.caption.text for one in part.pairs]
    ids, _ = numbered(tokenizer, texts, CONTEXT)
    right = torch.tensor([[a == b for a in texts] for b in texts])
    return retrieved(image_features(model, normalised(pictures(part.pairs))), text_features(model, ids), right)


class Baselines:
    """The nearest training picture by its pixels, and kernel ridge regression from pixels to names."""

    def __init__(self, count: int = LABELLED, seed: int = 0):
        self.pairs = [pair("train", n, seed=seed, most=1 if n % 2 else 4) for n in range(count)]
        self.pixels = pictures(self.pairs)

    def scores(self, part: Part) -> dict[str, Ranked]:
        """Both baselines on a part."""
        asked = Split(part.name, pictures(part.pairs), (), (), part.classes, part.right.bool())
        return pixel_baselines(self.pixels, shown(self.pairs, part.classes), asked)


def chance(part: Part) -> float:
    """The share that is right by a class drawn at random."""
    return part.right.mean().item()
