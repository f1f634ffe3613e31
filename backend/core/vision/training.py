"""Training a model of pictures and captions: AdamW, a linear warm-up and a cosine down to nothing.

The loss and the batches are passed in. It is a generator: after every step the caller may log, score, keep the state,
stop, or later go on from it to the numbers of an unbroken training. Knows neither losses nor where pairs come from.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from backend.core.params import Params, snapshot
from backend.core.training.finetune import Diverged
from backend.core.training.finetune_state import MOMENTS, FinetuneState
from backend.core.vision.pairs import Pairs

Loss = Callable[[nn.Module, Pairs], Tensor]
MOST_SCALE = math.log(100)  # CLIP's own limit on what similarities are multiplied by


@dataclass(frozen=True)
class Plan:
    """How to step. `warm` steps lead up to `lr`; only matrices decay; `clip` is the gradient's largest norm.

    The other numbers are those of the official scripts of TinyCLIP.
    """

    steps: int
    lr: float
    warm: int = 0
    decay: float = 0.2
    clip: float = 5.0
    betas: tuple[float, float] = (0.9, 0.98)
    epsilon: float = 1e-6

    def lr_at(self, step: int) -> float:
        """The step size of this step, counted from 0."""
        if step < self.warm:
            return self.lr * (step + 1) / self.warm
        return self.lr * 0.5 * (1 + math.cos(math.pi * (step - self.warm) / max(1, self.steps - self.warm)))


@dataclass(frozen=True)
class Step:
    """One update: how many there were by now, the loss before it, its step size, and on demand all that follows."""

    step: int
    loss: float
    lr: float
    _training: "_Training" = field(repr=False)

    def state(self) -> FinetuneState:
        """A copy of everything the next step depends on, on the CPU. Ask before the next step."""
        if self.step != self._training.step:
            raise RuntimeError(f"Step {self.step} is over: the parameters are those of step {self._training.step}.")
        return self._training.state()


class _Training:
    """The parameters in place and their optimizer, between two steps."""

    def __init__(self, model: nn.Module, plan: Plan, start: FinetuneState | None):
        self.params = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.step = start.step if start else 0
        groups = [
            {"params": [p for p in self.params.values() if p.ndim > 1], "weight_decay": plan.decay},
            {"params": [p for p in self.params.values() if p.ndim < 2], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=0.0, betas=plan.betas, eps=plan.epsilon)
        self.scales = [p for name, p in self.params.items() if name.endswith("logit_scale")]
        if start:
            self._put(start)

    def _put(self, start: FinetuneState) -> None:
        start.check_fits(self.params)
        with torch.no_grad():
            for name, value in start.params.items():
                self.params[name].copy_(value)
        for name, moments in start.moments.items():
            p = self.params[name]
            held = {key: value.to(p.device, copy=True) for key, value in moments.items()}
            self.optimizer.state[p] = held | {"step": torch.tensor(float(start.step))}

    def update(self, loss: Tensor, lr: float, clip: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.zero_grad()
        loss.backward()
        for p in self.params.values():  # an optimizer would skip it, and count its steps apart
            p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        torch.nn.utils.clip_grad_norm_(self.params.values(), clip)
        self.optimizer.step()
        with torch.no_grad():
            for scale in self.scales:
                scale.clamp_(0, MOST_SCALE)
        self.step += 1

    def state(self) -> FinetuneState:
        moments: dict[str, Params] = {
            name: snapshot({key: self.optimizer.state[p][key] for key in MOMENTS})
            for name, p in self.params.items()
            if p in self.optimizer.state
        }
        return FinetuneState(self.step, snapshot(self.params), moments)


def train(
    model: nn.Module,
    batch_at: Callable[[int], Pairs],
    loss_at: Callable[[int], Loss],
    plan: Plan,
    start: FinetuneState | None = None,
) -> Iterator[Step]:
    """Train the model's parameters in place up to `plan.steps` updates, yielding after each.

    `batch_at(k)` and `loss_at(k)` give the batch and the loss of update k, counted from 0; where they depend on k
    alone, a training that goes on from a state sees the numbers of an unbroken one. A parameter whose gradient is off
    stays as it is; one that a loss does not reach has a gradient of 0. Memory: Adam's 12 bytes a parameter, and the
    batch's activations.
    Raises UserError where the state is another model's, and Diverged when the loss stops being a number.
    """
    training = _Training(model, plan, start)
    try:
        for step in range(training.step, plan.steps):
            loss, lr = loss_at(step)(model, batch_at(step)), plan.lr_at(step)
            if not torch.isfinite(loss):
                raise Diverged(
                    f"The loss is {loss.item()} at step {step}.", "a finite loss", "Lower the learning rate."
                )
            training.update(loss, lr, plan.clip)
            yield Step(training.step, loss.item(), lr, training)
    finally:
        training.optimizer.zero_grad()  # a finished model should not hold gradients
