"""Pre-train a bundled model on statements, so that it knows the facts and has never seen a question.

Knows tokens and one optimiser. Does not know questions, options, LoRA or the rest of the project. Costs a few minutes a
model on two cores, for ten million parameters about an hour; a seed gives the same weights on the same machine and
threads.
"""

import math
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerFast as Tokenizer

from backend.pocket.sizes import SHIPPED, SIZES, untrained
from backend.pocket.statements import documents
from backend.pocket.vocabulary import save_tokenizer

SEEDS = {"opt-pocket": 1, "llama-pocket": 2}
STEPS = {"opt-pocket": 1200, "llama-pocket": 1000}
WARMUP_STEPS = 60
WEIGHT_DECAY = 0.1
SHORT, LONG = 64, 1024
TOKENS_PER_STEP = 4096
LONG_EVERY = 16  # a step of long texts now and then, or far positions stay untrained; attention makes them slow


def build_model(name: str, tokenizer: Tokenizer, size: str = SHIPPED) -> PreTrainedModel:
    """The untrained model of this family and size."""
    marks = {
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    return untrained(name, SIZES[size], marks)


def pretrain(name: str, folder: Path, steps: int | None = None, size: str = SHIPPED) -> float:
    """Build tokenizer and model, train, save both into `folder`; returns the mean loss of the last 50 steps."""
    steps = steps or STEPS[name]
    torch.manual_seed(SEEDS[name])
    tokenizer = save_tokenizer(name, folder)
    model, peak = build_model(name, tokenizer, size).train(), SIZES[size].peak_lr
    optimizer = torch.optim.AdamW(decay_groups(model), lr=peak, betas=(0.9, 0.98))
    start, losses = time.monotonic(), []
    for step, ids in zip(range(steps), batches(tokenizer, SEEDS[name]), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = peak * rate(step, steps)
        losses.append(train_step(model, optimizer, ids))
        if step % 50 == 49:
            _report(name, step + 1, steps, sum(losses[-50:]) / 50, time.monotonic() - start)
    model.eval().save_pretrained(folder)
    return sum(losses[-50:]) / len(losses[-50:])


def train_step(model: PreTrainedModel, optimizer: torch.optim.Optimizer, ids: Int[Tensor, "batch seq"]) -> float:
    """One step on next-token loss; returns the loss."""
    loss = model(input_ids=ids, labels=ids).loss
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def rate(step: int, steps: int) -> float:
    """The share of the peak rate: a short rise, then a cosine down to a twentieth."""
    if step < WARMUP_STEPS:
        return (step + 1) / WARMUP_STEPS
    done = (step - WARMUP_STEPS) / max(1, steps - WARMUP_STEPS)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done))


def batches(
    tokenizer: Tokenizer, seed: int, texts_of: Callable[[int], list[str]] = documents, tokens: int = TOKENS_PER_STEP
) -> Iterator[Int[Tensor, "batch seq"]]:
    """Endless batches of packed texts, cut to the same number of tokens whatever their length.

    `texts_of` gives the texts of one pass by its number.
    """
    stream, number, passes = [], 0, 0
    while True:
        length = LONG if number % LONG_EVERY == LONG_EVERY - 1 else SHORT
        while len(stream) < tokens:
            stream += pack(tokenizer, seed * 1000 + passes, texts_of)
            passes += 1
        yield torch.tensor(stream[:tokens]).view(-1, length)
        del stream[:tokens]
        number += 1


def pack(tokenizer: Tokenizer, seed: int, texts_of: Callable[[int], list[str]] = documents) -> list[int]:
    """One pass over the texts as a run of ids: every text begins and ends with its mark."""
    texts = texts_of(seed)
    random.Random(f"pack {seed}").shuffle(texts)
    return [i for ids in tokenizer(texts).input_ids for i in (*ids, tokenizer.eos_token_id)]


def decay_groups(model: PreTrainedModel) -> list[dict]:
    """Matrices decay, vectors do not."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    return [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": vectors, "weight_decay": 0.0}]


def _report(name: str, step: int, steps: int, loss: float, seconds: float) -> None:
    left = seconds / step * (steps - step)
    print(f"{name}: step {step}/{steps}, loss {loss:.3f}, about {left:.0f} s left", flush=True)
