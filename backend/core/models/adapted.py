"""Where adapters lie: on how many layers, counted from the top, and on which of their projections.

Knows what the families call their projections; no weights and no training.
"""

from dataclasses import dataclass

import torch
import transformers

from backend.core.models.backbones import Backbone, lora_targets
from backend.core.models.hub import refusal
from backend.errors import UserError

MODULES = ("attention", "mlp", "both")
MLP_LEAVES = (
    ("gate_proj", "up_proj", "down_proj"),
    ("fc1", "fc2"),
    ("dense_h_to_4h", "dense_4h_to_h"),
    ("mlp.c_fc", "mlp.c_proj"),
)


@dataclass(frozen=True)
class Adapted:
    """`top` layers carry adapters, counted from the last, 0 for all; `modules` says which projections of these:
    attention (peft's choice for the family, mostly queries and values), mlp (all of its matrices), or both."""

    top: int = 0
    modules: str = "attention"

    def __post_init__(self):
        if self.modules not in MODULES:
            found = f"There are no modules called {self.modules!r}."
            raise UserError(found, f"one of {', '.join(MODULES)}", "Choose one of them.")
        if self.top < 0:
            raise UserError(f"Adapters were asked for on {self.top} layers.", "0 (all) or more", "Raise the number.")

    def first(self, backbone: Backbone) -> int:
        """The lowest layer with adapters, counted from 0. UserError where the model has fewer layers."""
        layers = backbone.model.config.num_hidden_layers
        if self.top > layers:
            found = f"Adapters were asked for on the top {self.top} layers of {backbone.name}, which has {layers}."
            raise UserError(found, f"at most {layers}, or 0 for all", "Lower the number of layers.")
        return layers - self.top if self.top else 0

    def for_peft(self, backbone: Backbone) -> dict:
        """The arguments of a peft config."""
        first, layers = self.first(backbone), backbone.model.config.num_hidden_layers
        found: dict = {"target_modules": self.targets(backbone)}
        return found | ({"layers_to_transform": list(range(first, layers))} if first else {})

    def targets(self, backbone: Backbone) -> list[str]:
        """How the names of the adapted projections end."""
        attention = lora_targets(backbone) if self.modules != "mlp" else []
        return attention + (_mlp(backbone) if self.modules != "attention" else [])


EVERYWHERE = Adapted()


def _mlp(backbone: Backbone) -> list[str]:
    linear = (torch.nn.Linear, transformers.pytorch_utils.Conv1D)
    names = [f".{name}" for name, part in backbone.model.named_modules() if isinstance(part, linear)]
    for leaves in MLP_LEAVES:
        if all(any(name.endswith(f".{leaf}") for name in names) for leaf in leaves):
            return list(leaves)
    found = f"The MLPs of {backbone.name} have none of the usual names."
    raise refusal(backbone.name, found, "matrices such as gate_proj or fc1", "Choose attention, or another model.")
