"""The upper part of a LoRA student whose adapters lie on the top layers alone: it never runs the others twice.

Trained and judged as the whole student is, to the same numbers; only its rows come from `rows`, and scoring is told of
`below`. Knows half models and rows; no questions.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from backend.core.cached.lower_layers import KEPT_BYTES, LowerLayers
from backend.core.cached.split import split
from backend.core.chunks import chunks
from backend.core.models.backbones import Backbone
from backend.core.models.lora import LoraStudent, Student
from backend.core.params import Params
from backend.core.scoring.logits import inner
from backend.core.scoring.trees import Tree
from backend.core.text.batches import IGNORED, Batch, Encoded, positions
from backend.core.text.examples import AnyBatch
from backend.errors import UserError


@dataclass(frozen=True)
class HiddenBatch(Batch):
    """`embeds` (batch, seq, hidden) are hidden states, `labels` (batch, seq) each place's next token where it is
    taught."""


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

    def answer_logits(self, params: Params, batch: AnyBatch) -> Tensor:
        raise RuntimeError("The upper part computes logits of taught places alone: ask for its loss.")

    def loss(self, params: Params, batch: HiddenBatch) -> Float[Tensor, ""]:
        """Mean cross entropy per answer token. The head is applied to taught places alone."""
        return F.cross_entropy(self._taught_logits(params, batch), batch.labels[batch.labels != IGNORED])

    def row_losses(self, params: Params, batch: HiddenBatch) -> Float[Tensor, " batch"]:
        """Each row's cross entropy, summed over its answer tokens. The head is applied to taught places alone."""
        taught = batch.labels != IGNORED
        of_label = F.cross_entropy(self._taught_logits(params, batch), batch.labels[taught], reduction="none")
        return of_label.new_zeros(len(batch.labels)).index_add(0, taught.nonzero()[:, 0], of_label)

    def _taught_logits(self, params: Params, batch: HiddenBatch) -> Float[Tensor, "taught vocab"]:
        """Logits for the taught places of all rows, in order."""
        model, body = inner(self.model), inner(self.model).base_model
        start = next(name for name, part in self.model.named_modules() if part is body) + "."
        inputs = {"inputs_embeds": batch.embeds, "attention_mask": batch.mask, "use_cache": False}
        inputs["position_ids"] = positions(batch.mask)
        own = {name.removeprefix(start): value for name, value in params.items()}
        hidden = torch.func.functional_call(body, own, kwargs=inputs).last_hidden_state
        return model.get_output_embeddings()(hidden[batch.labels != IGNORED])

    def save(self, params: Params, folder: Path) -> None:
        """Write a peft adapter folder that loads anywhere, onto the whole model."""
        self.whole.save(params, folder)

    def remove(self) -> None:
        self.whole.remove()


@dataclass(frozen=True)
class HiddenRows:
    """Rows whose batches hold the hidden states below the adapters, padded behind the answers alone: of 17 ARC-Easy
    questions a batch then reads 600 places, where prompts and answers padded apart take 930."""

    examples: list[Encoded]
    below: LowerLayers

    def __len__(self) -> int:
        return len(self.examples)

    def lengths(self) -> list[int]:
        """Tokens of each row, prompt and answer."""
        return [len(example.prompt) + len(example.answer) for example in self.examples]

    def batch(self, chosen: list[int]) -> HiddenBatch:
        """The chosen rows, in this order."""
        examples = [self.examples[i] for i in chosen]
        embeds = self.below.padded([_tree(example) for example in examples])
        mask = embeds.new_zeros(embeds.shape[:2], dtype=torch.long)
        labels = torch.full_like(mask, IGNORED)
        for row, example in enumerate(examples):
            first, end = len(example.prompt), len(example.prompt) + len(example.answer)
            mask[row, :end] = 1
            labels[row, first - 1 : end - 1] = torch.tensor(example.answer, device=labels.device)
        return HiddenBatch(embeds, mask, labels)

    def micro_batches(self, chosen: list[int], tokens: int) -> list[AnyBatch]:
        """The chosen rows in batches of similar length, each about `tokens` with its padding."""
        lengths = self.lengths()
        return [self.batch([chosen[i] for i in group]) for group in chunks([lengths[i] for i in chosen], tokens)]


def _tree(example: Encoded) -> Tree:
    """A text as a tree without branches."""
    ids = example.prompt + example.answer
    return Tree(ids, (0,) * len(ids), tuple(range(len(ids))), (), truncated=False)
