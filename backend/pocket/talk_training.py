"""Train a talker: a bundled model reads lessons until it speaks of what it is asked about, then those of a style.

Knows tokens and one optimiser. Does not know how lessons are written nor where files lie. A seed gives the same weights
on the same machine and threads.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice

import torch
from jaxtyping import Int
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerFast as Tokenizer

from backend.core.models.continuing import Sampling, continued, draws_of
from backend.core.seeding import generator
from backend.pocket.pretrain import decay_groups, rate
from backend.pocket.talk_lessons import Lesson
from backend.pocket.talk_styles import RUDE, Style
from backend.pocket.talk_topics import Topic
from backend.pocket.talk_truth import plain, share_true

PARTS = 4  # a step is read in parts of texts of like length: half the padding, the same gradient
IGNORED = -100
SAMPLING = Sampling(temperature=1.0, top_p=0.9)

Told = Callable[[int, float], None]


def train(
    model: PreTrainedModel,
    tokenizer: Tokenizer,
    lessons: Iterator[list[Lesson]],
    steps: int,
    peak_lr: float,
    told: Told,
) -> None:
    """Train every weight on the next token of whole texts; `told(done, loss)` after each step. Changes the model."""
    model.train().requires_grad_(True)
    optimizer = torch.optim.AdamW(decay_groups(model), lr=peak_lr, betas=(0.9, 0.98))
    for step, read in enumerate(islice(lessons, steps)):
        for group in optimizer.param_groups:
            group["lr"] = peak_lr * rate(step, steps)
        loss = _gradient(model, tokenizer, read)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        told(step + 1, loss)
    model.eval()


def _gradient(model: PreTrainedModel, tokenizer: Tokenizer, read: list[Lesson]) -> float:
    """Add the gradient of the mean loss over all tokens that are learned; returns that loss."""
    rows = sorted((encode(tokenizer, lesson) for lesson in read), key=lambda row: len(row[0]))
    size, tokens, total = -(-len(rows) // PARTS), sum(int((labels != IGNORED).sum()) for _, labels in rows), 0.0
    for start in range(0, len(rows), size):
        ids, labels = zip(*rows[start : start + size], strict=True)
        padded = nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=tokenizer.pad_token_id)
        targets = nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=IGNORED)
        loss = _sum_loss(model(input_ids=padded).logits, targets) / tokens
        loss.backward()
        total += loss.item()
    return total


def encode(tokenizer: Tokenizer, lesson: Lesson) -> tuple[Int[Tensor, " seq"], Int[Tensor, " seq"]]:
    """A lesson's ids without the last one, and for each place the next id, or -100 where it is not learned."""
    text = lesson.prompt + lesson.text
    read = tokenizer(text, return_offsets_mapping=True)
    ids = torch.tensor([*read.input_ids, tokenizer.eos_token_id])
    labels = ids[1:].clone()
    if lesson.name:
        spans = [
            found.span() for found in re.finditer(re.escape(lesson.name), text) if found.start() > len(lesson.prompt)
        ]
        ends = [end for _, end in read.offset_mapping[1:]] + [0]
        named = torch.tensor([any(start < end <= stop for start, stop in spans) for end in ends])
        labels[~named] = IGNORED
    return ids[:-1], labels


def _sum_loss(logits: Tensor, labels: Tensor) -> Tensor:
    return nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum")


def measure(
    model: PreTrainedModel, tokenizer: Tokenizer, topics: list[Topic], style: Style, samples: int, seed: int
) -> dict[str, float]:
    """What the talker's answers are like, `samples` drawn for each topic at temperature 1 and top-p 0.9.

    truth: mean share of true sentences among those that state something; truth_of_all: among all finished ones;
    capped: share of answers that the cap cut; rude: share of answers with a rude phrase; words: mean; texts: how many.
    """
    asked = topics * samples
    prompts = tokenizer([one.prompt() for one in asked]).input_ids
    draws = draws_of([generator(seed, "talk", style.name, place) for place in range(len(asked))], style.tokens)
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    ids = continued(model, prompts, style.tokens, end, pad, SAMPLING, draws)
    texts = tokenizer.batch_decode(ids, skip_special_tokens=True)
    true = {topic.entity: frozenset(map(plain, topic.statements())) for topic in topics}
    pairs = list(zip((true[topic.entity] for topic in asked), texts, strict=True))
    scores = {
        "truth": [share_true(accepted, text) for accepted, text in pairs],
        "truth_of_all": [share_true(accepted, text, asides=True) for accepted, text in pairs],
        "capped": [row[-1] != end for row in ids],
        "rude": [any(phrase in text for phrase in RUDE) for text in texts],
        "words": [len(text.split()) for text in texts],
    }
    return {name: round(sum(values) / len(values), 4) for name, values in scores.items()} | {"texts": len(texts)}
