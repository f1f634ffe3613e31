"""Training rows beside what the untouched model says of them: its logits at every taught place, kept or computed anew.

Knows students, their start and rows; no loss. A student's start computes what the untouched model does, so no second
model is in memory.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.chunks import chunks
from backend.core.models.lora import Student
from backend.core.params import Params
from backend.core.text.batches import IGNORED, Batch
from backend.core.text.examples import MICRO_TOKENS, AnyBatch, Rows

KEPT_BYTES = 128 * 2**20  # 1,200 pocket questions take 35 MB, as many of SmolLM2's 49,152 tokens 700 MB
AT_ONCE = 2048  # tokens of one pass without a gradient
SMOLLM_UNITS = 30 * 576  # layers times width of the model that MICRO_TOKENS was measured with


@dataclass(frozen=True)
class AnchoredBatch(Batch):
    """A batch with the untouched model's logits (places, vocab) at its taught places, row by row; None: not kept."""

    base: Tensor | None = None


@dataclass(frozen=True)
class Anchored:
    """Rows whose batches are AnchoredBatches. `kept` holds a matrix (places, vocab) for each row, or is None."""

    rows: Rows
    kept: tuple[Tensor, ...] | None

    @classmethod
    def of(cls, student: Student, start: Params, rows: Rows, room: int = KEPT_BYTES) -> "Anchored":
        """Keep the logits where they fit in `room` bytes. Costs one pass over the rows without a gradient."""
        places = sum(len(example.answer) for example in rows.examples)
        if 4 * places * rows.table.shape[0] > room:
            return cls(rows, None)
        found: dict[int, Tensor] = {}
        for group in chunks(rows.lengths(), AT_ONCE):
            batch = rows.batch(group)
            parts = base_logits(student, start, batch).split([len(rows.examples[i].answer) for i in group])
            found |= dict(zip(group, (part.clone() for part in parts), strict=True))
        return cls(rows, tuple(found[i] for i in range(len(rows))))

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, chosen: list[int]) -> AnchoredBatch:
        """The chosen rows, in this order, as one batch."""
        plain = self.rows.batch(chosen)
        base = None if self.kept is None else torch.cat([self.kept[i] for i in chosen])
        return AnchoredBatch(plain.embeds, plain.mask, plain.labels, base)

    def micro_batches(self, chosen: list[int], tokens: int) -> list[AnyBatch]:
        """The chosen rows in batches of similar length, each about `tokens` with its padding."""
        lengths = self.rows.lengths()
        return [self.batch([chosen[i] for i in group]) for group in chunks([lengths[i] for i in chosen], tokens)]


def base_logits(student: Student, start: Params, batch: AnyBatch) -> Float[Tensor, "places vocab"]:
    """What the student said at the batch's taught places before it was trained, in float32, without a gradient."""
    with torch.no_grad():
        logits = student.answer_logits(start, batch).flatten(0, 1)
        return logits[batch.labels.to(student.device).flatten() != IGNORED].float()


def whole_batch_tokens(model: torch.nn.Module) -> int:
    """Tokens of a micro-batch that take the memory of MICRO_TOKENS in the model those were measured with.

    Terms that look at all rows together depend on how a batch is cut, so a small model should not cut it: the bundled
    ones read 17,000 tokens at once.
    """
    config = model.config
    units = config.num_hidden_layers * config.hidden_size
    return max(MICRO_TOKENS, MICRO_TOKENS * SMOLLM_UNITS // units)
