"""Continuing texts: the tokens a model writes after each of many prompts at a time, greedily or by sampling.

transformers generates, with its key-value cache and the prompts padded on the left. A sampled token is found from a
number that was drawn beforehand, so a text depends on its own draws and not on which other texts share its batch. Knows
a model and token ids; no question, no answer and no file.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import (
    DynamicCache,
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from backend.core import devices

ROUND = 16  # tokens between two looks at who has ended: to copy the cache costs about one of them
FIRST = 256  # likeliest tokens looked at before all of them: to sort 50,000 for each token costs more than the model


@dataclass(frozen=True)
class Sampling:
    """`temperature` divides the logits; the next token is one of the likeliest that together reach `top_p`
    (Holtzman et al. 2020)."""

    temperature: float = 1.0
    top_p: float = 1.0


def draws_of(generators: Sequence[torch.Generator], most: int) -> Float[Tensor, "texts most"]:
    """Numbers from 0 to 1, one for each token of each text, from a generator of its own. On the CPU."""
    return torch.stack([torch.rand(most, generator=source) for source in generators])


def pad_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """The id to fill short prompts with; any does, for it is never read."""
    return tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id or 0


@torch.inference_mode()
def continued(
    model: torch.nn.Module,
    prompts: Sequence[Sequence[int]],
    most: int,
    end: int | None,
    pad: int,
    sampling: Sampling | None = None,
    draws: Float[Tensor, "texts most"] | None = None,
) -> list[list[int]]:
    """At most `most` new token ids of each prompt, up to its first `end`, which is kept: a text without it was cut.

    Greedy without `sampling`; with it, token t of text i follows from `draws[i, t]`. Nothing of the model's own habits
    (penalties, sampling, forced tokens) is used. Costs the logits of a batch, and its keys and values; texts that
    ended leave the batch every ROUND tokens.
    """
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    device, longest = devices.of(model), max(map(len, prompts))
    ids = torch.tensor([[pad] * (longest - len(p)) + list(p) for p in prompts], device=device)
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=device)
    found: list[list[int]] = [[] for _ in prompts]
    open_texts, cache, done = list(range(len(prompts))), droppable(inner), 0
    with using(inner, end, pad) as habits:
        while open_texts and done < most:
            habits.max_new_tokens = most - done if cache is None else min(ROUND, most - done)
            chooser = LogitsProcessorList()
            if sampling is not None:
                chooser.append(Drawn(sampling, draws[open_texts].to(device), longest))
            kept = {} if cache is None else {"past_key_values": cache}
            ids = inner.generate(ids, attention_mask=mask, logits_processor=chooser, **kept)
            for text, row in zip(open_texts, ids[:, longest + done :].tolist(), strict=True):
                found[text] += row[: row.index(end) + 1] if end in row else row
            done = ids.shape[1] - longest
            left = [place for place, text in enumerate(open_texts) if found[text][-1] != end]
            if cache is not None and left:
                cache.batch_select_indices(torch.tensor(left, device=device))
            open_texts = [open_texts[place] for place in left]
            ids, mask = ids[left], torch.nn.functional.pad(mask[left], (0, ids.shape[1] - mask.shape[1]), value=1)
    return found


@contextmanager
def using(inner: PreTrainedModel, end: int | None, pad: int) -> Iterator[GenerationConfig]:
    """Plain greedy generation for as long as the context lasts; passed as an argument it would be mixed with the
    model's own habits."""
    own = inner.generation_config
    plain = GenerationConfig(do_sample=False, use_cache=True, eos_token_id=end, pad_token_id=pad)
    inner.generation_config = plain
    try:
        yield plain
    finally:
        inner.generation_config = own


def droppable(inner: PreTrainedModel) -> DynamicCache | None:
    """An empty cache that texts can be dropped from; None for a model whose memory is of another kind."""
    if not inner._supports_default_dynamic_cache():
        return None
    cache = DynamicCache(config=inner.config.get_text_config(decoder=True))
    plain = all(type(layer) in (DynamicLayer, DynamicSlidingWindowLayer) for layer in cache.layers)
    return cache if cache.layers and plain else None


class Drawn(LogitsProcessor):
    """Leaves one token possible for each text: the one that the text's next draw points at."""

    def __init__(self, sampling: Sampling, draws: Float[Tensor, "texts most"], longest: int):
        self._sampling, self._draws, self._longest = sampling, draws, longest

    def __call__(
        self, input_ids: Int[Tensor, "texts seq"], scores: Float[Tensor, "texts vocab"]
    ) -> Float[Tensor, "texts vocab"]:
        chosen = drawn(scores, self._sampling, self._draws[:, input_ids.shape[1] - self._longest])
        return torch.full_like(scores, -torch.inf).scatter_(1, chosen[:, None], 0.0)


def drawn(
    logits: Float[Tensor, "texts vocab"], sampling: Sampling, draws: Float[Tensor, " texts"]
) -> Int[Tensor, " texts"]:
    """The token that each draw points at among the likeliest tokens: those before which less than `top_p` is reached,
    in the order of their probabilities."""
    shares = (logits.float() / sampling.temperature).softmax(-1)
    count = min(FIRST, shares.shape[1])
    likeliest, tokens = shares.topk(count)
    if count < shares.shape[1] and bool((likeliest.sum(-1) < sampling.top_p).any()):
        likeliest, tokens = shares.sort(-1, descending=True)
    reached = likeliest.cumsum(-1)
    kept = likeliest.masked_fill(reached - likeliest >= sampling.top_p, 0.0).cumsum(-1)
    place = (kept <= draws[:, None] * kept[:, -1:]).sum(-1).clamp(max=likeliest.shape[1] - 1)
    return tokens.gather(1, place[:, None])[:, 0]
