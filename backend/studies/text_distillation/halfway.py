"""An expert that was stopped halfway: what it needs to go on, in the run's own folder, until it is whole.

Without it a run that computes in short slices would train the same first steps again and again. Knows a trajectory's
snapshots and where an expert stands; not how it steps.
"""

from dataclasses import dataclass, field
from pathlib import Path

import torch

from backend.core.params import Params, on, snapshot
from backend.core.training.finetune_state import below, read_tensors, write_tensors
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.studies.text_distillation.experts import Walk

PARTS = ("states", "squares", "params", "first", "second")


@dataclass
class Half:
    """The trajectory so far: snapshots, Adam's second moments at them (empty for other rules), losses, and the rest."""

    walk: Walk = field(default_factory=Walk)
    states: list[Params] = field(default_factory=list)
    squares: list[Params] = field(default_factory=list)
    rows: list[dict] = field(default_factory=list)


def half_path(run: RunDir, recipe: str, number: int) -> Path:
    return run.artifacts / f"expert-{number}-{recipe}.half.safetensors"


def save_half(path: Path, half: Half) -> None:
    """Replace the file. Raises UserError on a full disk."""
    stacked = {"states": _stacked(half.states), "squares": _stacked(half.squares)}
    walk = {name: snapshot(getattr(half.walk, name)) for name in ("params", "first", "second")}
    tensors = {f"{part}/{name}": tensor for part, held in {**stacked, **walk}.items() for name, tensor in held.items()}
    write_tensors(path, tensors, {"step": half.walk.step, "rows": half.rows})


def load_half(path: Path, device: torch.device | str) -> Half:
    """The half that was saved; an expert's beginning where none was, or where the file is damaged."""
    try:
        tensors, told = read_tensors(path)
    except UserError:
        return Half()
    held = {part: below(tensors, part) for part in PARTS}
    walk = Walk(told["step"], *(on(held[part], device) for part in ("params", "first", "second")))
    return Half(walk, _apart(held["states"]), _apart(held["squares"]), told["rows"])


def _stacked(states: list[Params]) -> Params:
    return {name: torch.stack([state[name] for state in states]) for name in states[0]} if states else {}


def _apart(stacked: Params) -> list[Params]:
    count = len(next(iter(stacked.values()))) if stacked else 0
    return [{name: tensor[i] for name, tensor in stacked.items()} for i in range(count)]
