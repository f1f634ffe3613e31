"""Tuning a light UNet: AdamW with a warm-up and a linear way down, a running average, states on the disk.

The loss is passed in. It is a generator: after every step the caller may log, draw, keep the state, stop, or later go
on from it to the numbers of an unbroken tuning. Knows neither losses nor where pictures come from.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from diffusers.training_utils import EMAModel
from torch import Tensor, nn

from backend.core.params import Params, snapshot
from backend.core.training.finetune import Diverged
from backend.core.training.finetune_state import MOMENTS, FinetuneState, below, read_tensors, write_tensors

Losses = dict[str, Tensor]
ROUTER = "router."  # in the names of what a mixture of kernels is weighed by


@dataclass(frozen=True)
class TuningPlan:
    """How to step. `warm` steps lead up to `lr`, the others down to nothing; `clip` is the gradient's largest norm.

    Weights decay by `decay`; their running average keeps the share `averaged` of itself at a step, less at the start.
    Routers step `routers` times as far as all else.
    """

    steps: int
    lr: float
    warm: int = 20
    decay: float = 0.01
    clip: float = 1.0
    betas: tuple[float, float] = (0.9, 0.99)
    averaged: float = 0.98
    routers: float = 10.0

    def lr_at(self, step: int) -> float:
        """The step size of this step, counted from 0."""
        if step < self.warm:
            return self.lr * (step + 1) / self.warm
        return self.lr * (1 - (step - self.warm) / max(1, self.steps - self.warm))


@dataclass
class TuningState:
    """After so many steps: parameters, Adam's moments, and the running average."""

    adam: FinetuneState
    average: Params

    @property
    def step(self) -> int:
        """How many steps there were."""
        return self.adam.step

    def save(self, path: Path) -> None:
        """Write it, 16 bytes a parameter. Raises UserError where the disk is full."""
        tensors = {f"params/{name}": p for name, p in self.adam.params.items()}
        tensors |= {f"average/{name}": p for name, p in self.average.items()}
        for name, moments in self.adam.moments.items():
            tensors |= {f"{key}/{name}": moments[key] for key in MOMENTS}
        write_tensors(path, tensors, {"step": self.step})

    @classmethod
    def load(cls, path: Path) -> "TuningState":
        """Read it back to the bit. Raises UserError where the file is missing or damaged."""
        return cls(FinetuneState.load(path), below(read_tensors(path)[0], "average"))


@dataclass(frozen=True)
class Step:
    """One step: how many there were by now, the losses before it, its step size; on demand all that follows."""

    step: int
    losses: dict[str, float]
    lr: float
    _tuning: "_Tuning" = field(repr=False)

    def state(self) -> TuningState:
        """A copy of everything the next step depends on. Ask before the next step."""
        self._check()
        return self._tuning.state()

    def averaged(self) -> UNet2DConditionModel:
        """A copy of the net with the running average of its weights, frozen and in evaluation mode."""
        self._check()
        return self._tuning.averaged()

    def _check(self) -> None:
        if self.step != self._tuning.step:
            raise RuntimeError(f"Step {self.step} is over: the parameters are those of step {self._tuning.step}.")


class _Tuning:
    """A net in place, its optimizer and its average, between two steps."""

    def __init__(self, light: nn.Module, plan: TuningPlan, start: TuningState | None):
        self.light, self.step = light.requires_grad_(True), start.step if start else 0
        self.params = dict(light.named_parameters())
        groups = [{"params": [], "scale": 1.0}, {"params": [], "scale": plan.routers}]
        for name, p in self.params.items():
            groups[ROUTER in name]["params"].append(p)
        groups = [group for group in groups if group["params"]]
        self.optimizer = torch.optim.AdamW(groups, lr=plan.lr, betas=plan.betas, weight_decay=plan.decay)
        self.average = EMAModel(self.params.values(), decay=plan.averaged)
        if start:
            self._put(start)

    def _put(self, start: TuningState) -> None:
        start.adam.check_fits(self.params)
        with torch.no_grad():
            for name, p in self.params.items():
                p.copy_(start.adam.params[name])
        for name, moments in start.adam.moments.items():
            held = {key: value.clone() for key, value in moments.items()}
            self.optimizer.state[self.params[name]] = held | {"step": torch.tensor(float(start.step))}
        self.average.shadow_params = [start.average[name].clone() for name in self.params]
        self.average.optimization_step = start.step

    def update(self, loss: Tensor, lr: float, clip: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = lr * group["scale"]
        loss.backward()
        for p in self.params.values():  # an optimizer would skip what no loss reaches, and count its steps apart
            p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        nn.utils.clip_grad_norm_(self.params.values(), clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.average.step(self.params.values())
        self.step += 1

    def state(self) -> TuningState:
        state = self.optimizer.state
        moments: dict[str, Params] = {
            name: snapshot({key: state[p][key] for key in MOMENTS}) for name, p in self.params.items() if p in state
        }
        average = dict(zip(self.params, self.average.shadow_params, strict=True))
        return TuningState(FinetuneState(self.step, snapshot(self.params), moments), snapshot(average))

    def averaged(self) -> UNet2DConditionModel:
        light = copy.deepcopy(self.light)
        self.average.copy_to(light.parameters())
        return light.eval().requires_grad_(False)


def tune(
    light: UNet2DConditionModel,
    losses_at: Callable[[int], Losses],
    plan: TuningPlan,
    start: TuningState | None = None,
) -> Iterator[Step]:
    """Tune the net in place up to `plan.steps` steps, yielding after each.

    `losses_at(k)` gives the losses of step k, counted from 0, of which `loss` is minimised; where they depend on k and
    the net alone, a tuning that goes on from a state sees the numbers of an unbroken one. Memory: 16 bytes a parameter,
    and the batch's activations.
    Raises UserError where the state is another net's, and Diverged when the loss stops being a number.
    """
    tuning = _Tuning(light, plan, start)
    try:
        for step in range(tuning.step, plan.steps):
            found, lr = losses_at(step), plan.lr_at(step)
            if not torch.isfinite(found["loss"]):
                said = f"The loss is {found['loss'].item()} at step {step}."
                raise Diverged(said, "a finite loss", "Lower the step size.")
            tuning.update(found["loss"], lr, plan.clip)
            yield Step(tuning.step, {name: value.item() for name, value in found.items()}, lr, tuning)
    finally:
        light.requires_grad_(False)
