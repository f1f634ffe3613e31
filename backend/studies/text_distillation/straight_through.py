"""The decoder `straight_through`: the unroll reads real tokens, and its gradient moves the continuous copy behind them.

The copy P gathers what no single update could change; its projection E[NN(P)] is all the student ever sees, so nothing
is lost by decoding. The path is ragged, so the best tokens on it are kept. Source: PEZ (Wen et al. 2023), but with
Euclidean neighbours instead of cosine, as everywhere in this study.

Which tokens are best is measured every `snapshot_every` updates on every followed expert, newcomer against kept with
the same segments and step sizes. The updates' own losses would not do: each is of another segment, and later ones have
better step sizes. Held-out experts would not do: they are the check. Costs 2 unrolls an expert without second
derivatives: on the preset quick 0.6 s for every five updates, which take 2.5 s (opt-pocket, one core).
"""

import torch
from torch import Tensor

from backend.core.models.nearest_tokens import as_grid, as_rows
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.decoder import Ids, Pull
from backend.studies.text_distillation.heldout import followed_loss
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.state import OuterState


class StraightThrough:
    """Remembers `kept`: the ids (slots, length) of the best tokens so far, at first the real questions."""

    def __init__(self, setup: Setup):
        self.setup = setup

    def memory(self) -> dict[str, Tensor]:
        synthetic = self.setup.synthetic
        return {"kept": as_grid([slot.initial for slot in synthetic.slots]).to(synthetic.table.device)}

    def seen(self, state: OuterState) -> Tensor:
        return self.setup.synthetic.table[self._projected(state)]

    def pull(self, state: OuterState) -> Pull:
        """No pull: the student reads real tokens already. Only the distance is measured, for the log."""
        distance = self.setup.nearest.regulariser(state.prompts.detach(), self.setup.synthetic.used)
        return Pull(torch.zeros_like(state.prompts), distance.item(), 0.0)

    def after(self, state: OuterState, buffer: TrajectoryBuffer) -> None:
        c, newcomer = self.setup.config, self._projected(state)
        due = state.step % c.snapshot_every == 0 or state.step == c.outer_steps
        if due and not torch.equal(newcomer, state.memory["kept"]):
            if self._loss(state, newcomer, buffer) < self._loss(state, state.memory["kept"], buffer):
                state.memory["kept"] = newcomer

    def decode(self, state: OuterState) -> Ids:
        return as_rows(state.memory["kept"], self.setup.synthetic.lengths)

    def _projected(self, state: OuterState) -> Tensor:
        ids = self.setup.nearest.project(state.prompts, self.setup.synthetic.lengths)
        return as_grid(ids).to(state.prompts.device)

    def _loss(self, state: OuterState, ids: Tensor, buffer: TrajectoryBuffer) -> float:
        return followed_loss(self.setup, buffer, self.setup.synthetic.table[ids], state.log_lrs)
