"""TrajectoryBuffer: recorded expert trajectories on disk, and the segments drawn from them.

One safetensors file an expert, stacked over steps; written in one piece, so a file that exists is whole unless the disk
lied, which is checked. Knows parameters and files; not how an expert was trained.
"""

import contextlib
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from backend.core.params import Params
from backend.disk import disk_error, part_of
from backend.errors import UserError
from backend.studies.text_distillation.unroll import Segment

SQUARES = "squares/"  # prefix of Adam's bias-corrected second moments at the same snapshots


def save_trajectory(path: Path, states: list[Params], squares: list[Params]) -> None:
    """Write the snapshots theta_0..theta_T, and Adam's second moments (an empty list for other rules)."""
    stacked = {name: torch.stack([s[name] for s in states]) for name in states[0]}
    if squares:
        stacked |= {SQUARES + name: torch.stack([s[name] for s in squares]) for name in squares[0]}
    part = part_of(path)
    try:
        save_file(stacked, str(part))
        part.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        with contextlib.suppress(OSError):  # there after a full disk, which safetensors tells by an error of its own
            part.unlink()


def load_trajectory(path: Path) -> dict[str, Tensor]:
    """The stacked tensors. Raises UserError where the file is damaged."""
    try:
        return load_file(str(path))
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(
            f"The recorded expert {path.name} cannot be read.",
            "a whole safetensors file",
            f"Delete {path} and run again.",
        ) from error


class TrajectoryBuffer:
    """The trajectories that one run follows, and those it only checks itself on."""

    def __init__(self, followed: list[dict[str, Tensor]], heldout: list[dict[str, Tensor]], rule: str, device="cpu"):
        self.followed, self.heldout, self.rule, self.device = followed, heldout, rule, device

    def segment(self, trajectory: dict[str, Tensor], start: int, span: int) -> Segment:
        """The piece from snapshot `start` to `start + span` of one trajectory."""
        return Segment(
            self._state(trajectory, start),
            self._state(trajectory, start + span),
            self.rule,
            self._preconditioner(trajectory, start + span) if self.rule == "preconditioned" else None,
        )

    def preconditioner(self, span: int) -> Params | None:
        """For a fresh student, which has no expert: the followed experts' mean diagonal at step `span`."""
        if self.rule != "preconditioned":
            return None
        each = [self._preconditioner(t, span) for t in self.followed]
        return {name: torch.stack([p[name] for p in each]).mean(0) for name in each[0]}

    def _state(self, trajectory: dict[str, Tensor], step: int) -> Params:
        return {name: t[step].to(self.device) for name, t in trajectory.items() if not name.startswith(SQUARES)}

    def _preconditioner(self, trajectory: dict[str, Tensor], step: int) -> Params:
        # taken at the target: at the start Adam has seen nothing and A's gradient is zero
        squares = {n[len(SQUARES) :]: t[step] for n, t in trajectory.items() if n.startswith(SQUARES)}
        return {name: _inverse_root(value).to(self.device) for name, value in squares.items()}


def _inverse_root(squares: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    return 1.0 / (squares.sqrt() + 1e-8)
