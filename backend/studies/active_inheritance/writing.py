"""Writing: the texts of one model to many prompts, each sampled from numbers of its own.

Knows a model, its tokenizer and prompts; not what the texts are for, and measures nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerBase

from backend.core.models.backbones import Backbone, context_length, load_backbone
from backend.core.models.continuing import Sampling, continued, draws_of, pad_id
from backend.core.seeding import generator
from backend.core.text.chat import reading
from backend.core.text.shown import decoded
from backend.core.text.token_ids import asked_ids
from backend.errors import UserError
from backend.studies.active_inheritance.config import ActiveConfig
from backend.studies.active_inheritance.prompts import Prompt

AT_ONCE = 96  # texts of a batch: the step of a bundled model then costs more than what surrounds it
WIDEST = 600  # of a model: a wider one is slower by the token, so a smaller batch loses nothing and is sooner saved
FEW = 24


@dataclass(frozen=True)
class Said:
    """What was written: the text, its tokens with the end, and whether the model ended it itself."""

    text: str
    tokens: int
    ended: bool


class Writer:
    """A model that writes. `model` may be exchanged for an adapted one of the same tokenizer."""

    def __init__(self, backbone: Backbone, config: ActiveConfig):
        self.model: torch.nn.Module = backbone.model
        self.tokenizer: PreTrainedTokenizerBase = backbone.tokenizer
        self._config = config
        self._sampling = Sampling(config.temperature, config.top_p)
        self._room = context_length(backbone) - config.tokens
        width = getattr(backbone.model.config, "hidden_size", 0)
        self._at_once = FEW if width >= WIDEST // 2 and backbone.model.device.type == "cpu" else AT_ONCE

    @classmethod
    def load(cls, spec: str, config: ActiveConfig) -> "Writer":
        """The model called `spec`. Raises UserError where it cannot be loaded or its context is too short."""
        return cls(load_backbone(spec), config)

    def write(self, prompts: Sequence[Prompt], count: int, use: str) -> Iterator[tuple[Prompt, list[Said]]]:
        """`count` texts of every prompt, in their order. `use` names what they are for, and so chooses their numbers.

        The prompts of a batch are always the same ones: where a batch has to be written again, it is the same to the
        digit.
        """
        for batch in batches(prompts, count, self._at_once):
            said = iter(self._said(batch, count, use))
            for prompt in batch:
                yield prompt, [next(said) for _ in range(count)]

    def batches(self, prompts: Sequence[Prompt], count: int) -> list[list[Prompt]]:
        """The prompts that are written to together."""
        return batches(prompts, count, self._at_once)

    def _said(self, prompts: Sequence[Prompt], count: int, use: str) -> list[Said]:
        ids, reads, sources = [], [], []
        for prompt in prompts:
            read = reading(self.tokenizer, prompt.taught(""))
            asked = asked_ids(self.tokenizer, read.prompt, read.between)
            self._check(asked)
            ids += [asked] * count
            reads += [read] * count
            sources += [generator(self._config.seed, use, prompt.text, number) for number in range(count)]
        end, most = self.tokenizer.eos_token_id, self._config.tokens
        drawn = draws_of(sources, most)
        rows = continued(self.model, ids, most, end, pad_id(self.tokenizer), self._sampling, drawn)
        return [self._one(row, read, end) for row, read in zip(rows, reads, strict=True)]

    def _one(self, row: list[int], read, end: int | None) -> Said:
        text = decoded(self.tokenizer, row, skip_special_tokens=True)
        ended = row[-1:] == [end] or bool(read.ending.strip() and read.ending.strip() in text)
        return Said(read.said(text), len(row), ended)

    def _check(self, asked: Sequence[int]) -> None:
        if len(asked) > self._room:
            found = f"A prompt has {len(asked)} tokens and leaves no room for a text of {self._config.tokens}."
            step = "Lower tokens, or shorten the prompts."
            raise UserError(found, "prompt and text within the model's context", step, about="tokens")


def batches(prompts: Sequence[Prompt], count: int, at_once: int) -> list[list[Prompt]]:
    """The prompts in their order, in groups of at most `at_once` texts, at least a prompt each."""
    size = max(1, at_once // count)
    return [list(prompts[i : i + size]) for i in range(0, len(prompts), size)]
