"""Perplexity: how surprised a frozen model is by each token of a text. Lower reads more like what the model knows.

Knows a backbone and texts. Perplexities compare only under one model, for its own tokens.
"""

import math
from collections.abc import Sequence

import torch

from backend.core import devices
from backend.core.models.backbones import Backbone
from backend.core.text.token_ids import prompt_ids


@torch.no_grad()
def perplexity(backbone: Backbone, texts: Sequence[str]) -> float:
    """exp of the mean negative log-likelihood over all tokens of all texts; the first token of a text is given.

    Raises ValueError where no text has a second token.
    """
    device, total, tokens = devices.of(backbone.model), 0.0, 0
    for text in texts:
        ids = torch.tensor([prompt_ids(backbone.tokenizer, text)], device=device)
        logits = backbone.model(input_ids=ids).logits[0, :-1].float()
        total += float(torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum"))
        tokens += ids.shape[1] - 1
    if not tokens:
        raise ValueError("A perplexity needs a text of at least two tokens.")
    return math.exp(total / tokens)
