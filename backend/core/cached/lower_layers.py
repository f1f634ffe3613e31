"""Lower layers: what the frozen layers below all adapters say of a text, computed once and kept.

Every student of a search or a table shares them, for its training rows and for the questions it is judged by, and so
does each new text that only some rows were changed of. Exact: these layers never change. Knows token trees and half a
model; no questions and no training. Costs 4 bytes a hidden unit and token: SmolLM2's keep 2.3 kB a token, and so
2,251 questions of 45 tokens, right answer and options, take 233 MB.
"""

import threading
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.scoring.tree_attention import branching
from backend.core.scoring.trees import Tree, batches, tree_inputs

KEPT_BYTES = 2**30  # texts beyond are read anew each time
AT_ONCE = 512  # tokens of one pass: a CPU is fastest while a batch stays in its caches


class LowerLayers:
    """`kept_bytes` bounds the memory of what is kept; `read` counts the tokens that the layers were run for."""

    def __init__(self, lower: torch.nn.Module, kept_bytes: int = KEPT_BYTES):
        self._lower = lower.get_base_model() if hasattr(lower, "get_base_model") else lower
        self.kept_bytes, self.bytes, self.read = kept_bytes, 0, 0
        self._kept: dict[tuple, Tensor] = {}
        self._lock = threading.Lock()

    def hidden(self, trees: Sequence[Tree]) -> list[Float[Tensor, "_ hidden"]]:
        """The hidden states of each tree's tokens, on the model's device, in its dtype, without a gradient."""
        with self._lock:
            missing = {key: tree for tree in trees if (key := _key(tree)) not in self._kept}
            fresh = self._read(list(missing.values())) if missing else {}
            for key, states in fresh.items():
                size = states.numel() * states.element_size()
                if self.bytes + size <= self.kept_bytes:
                    self._kept[key] = states
                    self.bytes += size
            return [self._kept[key] if (key := _key(tree)) in self._kept else fresh[key] for tree in trees]

    def padded(self, trees: Sequence[Tree]) -> Float[Tensor, "batch seq hidden"]:
        """The hidden states of the trees as one batch, zeros behind the shorter ones."""
        return torch.nn.utils.rnn.pad_sequence(self.hidden(trees), batch_first=True)

    def _read(self, trees: list[Tree]) -> dict[tuple, Tensor]:
        found: dict[tuple, Tensor] = {}
        first = next(self._lower.parameters())
        # never inference tensors: the layers above keep them for the way back
        with torch.inference_mode(False), torch.no_grad(), branching(self._lower):
            for group in batches(trees, AT_ONCE):
                inputs = {name: value.to(first.device) for name, value in tree_inputs(group, first.dtype).items()}
                states = self._lower.base_model(**inputs, use_cache=False).last_hidden_state
                self.read += sum(len(tree.ids) for tree in group)
                found |= {_key(tree): row[: len(tree.ids)].clone() for tree, row in zip(group, states, strict=True)}
        return found


def _key(tree: Tree) -> tuple:
    return tree.ids, tree.branches
