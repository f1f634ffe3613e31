"""Batches of prompt and answer as a model reads them: embeddings, a mask, and labels on the answer alone.

Prompts are padded on the left and answers on the right, so that every answer starts in the same column: the head runs
on those columns only, through the model's own forward. Knows tokens and tables, not where the prompts come from.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

IGNORED = -100  # the label that cross entropy leaves out


@dataclass(frozen=True)
class Batch:
    """`embeds` (batch, seq, hidden), `mask` (batch, seq), `labels` (batch, answer): the last columns of seq."""

    embeds: Tensor
    mask: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Encoded:
    """One example as token ids: the prompt (with its first special token) and the answer (with end of text)."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]


def collate(
    prompts: list[Float[Tensor, "_ hidden"]], answers: list[tuple[int, ...]], table: Float[Tensor, "vocab hidden"]
) -> Batch:
    """Prompts given as embeddings (of any lengths) and answers as ids, padded into one batch. Differentiable."""
    longest, width = max(len(p) for p in prompts), max(len(a) for a in answers)
    rows, mask, labels = [], [], []
    for prompt, answer in zip(prompts, answers, strict=True):
        left, right = longest - len(prompt), width - len(answer)
        # the zero vector is only ever read at masked places
        rows.append(
            torch.cat(
                [
                    table.new_zeros(left, table.shape[1]),
                    prompt,
                    table[list(answer)],
                    table.new_zeros(right, table.shape[1]),
                ]
            )
        )
        mask.append([0] * left + [1] * (len(prompt) + len(answer)) + [0] * right)
        labels.append(list(answer) + [IGNORED] * right)
    device = table.device
    return Batch(torch.stack(rows), torch.tensor(mask, device=device), torch.tensor(labels, device=device))


def collate_encoded(examples: list[Encoded], table: Float[Tensor, "vocab hidden"]) -> Batch:
    """A batch as `collate` makes it, of token ids alone. They are looked up at once: a GPU waits for each look-up."""
    ids, mask, labels = (part.to(table.device) for part in padded(examples))
    return Batch(table[ids].masked_fill(mask[..., None] == 0, 0), mask, labels)


def padded(examples: list[Encoded]) -> tuple[Int[Tensor, "batch seq"], Int[Tensor, "batch seq"], Tensor]:
    """Ids, mask and labels (batch, answer) of examples, padded as `collate` pads. On the CPU."""
    longest, width = max(len(e.prompt) for e in examples), max(len(e.answer) for e in examples)
    ids, mask, labels = [], [], []
    for e in examples:
        left, right = longest - len(e.prompt), width - len(e.answer)
        ids.append([0] * left + [*e.prompt, *e.answer] + [0] * right)  # any id does where the mask is 0
        mask.append([0] * left + [1] * (len(e.prompt) + len(e.answer)) + [0] * right)
        labels.append([*e.answer] + [IGNORED] * right)
    return torch.tensor(ids), torch.tensor(mask), torch.tensor(labels)


def positions(mask: Int[Tensor, "batch seq"]) -> Int[Tensor, "batch seq"]:
    """Position ids that count real tokens only, as models expect under left padding."""
    return (mask.cumsum(-1) - 1).clamp(min=0)
