"""What a CLIP model says of a person's own words and pictures: shares of words, and affinities of pairs.

For any model that `load_clip` reads, with its own tokenizer, side and normalisation. Knows models; no files, no screen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from backend.core.vision.captions import numbered, unknown_words
from backend.core.vision.clip_files import Clip
from backend.core.vision.images import normalised
from backend.core.vision.models import image_features, text_features
from backend.core.vision.zero_shot import class_features
from backend.errors import UserError

MOST_WORDS = 200
MOST_CHARACTERS = 200  # of one of them


@dataclass(frozen=True)
class WordShares:
    """`shares[i, w]` is the probability of `words[w]` for picture i among all the words; rows add up to 1. `unknown`
    are words that the model never learned, each once: it reads all of them as one and the same."""

    words: tuple[str, ...]
    unknown: tuple[str, ...]
    shares: Float[Tensor, "pictures words"]


def word_shares(
    clip: Clip, image: Float[Tensor, "pictures joint"], words: Sequence[str], template: str = "{}"
) -> WordShares:
    """Zero-shot classification by a person's own words, put into a template; `image` are features of pictures.

    Blank words and copies are left out. Raises UserError where nothing is left, where there are too many words, where
    one with its template is longer than the context, or where the template has no place for a word.
    """
    asked = tuple(dict.fromkeys(" ".join(word.split()) for word in words if word.strip()))
    if not asked:
        raise UserError("There are no words.", "at least one", "Write, say, a cat, a dog, a car.")
    if len(asked) > MOST_WORDS:
        found = f"{len(asked)} words are asked for."
        raise UserError(found, f"at most {MOST_WORDS}", "Ask for fewer at a time.")
    long = [word for word in asked if len(word) > MOST_CHARACTERS]
    if long or len(template) > MOST_CHARACTERS:
        found = f'"{(long or [template])[0][:60]}..." has more than {MOST_CHARACTERS} characters.'
        raise UserError(found, "a word or a short phrase", "Shorten it.")
    classes = class_features(clip.model, clip.tokenizer, asked, (template,))
    unknown = unknown_words(clip.tokenizer, " ".join([template.replace("{}", " "), *asked]))
    logits = clip.model.logit_scale.detach().exp() * image @ classes.T
    return WordShares(asked, tuple(unknown), logits.softmax(-1))


def affinities(
    clip: Clip, pixels: UInt8[np.ndarray, "n h w 3"], texts: Sequence[str]
) -> Float[Tensor, "pictures texts"]:
    """The cosine of every picture with every text. Raises UserError where a text is empty or too long."""
    ids, _ = numbered(clip.tokenizer, texts, clip.context)
    return seen(clip, pixels) @ text_features(clip.model, ids.to(clip.model.device)).T


def seen(clip: Clip, pixels: UInt8[np.ndarray, "n h w 3"]) -> Float[Tensor, "n joint"]:
    """The features of pictures, which are brought to the model's side where theirs is another."""
    return image_features(clip.model, normalised(at_side(pixels, clip.side), clip.normal).to(clip.model.device))


def at_side(pixels: UInt8[np.ndarray, "n h w 3"], side: int) -> UInt8[np.ndarray, "n side side 3"]:
    """Square pictures, resampled where their side is another."""
    if pixels.shape[1:3] == (side, side):
        return pixels
    return np.stack([np.asarray(Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC)) for one in pixels])


def parted(text: str) -> list[str]:
    """A person's list of words: by commas, semicolons or lines."""
    return [word.strip() for word in re.split(r"[,;\n]", text) if word.strip()]
