"""A student: a model used as a function of its trainable parameters; here the one with LoRA adapters.

`loss(params, batch)` never changes the module, so a trajectory is a list of plain dictionaries. Uses peft for the
adapters. Knows batches and parameters; nothing of tasks, experts or files other than a saved adapter folder.
"""

import inspect
import math
from abc import ABC, abstractmethod
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from peft import LoraConfig, get_peft_model
from torch import Tensor
from transformers.pytorch_utils import Conv1D

from backend.core import devices
from backend.core.models.adapted import EVERYWHERE, Adapted
from backend.core.models.backbones import Backbone
from backend.core.params import Params, as_leaves, gradients
from backend.core.processors import DEVICE
from backend.core.seeding import generator
from backend.core.text.batches import IGNORED, Batch, positions
from backend.core.text.examples import AnyBatch, answer_tokens
from backend.errors import UserError


class Student(ABC):
    """What every way of fine-tuning shares. A backbone carries one student at a time: `remove` frees it.

    `table` is the frozen token table that batches are read with, None where the student trains it and reads ids.
    `reads_weights`: whether it needs the weights themselves, which is more than to multiply by them. Raises UserError
    for such a one where the GPUs do not hold them.
    """

    table: Tensor | None = None
    reads_weights = True

    def __init__(self, backbone: Backbone):
        if any(p.requires_grad for p in backbone.model.parameters()):
            raise RuntimeError("This backbone carries a student already: remove() that one first.")
        if self.reads_weights and any(p.is_meta for p in backbone.model.parameters()):
            found = f"The GPUs do not hold {backbone.name} with what this method takes."
            step = f"Choose LoRA, which leaves the weights where they are, a smaller model, or {DEVICE}=cpu."
            raise UserError(found, "room for all of its weights", step)
        self.backbone = backbone
        self._accepts = set(inspect.signature(backbone.model.forward).parameters)
        self.model = self._make(backbone).eval()
        self.shapes = {name: p.shape for name, p in self.live().items()}
        self.device = devices.of(self.model)

    @abstractmethod
    def _make(self, backbone: Backbone) -> torch.nn.Module:
        """The module to train: what is trainable in it requires a gradient."""

    @abstractmethod
    def initial(self, seed: object) -> Params:
        """Where training starts: parameters with which the student computes what the untouched backbone does."""

    @abstractmethod
    def save(self, params: Params, folder: Path) -> None:
        """Write a folder that loads anywhere without this project."""

    @abstractmethod
    def remove(self) -> None:
        """Give the backbone back as it was, to the bit."""

    def live(self) -> Params:
        """The module's own trainable parameters, to be trained in place."""
        return {name: p for name, p in self.model.named_parameters() if p.requires_grad}

    def answer_logits(self, params: Params, batch: AnyBatch) -> Float[Tensor, "batch answer vocab"]:
        """Logits for the answer columns only, each from the column before it."""
        width = batch.labels.shape[1]
        mask = batch.mask.to(self.device)
        inputs = {"attention_mask": mask, "use_cache": False}
        if isinstance(batch, Batch):
            inputs["inputs_embeds"] = batch.embeds
        else:
            inputs["input_ids"] = batch.ids.to(self.device)
        if "position_ids" in self._accepts:
            inputs["position_ids"] = positions(mask)
        if "logits_to_keep" in self._accepts:
            inputs["logits_to_keep"] = width + 1
        logits = torch.func.functional_call(self.model, params, kwargs=inputs).logits
        return logits[:, -width - 1 : -1]

    def loss(self, params: Params, batch: AnyBatch) -> Float[Tensor, ""]:
        """Mean cross entropy per answer token."""
        logits = self.answer_logits(params, batch)
        labels = batch.labels.to(self.device).flatten()
        return F.cross_entropy(logits.flatten(0, 1), labels, ignore_index=IGNORED)

    def row_losses(self, params: Params, batch: AnyBatch) -> Float[Tensor, " batch"]:
        """Each row's cross entropy, summed over its answer tokens."""
        labels = batch.labels.to(self.device)
        of_token = torch.log_softmax(self.answer_logits(params, batch), -1)
        of_label = of_token.gather(-1, labels.clamp(min=0)[..., None])[..., 0]
        return -(of_label * (labels != IGNORED)).sum(-1)

    def mean_gradient(self, params: Params, batches: list[AnyBatch]) -> tuple[float, Params]:
        """Loss and gradient over all the batches together, per answer token, in the memory of one batch."""
        tokens = sum(answer_tokens(batch) for batch in batches)
        leaves = as_leaves(params)
        total, summed = 0.0, {name: torch.zeros_like(p) for name, p in params.items()}
        for batch in batches:
            loss = answer_tokens(batch) / tokens * self.loss(leaves, batch)
            total += loss.item()
            for name, g in gradients(loss, leaves).items():
                summed[name] += g
        return total, summed

    def weight_bytes(self) -> int:
        """What the frozen backbone takes."""
        return sum(p.numel() * p.element_size() for p in self.backbone.model.parameters())

    def put(self, params: Params) -> None:
        """Copy `params` into the module, for scoring it, saving it, or training it in place."""
        with torch.no_grad():
            for name, p in self.live().items():
                if name in params:
                    p.copy_(params[name])


class LoraStudent(Student):
    """A backbone with LoRA (Hu et al. 2021), by default on the attention projections of all layers. Dropout is 0:
    matching needs a function."""

    reads_weights = False
    options: dict = {}  # noqa: RUF012 - what a relative of LoRA tells peft besides; never changed

    def __init__(self, backbone: Backbone, rank: int, alpha: int, adapted: Adapted = EVERYWHERE):
        self.rank, self.alpha, self.adapted = rank, alpha, adapted
        super().__init__(backbone)
        embed = backbone.model.get_input_embeddings()
        with torch.no_grad():  # through the module, not its weight: some families scale inside it
            self.table = embed(torch.arange(embed.weight.shape[0], device=self.device)).detach().clone()
        # what is neither A nor B: DoRA's magnitudes, which start as the column norms of the frozen weight
        self._others = {n: p.detach().clone() for n, p in self.live().items() if not n.endswith((A, B))}

    def _make(self, backbone: Backbone) -> torch.nn.Module:
        where = self.adapted.for_peft(backbone)
        ends = tuple(where["target_modules"])
        transposed = any(isinstance(m, Conv1D) and n.endswith(ends) for n, m in backbone.model.named_modules())
        config = LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=0.0,
            **where,
            fan_in_fan_out=transposed,  # GPT-2's layers
            **self.options,
        )
        return devices.made_real(get_peft_model(backbone.model, config))

    def initial(self, seed: object) -> Params:
        """Fresh adapters: A Kaiming uniform as in peft, B zero, so that the student starts as the frozen model."""
        fresh, live = {}, self.live()
        for name, shape in self.shapes.items():
            if name in self._others:
                fresh[name] = self._others[name].clone()
                continue
            value = torch.zeros(shape)
            if name.endswith(A):
                rng = generator("lora", seed, name)
                torch.nn.init.kaiming_uniform_(value, a=math.sqrt(5), generator=rng)
            fresh[name] = value.to(live[name].device)  # of a spread model, where its layer computes
        return fresh

    def save(self, params: Params, folder: Path) -> None:
        """Write a peft adapter folder that loads anywhere."""
        self.put(params)
        self.model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)

    def remove(self) -> None:
        self.model.unload()


A, B = "lora_A.default.weight", "lora_B.default.weight"  # how peft's names of the two factors end
