"""Examples as a student reads them: text to token ids, and lists of ids to batches on demand.

Knows a tokenizer and a table. The answer ends with the end-of-text token, so that a student also learns to stop.
"""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from backend.core.backbones import answer_ids, prompt_ids
from backend.core.batches import Batch, Encoded, collate_encoded
from backend.core.errors import UserError
from backend.core.prompts import Example


def encode(tokenizer, example: Example) -> Encoded:
    """Token ids of one example."""
    ending = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    return Encoded(tuple(prompt_ids(tokenizer, example.prompt)), tuple(answer_ids(tokenizer, example.answer) + ending))


def check_lengths(examples: list[Encoded], context: int) -> None:
    """Raise UserError where an example is longer than the model can read."""
    longest = max(len(e.prompt) + len(e.answer) for e in examples)
    if longest > context:
        raise UserError(
            f"An example is {longest} tokens long.",
            f"at most {context}, the model's context",
            "Leave long questions out, or choose a model with a longer context.",
        )


@dataclass(frozen=True)
class Rows:
    """Encoded examples and the table they are read with: a data set that can be indexed into batches."""

    examples: list[Encoded]
    table: Float[Tensor, "vocab hidden"]

    def __len__(self) -> int:
        return len(self.examples)

    def batch(self, chosen: list[int]) -> Batch:
        return collate_encoded([self.examples[i] for i in chosen], self.table)

    def micro_batches(self, chosen: list[int], tokens: int = 2048) -> list[Batch]:
        """The same rows as batches of similar length, each at most `tokens` padded: padding costs as much as text."""
        by_length = sorted((self.examples[i] for i in chosen), key=lambda e: len(e.prompt) + len(e.answer))
        groups: list[list[Encoded]] = [[]]
        for example in by_length:  # ascending, so the newcomer is the longest of its group
            if groups[-1] and (len(groups[-1]) + 1) * (len(example.prompt) + len(example.answer)) > tokens:
                groups.append([])
            groups[-1].append(example)
        return [collate_encoded(group, self.table) for group in groups]
