"""A LoRA student whose adapters lie on the top layers alone, and which so never runs the others twice.

Trained and judged as any other, to the same numbers; only its rows come from `rows`, and scoring is told of `below`.
Knows half models and rows; no questions.
"""

from dataclasses import dataclass
from pathlib import Path

import torch

from backend.core.cached.lower_layers import KEPT_BYTES, LowerLayers
from backend.core.cached.split import split
from backend.core.chunks import chunks
from backend.core.models.adapted import Adapted
from backend.core.models.backbones import Backbone
from backend.core.models.lora import LoraStudent
from backend.core.params import Params
from backend.core.scoring.trees import Tree
from backend.core.text.batches import Batch, Encoded, padded
from backend.core.text.examples import AnyBatch
from backend.errors import UserError


class TopStudent(LoraStudent):
    """A LoRA student that is the upper part of its backbone; `below` is the lower one, read once a text.

    Its batches hold hidden states where others hold embeddings. `below` goes on with what a student before it kept, of
    the same backbone and as many lower layers. UserError where adapters lie on the lowest layer, so
    that nothing is below them, or where the family cannot be parted.
    """

    def __init__(
        self,
        backbone: Backbone,
        rank: int,
        alpha: int,
        adapted: Adapted,
        kept_bytes: int = KEPT_BYTES,
        below: LowerLayers | None = None,
    ):
        self._first = adapted.first(backbone)
        if not self._first:
            found = "Adapters on every layer leave no lower layers to keep."
            raise UserError(found, "adapters on fewer layers", "Lower the number of layers, or keep nothing.")
        super().__init__(backbone, rank, alpha, adapted)
        self.below = below or LowerLayers(self._lower, kept_bytes)

    def _make(self, backbone: Backbone) -> torch.nn.Module:
        self._whole = super()._make(backbone)
        self._lower, upper = split(self._whole, self._first)
        return upper

    def rows(self, examples: list[Encoded]) -> "HiddenRows":
        """Training rows as this student reads them."""
        return HiddenRows(examples, self.below)

    def save(self, params: Params, folder: Path) -> None:
        """Write a peft adapter folder that loads anywhere, onto the whole model."""
        self.put(params)
        self._whole.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)

    def remove(self) -> None:
        self._whole.unload()


@dataclass(frozen=True)
class HiddenRows:
    """Rows whose batches hold the hidden states below the adapters."""

    examples: list[Encoded]
    below: LowerLayers

    def __len__(self) -> int:
        return len(self.examples)

    def batch(self, chosen: list[int]) -> Batch:
        """The chosen rows, in this order, padded as embeddings are."""
        examples = [self.examples[i] for i in chosen]
        _, mask, labels = padded(examples)
        states = torch.cat(self.below.hidden([_tree(example) for example in examples]))
        embeds = states.new_zeros(*mask.shape, states.shape[1])
        embeds[mask.bool()] = states
        return Batch(embeds, mask.to(states.device), labels.to(states.device))

    def micro_batches(self, chosen: list[int], tokens: int) -> list[AnyBatch]:
        """The chosen rows in batches of similar length, each about `tokens` with its padding."""
        lengths = [len(self.examples[i].prompt) + len(self.examples[i].answer) for i in chosen]
        return [self.batch([chosen[i] for i in group]) for group in chunks(lengths, tokens)]


def _tree(example: Encoded) -> Tree:
    """A text as a tree without branches."""
    ids = example.prompt + example.answer
    return Tree(ids, (0,) * len(ids), tuple(range(len(ids))), (), truncated=False)
