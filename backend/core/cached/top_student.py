"""The upper part of a LoRA student whose adapters lie on the top layers alone: it never runs the others twice.

Trained and judged as the whole student is, to the same numbers; only its rows come from `rows`, and scoring is told of
`below`. Knows half models and rows; no questions.
"""

from dataclasses import dataclass
from pathlib import Path

import torch

from backend.core.cached.lower_layers import KEPT_BYTES, LowerLayers
from backend.core.cached.split import FAMILIES, split
from backend.core.chunks import chunks
from backend.core.models.backbones import Backbone
from backend.core.models.lora import LoraStudent, Student
from backend.core.params import Params
from backend.core.scoring.trees import Tree
from backend.core.text.batches import Batch, Encoded, padded
from backend.core.text.examples import AnyBatch
from backend.errors import UserError


class TopStudent(Student):
    """The part of `whole` from its lowest adapter on; `below` is the part under it, read once a text.

    It shares everything with the whole student, its parameters too, so that either may be trained and the other scored.
    Its batches hold hidden states where others hold embeddings. `below` goes on with what another student kept, of the
    same backbone and as many lower layers. UserError where adapters lie on the lowest layer, so that nothing is below
    them, or where the family cannot be parted.
    """

    def __init__(self, whole: LoraStudent, kept_bytes: int = KEPT_BYTES, below: LowerLayers | None = None):
        first = whole.adapted.first(whole.backbone)
        if not first:
            found = "Adapters on every layer leave no lower layers to keep."
            raise UserError(found, "adapters on fewer layers", "Lower the number of layers, or keep nothing.")
        self.whole, self.backbone, self._accepts = whole, whole.backbone, whole._accepts
        lower, self.model = split(whole.model, first)
        self.shapes, self.device = whole.shapes, whole.device
        self.below = below or LowerLayers(lower, kept_bytes)

    def _make(self, backbone: Backbone) -> torch.nn.Module:
        raise RuntimeError("The whole student makes the model.")

    def initial(self, seed: object) -> Params:
        """Where training starts: as the whole student does."""
        return self.whole.initial(seed)

    def rows(self, examples: list[Encoded]) -> "HiddenRows":
        """Training rows as this student reads them."""
        return HiddenRows(examples, self.below)

    def save(self, params: Params, folder: Path) -> None:
        """Write a peft adapter folder that loads anywhere, onto the whole model."""
        self.whole.save(params, folder)

    def remove(self) -> None:
        self.whole.remove()


def top_of(student: LoraStudent) -> TopStudent | None:
    """The student without its lower layers, where there are any and the family can be parted."""
    if student.backbone.family not in FAMILIES or not student.adapted.first(student.backbone):
        return None
    return TopStudent(student)


@dataclass(frozen=True)
class HiddenRows:
    """Rows whose batches hold the hidden states below the adapters."""

    examples: list[Encoded]
    below: LowerLayers

    def __len__(self) -> int:
        return len(self.examples)

    def lengths(self) -> list[int]:
        """Tokens of each row, prompt and answer."""
        return [len(example.prompt) + len(example.answer) for example in self.examples]

    def batch(self, chosen: list[int]) -> Batch:
        """The chosen rows, in this order, padded as embeddings are."""
        return self.collate([self.examples[i] for i in chosen])

    def collate(self, examples: list[Encoded]) -> Batch:
        """Any examples as a batch of these rows."""
        _, mask, labels = padded(examples)
        states = torch.cat(self.below.hidden([_tree(example) for example in examples]))
        embeds = states.new_zeros(*mask.shape, states.shape[1])
        embeds[mask.bool()] = states
        return Batch(embeds, mask.to(states.device), labels.to(states.device))

    def micro_batches(self, chosen: list[int], tokens: int) -> list[AnyBatch]:
        """The chosen rows in batches of similar length, each about `tokens` with its padding."""
        lengths = self.lengths()
        return [self.batch([chosen[i] for i in group]) for group in chunks([lengths[i] for i in chosen], tokens)]


def _tree(example: Encoded) -> Tree:
    """A text as a tree without branches."""
    ids = example.prompt + example.answer
    return Tree(ids, (0,) * len(ids), tuple(range(len(ids))), (), truncated=False)
