"""Masked words of captions, guessed from the other words and the picture by a module that is thrown away afterwards.

LightCLIP (Nie et al., arXiv 2312.00674) adds masked language modelling to the training and injects the unmasked image
embedding into the masked text embedding at different network stages. Its formulas could not be read: the ones here are
our reading of its abstract. Nothing is added to the CLIPModel, so its parameters and its inference stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import CLIPModel

from backend.core.vision.models import seeded
from backend.core.vision.pairs import Pairs
from backend.core.vision.token_matching import word_places

Places = Bool[Tensor, "n words"]
Words = Float[Tensor, "n words width"]
Sighted = Bool[Tensor, " n"] | None
Seen = Sequence[Float[Tensor, "n tokens image_width"]]
Stages = Literal["every", "last"]
Source = Literal["last", "level"]
SHARE = 0.15  # of the words are hidden; BERT's share


class Fusion(nn.Module):
    """What is trained beside a CLIPModel and dropped: cross-attention from words to picture, the sign for a hidden
    word, and a bias for each word of the vocabulary.

    `stages`: `every` adds the picture before each text layer and after the last one, `last` after the last one alone.
    `source`: each stage sees the `last` image layer, or the one at its own `level`. Added parts start at zero, so that
    an untrained module changes nothing. The seed alone decides its weights.
    """

    def __init__(self, model: CLIPModel, stages: Stages = "every", source: Source = "last", seed: int = 0):
        super().__init__()
        text, image = model.config.text_config, model.config.vision_config
        depth, self.source = text.num_hidden_layers, source
        self.levels = [-(-(stage + 1) * image.num_hidden_layers // (depth + 1)) for stage in range(depth + 1)]
        self.first = 0 if stages == "every" else depth
        with seeded("fusion", seed):
            added = [Glance(text.hidden_size, image.hidden_size, text.num_attention_heads) for _ in self.levels]
        self.glances = nn.ModuleList(added[self.first :])
        self.hidden_word = nn.Parameter(torch.zeros(text.hidden_size))
        self.bias = nn.Parameter(torch.zeros(text.vocab_size))

    def add(self, stage: int, words: Words, seen: Seen, sighted: Sighted) -> Words:
        """The words' states with what this stage sees of the pictures; unchanged where a row is not sighted."""
        if stage < self.first:
            return words
        tokens = seen[self.levels[stage] if self.source == "level" else -1]
        added = self.glances[stage - self.first](words, tokens)
        return words + (added if sighted is None else added * sighted[:, None, None])


class Glance(nn.Module):
    """What each word takes from the picture: attention over its tokens, both sides normalised first."""

    def __init__(self, text_width: int, image_width: int, heads: int):
        super().__init__()
        self.words, self.tokens = nn.LayerNorm(text_width), nn.LayerNorm(image_width)
        self.attention = nn.MultiheadAttention(text_width, heads, kdim=image_width, vdim=image_width, batch_first=True)
        nn.init.zeros_(self.attention.out_proj.weight)

    def forward(self, words: Words, tokens: Float[Tensor, "n tokens image_width"]) -> Words:
        """The part to add."""
        keys = self.tokens(tokens)
        return self.attention(self.words(words), keys, keys, need_weights=False)[0]


@dataclass(frozen=True)
class Asked:
    """Captions with hidden words. `sighted` says for which of them the picture is shown, None for all.

    `both_ways` lets words see those to their right too, which the text tower never does elsewhere; without it the
    first word is guessed from the picture alone.
    """

    pairs: Pairs
    hidden: Places
    sighted: Sighted = None
    both_ways: bool = False

    @property
    def word(self) -> Int[Tensor, " hidden"]:
        """The numbers of the hidden words, caption after caption."""
        return self.pairs.ids[self.hidden]


@dataclass(frozen=True)
class Guesses:
    """One row a hidden word: its number, the rank of the right word, 0 being first, and the likeliest words with
    their probabilities."""

    word: Int[Tensor, " hidden"]
    rank: Int[Tensor, " hidden"]
    top: Int[Tensor, "hidden top"]
    probability: Float[Tensor, "hidden top"]


