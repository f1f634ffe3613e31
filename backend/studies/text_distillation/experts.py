"""Experts: students trained with LoRA on the real data, whose every step is recorded.

An expert is recorded once per recipe and reused by every later run with the same one. Knows a student, real rows and
the manner of stepping; not the synthetic prompts. Source: MTT's expert buffers; one snapshot a step, because early LoRA
steps move most and only they carry signal.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch

from backend.core.models.lora import LoraStudent
from backend.core.params import Params
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.examples import Rows
from backend.core.training.stepping import direction, move
from backend.disk import write_atomically
from backend.errors import UserError

RECIPE_VERSION = 1  # raise when the recording changes, so that old files are not taken for new ones


@dataclass(frozen=True)
class Recipe:
    """Everything an expert's trajectory depends on, except its number."""

    model: str  # the model's fingerprint
    data: str  # a digest of the training examples
    rule: str
    steps: int
    batch: int
    lr: float
    rank: int
    alpha: int
    seed: int
    version: int = RECIPE_VERSION

    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.__dict__, sort_keys=True).encode()).hexdigest()[:16]

    def folder(self, root: Path) -> Path:
        """This recipe's folder under `root`, with the recipe written in it."""
        folder = root / self.digest()
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "recipe.json", json.dumps(self.__dict__, indent=1))
        return folder


@dataclass
class Walk:
    """Where an expert stands: all that its further steps depend on. `first` and `second` are Adam's running moments."""

    step: int = 0
    params: Params | None = None
    first: Params = field(default_factory=dict)
    second: Params = field(default_factory=dict)


def train_expert(
    student: LoraStudent, rows: Rows, recipe: Recipe, number: object, walk: Walk | None = None
) -> Iterator[tuple[float, Params, Params | None]]:
    """Yield (loss, params, second moments or None) for theta_0 (loss nan) and after each step; what is left of `walk`,
    which is kept up to date, where one is given.

    `sgd` and `normalised` step as the student will. `preconditioned` is AdamW without decay, whose second moments the
    student borrows. Raises UserError when the loss stops being a number.
    """
    walk = walk or Walk()
    batches = shuffled_batches(len(rows), recipe.batch, recipe.steps, generator(recipe.seed, "expert data", number))
    adam = recipe.rule == "preconditioned"
    if walk.params is None:
        walk.params = params = student.initial((recipe.seed, "expert", number))
        yield float("nan"), params, {name: torch.zeros_like(p) for name, p in params.items()} if adam else None
    for step, chosen in enumerate(batches[walk.step :], start=walk.step + 1):
        loss, grad = student.mean_gradient(walk.params, rows.micro_batches(chosen))
        if not math.isfinite(loss):
            found = f"Expert {number}'s loss is {loss} at step {step}."
            raise UserError(found, "a finite loss", "Lower expert_lr.", kind="expert")
        with torch.no_grad():
            if adam:
                towards, corrected = _adam(grad, walk.first, walk.second, step)
            else:
                towards, corrected = direction(recipe.rule, grad), None
            walk.step, walk.params = step, move(walk.params, recipe.lr, towards)
        yield loss, walk.params, corrected


def _adam(grad: Params, first: Params, second: Params, step: int) -> tuple[Params, Params]:
    """Adam's direction and its bias-corrected second moments; the running moments are kept in the two dictionaries."""
    corrected = {}
    for name, g in grad.items():
        first[name] = 0.9 * first.get(name, 0.0) + 0.1 * g
        second[name] = 0.999 * second.get(name, 0.0) + 0.001 * g.square()
        corrected[name] = second[name] / (1 - 0.999**step)
    towards = {n: (first[n] / (1 - 0.9**step)) / (corrected[n].sqrt() + 1e-8) for n in grad}
    return towards, corrected
