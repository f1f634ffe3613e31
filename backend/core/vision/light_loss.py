"""LightCLIP's whole loss: softened labels of pairs, matching of words and patches, and masked words, in one pass.

Nie et al., arXiv 2312.00674. Its weights could not be read: the ones here are our reading. Each part can be left out,
and with none of them it is CLIP's loss. Knows the parts' modules; no training and no data.
"""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from transformers import CLIPModel

from backend.core.vision.contrastive import logits_of
from backend.core.vision.masked_words import SHARE, Asked, Fusion, Seen, hide_words, image_states, masked_word_loss
from backend.core.vision.models import Outputs
from backend.core.vision.pairs import Pairs
from backend.core.vision.soft_labels import Schedule, Weights, softened_loss, softness_at
from backend.core.vision.token_matching import Matching, token_loss, word_places

Scalar = Float[Tensor, ""]


@dataclass(frozen=True)
class Parts:
    """Which parts there are, and how. `softness` is the most that a label gives away, 0 for CLIP's own labels;
    `tokens` and `masked` are weights of the loss, 0 leaves the part out and saves its time.

    `blind` is the share of captions whose hidden words are guessed without the picture.
    """

    softness: float = 0.3
    weights: Weights = "similarity"
    schedule: Schedule = "linear"
    tokens: float = 0.5
    matching: Matching = field(default_factory=Matching)
    masked: float = 0.3
    hidden: float = SHARE
    blind: float = 0.25
    both_ways: bool = False


@dataclass(frozen=True)
class Losses:
    """The parts before their weights, in nats; None for a part that is left out. `total` is what is minimised."""

    pairs: Scalar
    tokens: Scalar | None
    masked: Scalar | None
    total: Scalar


class Light(nn.Module):
    """A CLIPModel and, beside it, the module for masked words where they are among the parts. `clip` is what is kept
    of it in the end."""

    def __init__(self, clip: CLIPModel, fusion: Fusion | None = None):
        super().__init__()
        self.clip, self.fusion = clip, fusion


def light_losses(light: Light, batch: Pairs, parts: Parts, step: int, steps: int, rng: torch.Generator) -> Losses:
    """The losses of update `step`, counted from 0 to `steps` - 1. `rng` draws what is hidden, and from whom.

    Pictures go through their tower once. Raises ValueError where masked words are asked for without a module.
    """
    if parts.masked and light.fusion is None:
        raise ValueError("Masked words need a fusion module.")
    seen = image_states(light.clip, batch.pixels)
    found = _outputs(light.clip, batch, seen, tokens=bool(parts.tokens))
    softness = softness_at(step, steps, parts.softness, parts.schedule)
    total = pairs = softened_loss(logits_of(found), softness, parts.weights)
    tokens = masked = None
    if parts.tokens:
        places = word_places(batch.mask)
        tokens = token_loss(found.patches, found.words, places, found.scale, parts.matching, softness, parts.weights)
        total = total + parts.tokens * tokens
    if parts.masked:
        sighted = (torch.rand(len(batch), generator=rng) >= parts.blind).to(batch.ids.device)
        asked = Asked(batch, hide_words(batch.mask, rng, parts.hidden), sighted, parts.both_ways)
        masked = masked_word_loss(light.clip, light.fusion, asked, seen)
        total = total + parts.masked * masked
    return Losses(pairs, tokens, masked, total)


def _outputs(clip: CLIPModel, batch: Pairs, seen: Seen, tokens: bool) -> Outputs:
    """What `models.outputs` gives, of image states that are there already."""
    text = clip.text_model(input_ids=batch.ids)
    image = F.normalize(clip.visual_projection(clip.vision_model.post_layernorm(seen[-1])), dim=-1)
    words = F.normalize(clip.text_projection(text.last_hidden_state), dim=-1) if tokens else None
    whole = F.normalize(clip.text_projection(text.pooler_output), dim=-1)
    return Outputs(image[:, 0], whole, image[:, 1:] if tokens else None, words, clip.logit_scale.exp())
