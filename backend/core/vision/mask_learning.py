"""Learning masks beside a model's weights: what automatic inheritance does before the cut.

Every step sees other noise, drawn from the seed and the step's number. Weights go by `training.train`; the masks have
an Adam of their own, and the size cost's multipliers go uphill. It is a generator that resumes from a state to the
numbers of an unbroken one. Knows no loss, no file and no teacher.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers import CLIPModel

from backend.core.params import Params, as_leaves, snapshot
from backend.core.seeding import generator
from backend.core.training.finetune_state import MOMENTS, FinetuneState, below
from backend.core.vision.budget import Budget, fresh_multipliers
from backend.core.vision.masked import masked
from backend.core.vision.masks import clamp_, expected_blocks, fresh, probabilities, sampled
from backend.core.vision.pairs import Pairs
from backend.core.vision.parts import shapes_of
from backend.core.vision.training import Loss, Plan, Step, train

WEIGHTS, MASKS, MULTIPLIERS = "weights", "masks", "multipliers"


@dataclass(frozen=True)
class MaskPlan:
    """The size to reach, and how fast masks move: loga travels 9.2 from on to off, so with `lr` 0.02, the official
    one, it takes 460 steps at least. Runs of 100 want 0.15. The multipliers have a step size of their own."""

    budget: Budget
    lr: float
    multiplier_lr: float = 0.02
    seed: int = 0


@dataclass(frozen=True)
class MaskStep:
    """One update: how many there were by now, the loss and the size cost before it, and the shares of blocks that the
    masks were expected to remove and that were wanted. The rest is copied when asked for."""

    step: int
    loss: float
    cost: float
    lr: float
    removed: float
    wanted: float
    _step: Step = field(repr=False)
    _learning: "_Learning" = field(repr=False)

    def loga(self) -> Params:
        """A copy of the masks' parameters, on the CPU. Ask before the next step."""
        return snapshot(self._learning.loga)

    def probabilities(self) -> Params:
        """How likely each unit is kept by now, on the CPU."""
        return probabilities(self.loga())

    def state(self) -> FinetuneState:
        """A copy of everything the next step depends on, on the CPU. Ask before the next step."""
        return self._learning.joined(self._step.state())


def learn_masks(
    model: CLIPModel,
    batch_at: Callable[[int], Pairs],
    loss_at: Callable[[int], Loss],
    plan: Plan,
    masks: MaskPlan,
    start: FinetuneState | None = None,
) -> Iterator[MaskStep]:
    """Train the model's weights in place, and masks over all its units, up to `plan.steps` updates.

    The loss is `loss_at(k)(model, batch)` of the model under masks, plus the budget's cost. The official code warms the
    weights' step size up to the very step of the cut and lets it fall only afterwards (`Plan.warm` = `Plan.steps`).
    Raises UserError where the state is another model's, and Diverged when the loss stops being a number.
    """
    learning = _Learning(model, masks, start)
    for step in train(model, batch_at, lambda k: learning.loss(k, loss_at(k)), plan, _weights_of(start)):
        learning.update(step.step)
        yield learning.told(step)


class _Learning:
    """The masks' parameters and the multipliers, with their optimizers, between two steps."""

    def __init__(self, model: CLIPModel, plan: MaskPlan, start: FinetuneState | None):
        self.plan, self.shapes = plan, shapes_of(model)
        begin = _parts_of(start) if start else {MASKS: fresh(self.shapes), MULTIPLIERS: fresh_multipliers()}
        on_device = ({name: p.to(model.device) for name, p in begin[part].items()} for part in (MASKS, MULTIPLIERS))
        self.loga, self.multipliers = map(as_leaves, on_device)
        if start:
            FinetuneState.fresh(self.loga).check_fits(fresh(self.shapes))
        self.optimizers = [
            torch.optim.Adam(self.loga.values(), lr=plan.lr),
            torch.optim.Adam(self.multipliers.values(), lr=plan.multiplier_lr, maximize=True),
        ]
        if start:
            self._put_moments(start)

    def loss(self, step: int, loss: Loss) -> Loss:
        """The loss of the model under this step's masks, plus what its size costs."""

        def total(model: CLIPModel, pairs: Pairs) -> Tensor:
            noise = generator(self.plan.seed, "masks", step)
            with masked(model, sampled(self.loga, noise)):
                value = loss(model, pairs)
            blocks = expected_blocks(probabilities(self.loga), self.shapes)
            self.removed = self.plan.budget.removed(blocks).item()
            cost = self.plan.budget.cost(blocks, step, self.multipliers)
            self.cost, self.task = cost.item(), value.item()
            return value + cost

        return total

    def update(self, step: int) -> None:
        """Move masks and multipliers along the gradients that the step's way back has left."""
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        clamp_(self.loga)
        self.step = step

    def told(self, step: Step) -> MaskStep:
        wanted = self.plan.budget.wanted(step.step - 1)
        return MaskStep(step.step, self.task, self.cost, step.lr, self.removed, wanted, step, self)

    def joined(self, weights: FinetuneState) -> FinetuneState:
        """One state of weights, masks and multipliers, so that one file holds what belongs together."""
        params = {f"{WEIGHTS}/{name}": p for name, p in weights.params.items()}
        moments = {f"{WEIGHTS}/{name}": held for name, held in weights.moments.items()}
        for part, values, optimizer in self._parts():
            params |= {f"{part}/{name}": p for name, p in snapshot(values).items()}
            for name, p in values.items():
                moments[f"{part}/{name}"] = snapshot({key: optimizer.state[p][key] for key in MOMENTS})
        return FinetuneState(weights.step, params, moments)

    def _parts(self) -> list[tuple[str, Params, torch.optim.Optimizer]]:
        return [(MASKS, self.loga, self.optimizers[0]), (MULTIPLIERS, self.multipliers, self.optimizers[1])]

    def _put_moments(self, start: FinetuneState) -> None:
        for part, values, optimizer in self._parts():
            for name, held in _moments_of(start, part).items():
                moved = {key: value.to(values[name].device, copy=True) for key, value in held.items()}
                optimizer.state[values[name]] = moved | {"step": torch.tensor(float(start.step))}


def _parts_of(state: FinetuneState) -> dict[str, Params]:
    return {part: below(state.params, part) for part in (WEIGHTS, MASKS, MULTIPLIERS)}


def _weights_of(state: FinetuneState | None) -> FinetuneState | None:
    if state is None:
        return None
    return FinetuneState(state.step, below(state.params, WEIGHTS), _moments_of(state, WEIGHTS))


def _moments_of(state: FinetuneState, part: str) -> dict[str, Params]:
    return {name[len(part) + 1 :]: held for name, held in state.moments.items() if name.startswith(f"{part}/")}
