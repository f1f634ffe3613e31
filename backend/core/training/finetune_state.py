"""Where a fine-tuning stands: parameters, Adam's moments and the step, in memory or in one safetensors file.

A file is replaced in one step, and a damaged one is refused with a sentence. Knows numbers and files; no model.
"""

import contextlib
import errno
import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from backend.core.params import Params
from backend.disk import disk_error, part_of
from backend.errors import UserError

MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass
class FinetuneState:
    """After `step` updates: the parameters, and for each of them Adam's two running moments (none at the start)."""

    step: int
    params: Params
    moments: dict[str, Params] = field(default_factory=dict)

    @classmethod
    def fresh(cls, params: Params) -> "FinetuneState":
        """The state before the first update, without moments."""
        return cls(0, params)

    def save(self, path: Path) -> None:
        """Write it, 12 bytes a trainable parameter."""
        tensors = {f"params/{name}": p for name, p in self.params.items()}
        for name, moments in self.moments.items():
            tensors |= {f"{key}/{name}": moments[key] for key in MOMENTS}
        write_tensors(path, tensors, {"step": self.step})

    @classmethod
    def load(cls, path: Path) -> "FinetuneState":
        """Read it back to the bit. Raises UserError where the file is missing or damaged."""
        tensors, told = read_tensors(path)
        found = {key: below(tensors, key) for key in ("params", *MOMENTS)}
        moments = {name: {key: found[key][name] for key in MOMENTS} for name in found["exp_avg"]}
        return cls(told["step"], found["params"], moments)

    def check_fits(self, live: Params) -> None:
        """Raise UserError where this is the state of another student than the one with the parameters `live`."""
        ours, theirs = ({name: tuple(p.shape) for name, p in params.items()} for params in (self.params, live))
        if ours != theirs:
            differing = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
            raise UserError(
                f"The saved parameters are another student's: {differing[0]} and {len(differing) - 1} more differ.",
                "the same model, method and rank",
                "Repeat the settings it was saved with, or start anew.",
            )


def write_tensors(path: Path, tensors: Params, told: dict) -> None:
    """Replace `path` by the tensors and what JSON can hold of `told`. Raises UserError where the disk is full."""
    part = part_of(path)
    try:
        held = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
        save_file(held, part, {"told": json.dumps(told)})
        part.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    except SafetensorError as error:  # its own error for a full disk, among others
        if "No space left" in str(error):
            raise disk_error(OSError(errno.ENOSPC, str(error)), path) from error
        raise
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def read_tensors(path: Path) -> tuple[Params, dict]:
    """What `write_tensors` wrote. Raises UserError where the file is missing or damaged."""
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: torch.clone(file.get_tensor(name)) for name in file.keys()}
            return tensors, json.loads(file.metadata()["told"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"The saved tuning {path.name} cannot be read ({type(error).__name__}).",
            "a whole file of this run",
            "Delete it to tune from the start.",
        ) from error


def below(tensors: Params, prefix: str) -> Params:
    """The tensors called `prefix`/..., without it."""
    return {name[len(prefix) + 1 :]: t for name, t in tensors.items() if name.startswith(f"{prefix}/")}
