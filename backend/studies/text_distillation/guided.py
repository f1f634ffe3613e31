"""The decoder `guided`: ADMM, whose projection lets the frozen language model choose among each place's near tokens.

    z-step, every `admm_every` updates   u = x + dual;  z_j = the likeliest token after z_<j among the k nearest of u_j
    x-steps                              descend  matching loss + rho/2 * mean over tokens of |x - z + dual|^2 / scale^2
    dual step, after each z-step         dual += x - z

`scale` is the length of a typical token's deviation, so that rho means the same for every model. The dual is the scaled
one, Boyd et al. 2011's u = lambda / rho. Knows the frozen model and the prompts; not experts or files. Source: GRADMM
(Nguyen et al. 2025), with the matching loss for its gradient match and Euclidean neighbours for its cosine.

A z-step costs one forward pass for each place of the longest prompt, all slots together, without a cache: on the preset
quick 0.07 s, where an update takes 0.5 s (opt-pocket, 8 prompts of 13 tokens, one core).
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from backend.core.models.lora import LoraStudent
from backend.core.models.nearest_tokens import NearestTokens, as_grid, as_rows
from backend.core.text.batches import Batch
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.decoder import Ids, Pull
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.state import OuterState


class Guided:
    """Remembers `z`, the ids (slots, length) it has decided on, and `dual` (slots, length, hidden)."""

    def __init__(self, setup: Setup):
        self.setup = setup

    def memory(self) -> dict[str, Tensor]:
        synthetic = self.setup.synthetic
        ids = as_grid([slot.initial for slot in synthetic.slots]).to(synthetic.table.device)
        return {"z": ids, "dual": torch.zeros_like(synthetic.initial)}

    def seen(self, state: OuterState) -> Tensor:
        return state.prompts

    def pull(self, state: OuterState) -> Pull:
        """The gradient of the penalty; rho is its weight."""
        rho, used = self.setup.config.admm_rho, self.setup.synthetic.used
        off = (self._apart(state) + state.memory["dual"]) * used[..., None]
        distance = self.setup.nearest.regulariser(state.prompts.detach(), used)
        return Pull(rho * off / (self.setup.nearest.scale**2 * used.sum()), distance.item(), rho)

    def after(self, state: OuterState, buffer: TrajectoryBuffer) -> None:
        c, synthetic = self.setup.config, self.setup.synthetic
        if state.step % c.admm_every and state.step != c.outer_steps:
            return
        towards = state.prompts.detach() + state.memory["dual"]
        before = synthetic.slots[0].before  # every slot's frame begins alike
        student, neighbours = self.setup.own.student, c.admm_neighbours
        ids = likeliest(student, self.setup.nearest, towards, before, neighbours)
        state.memory["z"] = torch.where(synthetic.used, ids, 0)
        state.memory["dual"] = (state.memory["dual"] + self._apart(state)) * synthetic.used[..., None]

    def decode(self, state: OuterState) -> Ids:
        return as_rows(state.memory["z"], self.setup.synthetic.lengths)

    def _apart(self, state: OuterState) -> Tensor:
        return state.prompts.detach() - self.setup.synthetic.table[state.memory["z"]]


@torch.no_grad()
def likeliest(
    student: LoraStudent,
    nearest: NearestTokens,
    towards: Float[Tensor, "slots length hidden"],
    before: tuple[int, ...],
    neighbours: int,
) -> Int[Tensor, "slots length"]:
    """Ids chosen from left to right: of the nearest tokens at each place, the one the frozen model finds likeliest.

    The model has read `before` and the tokens chosen so far. With one neighbour this is plain projection. What stands
    in places that a slot does not use is of no account: no place is read by those before it.
    """
    slots, length, _ = towards.shape
    found, _ = nearest.search(towards.flatten(0, 1), min(neighbours, len(nearest.ids)))
    near = torch.from_numpy(found).to(towards.device).unflatten(0, (slots, length))
    frozen = student.initial(0)  # a fresh adapter computes what the untouched model does
    words = torch.tensor(before, device=towards.device).expand(slots, -1)
    for place in range(length):
        logits = next_logits(student, frozen, words)
        best = logits.gather(1, near[:, place]).argmax(1, keepdim=True)
        words = torch.cat([words, near[:, place].gather(1, best)], dim=1)
    return words[:, len(before) :]


def next_logits(
    student: LoraStudent, params: dict[str, Tensor], ids: Int[Tensor, "rows seq"]
) -> Float[Tensor, "rows vocab"]:
    """What follows each row of ids, as the student with `params` sees it."""
    open_end = torch.cat([ids, ids[:, -1:]], dim=1)  # the column that is predicted; what stands there is not read
    batch = Batch(student.table[open_end], torch.ones_like(open_end), open_end[:, -1:])
    return student.answer_logits(params, batch)[:, 0]
