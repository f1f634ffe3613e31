"""Examples as a student reads them: text to token ids, and lists of ids to batches on demand.

Knows a tokenizer and a table. The answer ends with the end-of-text token, so that a student also learns to stop.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core import devices
from backend.core.chunks import chunks
from backend.core.text.batches import IGNORED, Batch, Encoded, collate_encoded, padded
from backend.core.text.chat import reading
from backend.core.text.prompts import Example
from backend.core.text.token_ids import taught_ids
from backend.errors import UserError

MICRO_TOKENS = 512  # a training step on SmolLM2 took 4.6 GB with 2048 at a time, 2.2 GB with 512, and no longer
GPU_SHARE = 1 / 4  # of a GPU's memory for one micro-batch: a larger one finishes hardly sooner
FLOATS_PER_UNIT = 34  # that a layer keeps of a token for the backward pass, for each of its hidden units


def tokens_at_once(model: torch.nn.Module) -> int:
    """Tokens of a micro-batch, with its padding. A GPU is done with a small batch before the next one is ordered."""
    device = devices.of(model)
    if device.type == "cpu":
        return MICRO_TOKENS
    bytes_per_token = 4 * FLOATS_PER_UNIT * model.config.num_hidden_layers * model.config.hidden_size
    return max(MICRO_TOKENS, int(GPU_SHARE * devices.memory(device) / bytes_per_token))


@dataclass(frozen=True)
class TokenBatch:
    """A batch as ids, for a student that trains its token table: `ids`, `mask` (batch, seq), `labels` as in Batch."""

    ids: Tensor
    mask: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


AnyBatch = Batch | TokenBatch


def answer_tokens(batch: AnyBatch) -> int:
    """How many tokens the batch teaches."""
    return int((batch.labels != IGNORED).sum())


def encode(tokenizer, example: Example) -> Encoded:
    """Token ids of one example: together those of its text as the model reads it, with one end of text."""
    read = reading(tokenizer, example)
    before, taught = taught_ids(tokenizer, read.prompt, read.text)
    return Encoded(tuple(before), tuple(taught))


def check_lengths(examples: list[Encoded], context: int) -> None:
    """Raise UserError where an example is longer than the model can read."""
    longest = max(len(e.prompt) + len(e.answer) for e in examples)
    if longest > context:
        raise UserError(
            f"An example is {longest} tokens long.",
            f"at most {context}, the model's context",
            "Leave long questions out, or choose a model with a longer context.",
        )


@runtime_checkable  # the tests check types as they run
class Data(Protocol):
    """What a student can be trained on: rows that are asked for by number. Rows, or a study's own."""

    def __len__(self) -> int: ...

    def batch(self, chosen: list[int]) -> AnyBatch: ...

    def micro_batches(self, chosen: list[int], tokens: int) -> list[AnyBatch]: ...


@dataclass(frozen=True)
class Rows:
    """Encoded examples and the table they are read with: a data set that can be indexed into batches.

    `table` is the student's: its frozen token table, or None where it trains the table and so reads ids.
    """

    examples: list[Encoded]
    table: Float[Tensor, "vocab hidden"] | None

    def __len__(self) -> int:
        return len(self.examples)

    def lengths(self) -> list[int]:
        """Tokens of each row, prompt and answer."""
        return [len(example.prompt) + len(example.answer) for example in self.examples]

    def batch(self, chosen: list[int]) -> AnyBatch:
        return self._collate([self.examples[i] for i in chosen])

    def micro_batches(self, chosen: list[int], tokens: int = 2048) -> list[AnyBatch]:
        """The chosen rows in batches of similar length, each about `tokens` with its padding, which costs as much."""
        examples = [self.examples[i] for i in chosen]
        lengths = [len(e.prompt) + len(e.answer) for e in examples]
        return [self._collate([examples[i] for i in group]) for group in chunks(lengths, tokens)]

    def _collate(self, examples: list[Encoded]) -> AnyBatch:
        return collate_ids(examples) if self.table is None else collate_encoded(examples, self.table)


def collate_ids(examples: list[Encoded]) -> TokenBatch:
    """A batch of token ids. On the CPU."""
    return TokenBatch(*padded(examples))
