"""Draw answers from a small model: temperature 1, the likeliest tokens up to a share of the probability.

Knows models and tokens, and that prompts of the same length need no padding. Does not know topics or styles. Randomness
comes from the given generator alone. About a millisecond a token of a pocket model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel
from transformers import PreTrainedTokenizerFast as Tokenizer

TOP_P = 0.9


@dataclass(frozen=True)
class Answer:
    """`ended` is False where the cap cut the text; `tokens` counts the end mark of those that ended."""

    text: str
    tokens: int
    ended: bool


def answers(
    model: PreTrainedModel, tokenizer: Tokenizer, prompts: Sequence[str], cap: int, rng: torch.Generator
) -> list[Answer]:
    """One answer of at most `cap` tokens to each prompt, in their order."""
    by_length: dict[int, list[int]] = {}
    ids = tokenizer(list(prompts)).input_ids
    for place, row in enumerate(ids):
        by_length.setdefault(len(row), []).append(place)
    found: dict[int, Answer] = {}
    for places in by_length.values():
        rows = _continue(model, torch.tensor([ids[place] for place in places]), cap, rng)
        found |= {place: _answer(tokenizer, row.tolist()) for place, row in zip(places, rows, strict=True)}
    return [found[place] for place in range(len(ids))]


@torch.no_grad()
def _continue(
    model: PreTrainedModel, ids: Int[Tensor, "rows seq"], cap: int, rng: torch.Generator
) -> Int[Tensor, "rows tokens"]:
    cache, read, drawn = DynamicCache(config=model.config), ids, []
    ended: Bool[Tensor, " rows"] = torch.zeros(len(ids), dtype=torch.bool)
    while len(drawn) < cap and not ended.all():
        logits = model(input_ids=read, past_key_values=cache, use_cache=True).logits[:, -1]
        read = torch.multinomial(likeliest(logits.softmax(-1)), 1, generator=rng)
        drawn.append(read)
        ended |= read[:, 0] == model.config.eos_token_id
    return torch.cat(drawn, 1)


def likeliest(shares: Float[Tensor, "rows vocab"], top_p: float = TOP_P) -> Float[Tensor, "rows vocab"]:
    """The probabilities with all but the likeliest tokens that make up `top_p` set to 0 (nucleus, Holtzman 2020)."""
    ordered, places = shares.sort(descending=True)
    ordered = ordered.masked_fill(ordered.cumsum(-1) - ordered >= top_p, 0.0)
    return torch.zeros_like(shares).scatter(-1, places, ordered)


def _answer(tokenizer: Tokenizer, ids: list[int]) -> Answer:
    ended = tokenizer.eos_token_id in ids
    kept = ids[: ids.index(tokenizer.eos_token_id)] if ended else ids
    return Answer(tokenizer.decode(kept).strip(), len(kept) + ended, ended)