def hide_words(mask: Int[Tensor, "n words"], rng: torch.Generator, share: float = SHARE) -> Places:
    """Which words to hide: `share` of each caption's, rounded, and at least one; never a mark or padding."""
    places = word_places(mask)
    wanted = (share * places.sum(-1)).round().clamp(min=1)
    drawn = torch.rand(mask.shape, generator=rng).to(mask.device).masked_fill(~places, 2.0)
    return places & (drawn.argsort(-1).argsort(-1) < wanted.unsqueeze(-1))


def image_states(model: CLIPModel, pixels: Float[Tensor, "n 3 h w"]) -> Seen:
    """The states of the picture's tokens, before the first image layer and after each; the class mark comes first.

    `output_hidden_states` would give them too, but transformers then leaves hooks in the model.
    """
    image = model.vision_model
    seen = [image.pre_layrnorm(image.embeddings(pixels))]  # spelt so in CLIPModel
    for layer in image.encoder.layers:
        seen.append(layer(seen[-1], None))
    return seen


def word_states(model: CLIPModel, fusion: Fusion, asked: Asked, seen: Seen | None) -> Words:
    """The text tower's last states, normalised, of captions with hidden words and with what is `seen` of the pictures.

    None adds no picture to any caption.
    """
    text, pairs = model.text_model, asked.pairs
    table = text.embeddings.token_embedding
    states = text.embeddings(inputs_embeds=torch.where(asked.hidden[..., None], fusion.hidden_word, table(pairs.ids)))
    attention = _attention_mask(pairs.mask, asked.both_ways, states.dtype)
    for stage, layer in enumerate([*text.encoder.layers, None]):
        if seen is not None:
            states = fusion.add(stage, states, seen, asked.sighted)
        if layer is not None:
            states = layer(states, attention)
    return text.final_layer_norm(states)


def word_logits(model: CLIPModel, fusion: Fusion, asked: Asked, seen: Seen | None) -> Float[Tensor, "hidden vocab"]:
    """For each hidden word, caption after caption, the logits of all words: its state times the word table."""
    states = word_states(model, fusion, asked, seen)
    return F.linear(states[asked.hidden], model.text_model.embeddings.token_embedding.weight, fusion.bias)


def masked_word_loss(model: CLIPModel, fusion: Fusion, asked: Asked, seen: Seen | None) -> Float[Tensor, ""]:
    """Mean cross entropy of the hidden words, in nats; 0 where none is hidden.

    Captions whose picture is not shown teach the text tower to guess without it. A comparison of guesses with and
    without it is fair only where some were trained so.
    """
    logits = word_logits(model, fusion, asked, seen)
    return F.cross_entropy(logits, asked.word, reduction="sum") / max(1, len(logits))


def guesses(logits: Float[Tensor, "hidden vocab"], word: Int[Tensor, " hidden"], top: int = 5) -> Guesses:
    """What the logits say of each hidden word. Words that are as likely as the right one stand before it."""
    right = logits.gather(1, word.unsqueeze(1))
    probability, likeliest = logits.detach().softmax(-1).topk(min(top, logits.shape[1]), dim=-1)
    return Guesses(word, (logits >= right).sum(-1) - 1, likeliest, probability)


def _attention_mask(
    mask: Int[Tensor, "n words"], both_ways: bool, dtype: torch.dtype
) -> Float[Tensor, "n 1 words words"]:
    """What is added to attention scores: 0 where a place may look, the least number elsewhere. Padding is seen by
    nobody but itself."""
    words = mask.shape[1]
    allowed = mask.bool()[:, None, None, :].expand(-1, 1, words, words)
    if not both_ways:
        allowed = allowed & torch.ones(words, words, dtype=torch.bool, device=mask.device).tril()
    allowed = allowed | torch.eye(words, dtype=torch.bool, device=mask.device)
    return torch.zeros(allowed.shape, dtype=dtype, device=mask.device).masked_fill(~allowed, torch.finfo(dtype).min)
