"""A frozen model with LoRA adapters, used as a function of its trainable parameters.

`loss(params, batch)` never changes the module, so a trajectory is a list of plain dictionaries. Uses peft for the
adapters. Knows batches and parameters; nothing of tasks, experts or files other than a saved adapter folder.
"""

import inspect
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from peft import LoraConfig, get_peft_model
from torch import Tensor
from transformers.pytorch_utils import Conv1D

from backend.core.backbones import Backbone, lora_targets
from backend.core.batches import IGNORED, Batch, positions
from backend.core.params import Params, as_leaves, gradients
from backend.core.seeding import generator


class LoraStudent:
    """A backbone with LoRA on its attention projections (Hu et al. 2021). Dropout is 0: matching needs a function."""

    def __init__(self, backbone: Backbone, rank: int, alpha: int):
        self.backbone, self.rank, self.alpha = backbone, rank, alpha
        targets = lora_targets(backbone)
        transposed = any(
            isinstance(m, Conv1D) and n.endswith(tuple(targets)) for n, m in backbone.model.named_modules()
        )
        config = LoraConfig(
            r=rank,
            lora_alpha=alpha,
            lora_dropout=0.0,
            target_modules=targets,
            fan_in_fan_out=transposed,  # GPT-2's layers
        )
        self.model = get_peft_model(backbone.model, config)
        self.shapes = {name: p.shape for name, p in self.model.named_parameters() if p.requires_grad}
        self.device = next(self.model.parameters()).device
        embed = backbone.model.get_input_embeddings()
        with torch.no_grad():  # through the module, not its weight: some families scale inside it
            self.table = embed(torch.arange(embed.weight.shape[0], device=self.device)).detach().clone()
        self._accepts = set(inspect.signature(backbone.model.forward).parameters)

    def initial(self, seed: object) -> Params:
        """Fresh adapters: A Kaiming uniform as in peft, B zero, so that the student starts as the frozen model."""
        fresh = {}
        for name, shape in self.shapes.items():
            value = torch.zeros(shape)
            if "lora_A" in name:
                rng = generator("lora", seed, name)
                torch.nn.init.kaiming_uniform_(value, a=math.sqrt(5), generator=rng)
            fresh[name] = value.to(self.device)
        return fresh

    def answer_logits(self, params: Params, batch: Batch) -> Float[Tensor, "batch answer vocab"]:
        """Logits for the answer columns only, each from the column before it."""
        width = batch.labels.shape[1]
        inputs = {"inputs_embeds": batch.embeds, "attention_mask": batch.mask, "use_cache": False}
        if "position_ids" in self._accepts:
            inputs["position_ids"] = positions(batch.mask)
        if "logits_to_keep" in self._accepts:
            inputs["logits_to_keep"] = width + 1
        logits = torch.func.functional_call(self.model, params, kwargs=inputs).logits
        return logits[:, -width - 1 : -1]

    def loss(self, params: Params, batch: Batch) -> Float[Tensor, ""]:
        """Mean cross entropy per answer token."""
        logits = self.answer_logits(params, batch)
        return F.cross_entropy(logits.flatten(0, 1), batch.labels.flatten(), ignore_index=IGNORED)

    def mean_gradient(self, params: Params, batches: list[Batch]) -> tuple[float, Params]:
        """Loss and gradient over all the batches together, per answer token, in the memory of one batch."""
        tokens = sum(int((batch.labels != IGNORED).sum()) for batch in batches)
        leaves = as_leaves(params)
        total, summed = 0.0, {name: torch.zeros_like(p) for name, p in params.items()}
        for batch in batches:
            share = int((batch.labels != IGNORED).sum()) / tokens
            loss = share * self.loss(leaves, batch)
            total += loss.item()
            for name, g in gradients(loss, leaves).items():
                summed[name] += g
        return total, summed

    def put(self, params: Params) -> None:
        """Copy `params` into the module, for scoring it or saving it as a peft folder."""
        with torch.no_grad():
            for name, p in self.model.named_parameters():
                if name in params:
                    p.copy_(params[name])

    def save(self, params: Params, folder: Path) -> None:
        """Write a peft adapter folder that loads anywhere."""
        self.put(params)
        self.model.save_pretrained(str(folder), safe_serialization=True)
