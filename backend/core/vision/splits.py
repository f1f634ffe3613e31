"""One split that models are scored on: pictures, a caption of each, and the classes that a picture may belong to.

Knows arrays and scoring; not where pictures and captions come from.
"""

import base64
import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from torch import Tensor
from transformers import CLIPModel, PreTrainedTokenizerBase

from backend.core.vision.captions import numbered
from backend.core.vision.images import OPENAI, Normal, normalised
from backend.core.vision.models import image_features, text_features
from backend.core.vision.pairs import Pairs
from backend.core.vision.zero_shot import Ranked, class_features, classified, retrieved


@dataclass(frozen=True)
class Split:
    """`texts[i]` describes picture i. `classes` are what prompts name, articles included; `right[i, c]` says whether
    class c is right for picture i, and `names[i]` are the names of what it shows, for people."""

    name: str
    pixels: UInt8[np.ndarray, "n side side 3"]
    texts: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    classes: tuple[str, ...]
    right: Bool[Tensor, "n classes"]

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def chance(self) -> float:
        """The share of pictures that a class drawn at random is right for."""
        return self.right.double().mean().item()

    @property
    def same(self) -> Bool[Tensor, "n n"]:
        """Whose caption has the very words of whose: those are right for each other's pictures in retrieval."""
        number = {text: place for place, text in enumerate(dict.fromkeys(self.texts))}
        numbers = torch.tensor([number[text] for text in self.texts])
        return numbers[:, None] == numbers[None]

    def row(self, number: int) -> dict:
        """A picture as JSON can hold it: its number here, its caption, a PNG in base64, and what it shows."""
        png = base64.b64encode(png_bytes(self.pixels[number])).decode()
        return {"id": number, "text": self.texts[number], "png": png, "names": list(self.names[number])}

    def first(self, count: int | None) -> "Split":
        """The first pictures alone, all where no number is given."""
        cut = (self.pixels[:count], self.texts[:count], self.names[:count])
        return Split(self.name, *cut, self.classes, self.right[:count])


@dataclass(frozen=True)
class Scores:
    """Ranks of every picture of a split: of its class, of its caption, and, for every caption, of its picture."""

    zero_shot: Ranked
    image_to_text: Ranked
    text_to_image: Ranked

    def shares(self) -> dict[str, float]:
        """Shares of first and of first five: top1, top5, i2t1, i2t5, t2i1, t2i5."""
        named = {"top": self.zero_shot, "i2t": self.image_to_text, "t2i": self.text_to_image}
        return {f"{name}{k}": ranks.share(k) for name, ranks in named.items() for k in (1, 5)}


@dataclass(frozen=True)
class Scorer:
    """A split made ready for one tokenizer, so that each look at a model in training costs its two towers alone."""

    split: Split
    tokenizer: PreTrainedTokenizerBase
    templates: tuple[str, ...]
    context: int
    normal: Normal = OPENAI

    @cached_property
    def pairs(self) -> Pairs:
        """The split as a model reads it. Raises UserError where a caption is longer than the context."""
        return Pairs(
            normalised(self.split.pixels, self.normal), *numbered(self.tokenizer, self.split.texts, self.context)
        )

    def scores(self, model: CLIPModel) -> Scores:
        """Zero-shot classes and retrieval both ways. Raises UserError where a prompt is longer than the context."""
        image = image_features(model, self.pairs.pixels.to(model.device)).cpu()
        text = text_features(model, self.pairs.ids.to(model.device)).cpu()
        classes = class_features(model, self.tokenizer, self.split.classes, self.templates).cpu()
        both = retrieved(image, text, self.split.same)
        return Scores(classified(image, classes, self.split.right), **both)


def labels(rows: list[set[str]], classes: tuple[str, ...]) -> Float[Tensor, "n classes"]:
    """1 for every class that is among a picture's."""
    number, found = {one: place for place, one in enumerate(classes)}, torch.zeros(len(rows), len(classes))
    for row, names in enumerate(rows):
        found[row, [number[name] for name in names if name in number]] = 1.0
    return found


def png_bytes(pixels: UInt8[np.ndarray, "side side 3"]) -> bytes:
    """The picture as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return file.getvalue()
