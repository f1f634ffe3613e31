"""A small random CLIP model, its tokenizer and a few pairs of noise, made in well under a second."""

import torch
from transformers import CLIPModel, PreTrainedTokenizerFast

from backend.core.seeding import generator
from backend.core.vision.captions import numbered, word_tokenizer
from backend.core.vision.models import Sizes, TowerSize, clip_of
from backend.core.vision.pairs import Pairs

WORDS = ("a", "and", "above", "big", "blue", "circle", "green", "red", "small", "square", "star")
CONTEXT = 12
TEXTS = ("a red circle", "a small blue square above a star", "green star", "a big circle and a red square")
SIZES = Sizes(
    TowerSize(32, 3, 4, 64), TowerSize(24, 2, 2, 48), words=len(WORDS) + 5, context=CONTEXT, joint=16, side=16
)


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    return word_tokenizer(WORDS, CONTEXT)


def tiny_clip(seed: int = 0) -> CLIPModel:
    """Biases and norms are drawn, too, so that no part can go missing unseen."""
    model, rng = clip_of(SIZES, seed), generator("tiny clip", seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter += 0.3 * torch.randn(parameter.shape, generator=rng)
    return model


def tiny_pairs(count: int = 4, seed: int = 0) -> Pairs:
    texts = [TEXTS[number % len(TEXTS)] for number in range(count)]
    pixels = torch.randn(count, 3, SIZES.side, SIZES.side, generator=generator("tiny pairs", seed))
    return Pairs(pixels, *numbered(tiny_tokenizer(), texts, CONTEXT))
