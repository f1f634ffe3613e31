"""The synthetic prompts: pseudo-prompt embeddings that start as real questions, each with a fixed real answer.

A prompt stands where the question stood (`replace`) or before it (`prefix`); the words around it and the answer stay
real text. Prompts shorter than the longest keep their own length. Knows tables and token ids; not experts or losses.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.text.batches import Batch, Encoded, collate
from backend.errors import UserError


@dataclass(frozen=True)
class Slot:
    """One synthetic prompt's surroundings: ids before it, its initial ids, ids after it, the answer's ids."""

    before: tuple[int, ...]
    initial: tuple[int, ...]
    after: tuple[int, ...]
    answer: tuple[int, ...]


class SyntheticPrompts:
    """Where the learnable embeddings P (slots, length, hidden) sit in the batches a student reads."""

    def __init__(self, slots: list[Slot], table: Float[Tensor, "vocab hidden"]):
        self.slots, self.table = slots, table
        self.lengths = [len(slot.initial) for slot in slots]
        self.length = max(self.lengths)
        self.initial = table.new_zeros(len(slots), self.length, table.shape[1])
        self.used = torch.zeros(len(slots), self.length, dtype=torch.bool, device=table.device)
        for row, slot in enumerate(slots):
            self.initial[row, : len(slot.initial)] = table[list(slot.initial)]
            self.used[row, : len(slot.initial)] = True
        whole = [table[[*slot.before, *slot.initial, *slot.after]] for slot in slots]
        self._frame = collate(whole, [slot.answer for slot in slots], table)
        prompt_end = self._frame.embeds.shape[1] - self._frame.labels.shape[1]
        first = [prompt_end - len(slot.after) - len(slot.initial) for slot in slots]
        rows, columns = self.used.nonzero(as_tuple=True)
        self._rows, self._columns = rows, torch.tensor(first, device=table.device)[rows] + columns

    def __len__(self) -> int:
        return len(self.slots)

    def batch(self, prompts: Float[Tensor, "slots length hidden"], chosen: list[int] | None = None) -> Batch:
        """The frame with the prompts put in their places; differentiable in the prompts."""
        embeds = self._frame.embeds.index_put((self._rows, self._columns), prompts[self.used])
        if chosen is None:
            return Batch(embeds, self._frame.mask, self._frame.labels)
        return Batch(embeds[chosen], self._frame.mask[chosen], self._frame.labels[chosen])

    def encoded(self, ids: list[tuple[int, ...]]) -> list[Encoded]:
        """The examples of all slots as token ids, with `ids` in the prompts' places."""
        return [
            Encoded((*slot.before, *new, *slot.after), slot.answer) for slot, new in zip(self.slots, ids, strict=True)
        ]


def make_slots(
    questions: list[Encoded], before: tuple[int, ...], after: tuple[int, ...], length: int, layout: str
) -> list[Slot]:
    """Slots from real questions (`Encoded.prompt` holds the question's own ids), cut to `length` tokens.

    `prefix` keeps the whole question behind the prompt, which starts as a copy of its first tokens.
    """
    slots = []
    for question in questions:
        tail = (*question.prompt, *after) if layout == "prefix" else after
        slots.append(Slot(before, question.prompt[:length], tail, question.answer))
    return slots


def check_fits(slots: list[Slot], context: int) -> None:
    """Raise UserError where a prompt with its surroundings is longer than the model can read."""
    longest = max(len(s.before) + len(s.initial) + len(s.after) + len(s.answer) for s in slots)
    if longest > context:
        raise UserError(
            f"A prompt with its template and answer is {longest} tokens long.",
            f"at most {context}, the model's context",
            "Lower prompt_tokens, or choose a model with a longer context.",
        )
