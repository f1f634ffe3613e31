"""Checkpoints of the outer loop: one safetensors file, replaced in one step, tied to its run's config.

Knows OuterState and a path. A damaged file is refused with a sentence, never half read.
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from backend.disk import write_atomically
from backend.errors import UserError
from backend.studies.text_distillation.state import OuterState

MEMORY = "decoder/"  # prefix of what the decoder remembers


def save_checkpoint(path: Path, state: OuterState) -> None:
    """Write everything that the next outer step depends on."""
    tensors = {
        "prompts": state.prompts.detach(),
        "log_lrs": state.log_lrs.detach(),
        "counters": torch.tensor([state.step, state.skipped], dtype=torch.int64),
        "typical_norm": torch.tensor(state.typical_norm, dtype=torch.float64),
    }
    tensors |= {MEMORY + name: value for name, value in state.memory.items()}
    if state.reverted is not None:
        tensors["reverted"] = state.reverted
    for index, moments in state.optimizer.state_dict()["state"].items():
        tensors |= {f"adam/{index}/{name}": value for name, value in moments.items()}
    write_atomically(path, save({name: t.cpu().contiguous() for name, t in tensors.items()}))


def load_checkpoint(path: Path, state: OuterState, another: bool = False) -> None:
    """Fill `state` from the file. Raises UserError where the file is damaged or of other shapes.

    `another`: the file may be another decoder's, as a branch's beginning; what ours remembers then stays as it begins.
    """
    try:
        tensors = load(path.read_bytes())
        step, skipped = tensors["counters"].tolist()
        with torch.no_grad():
            state.prompts.copy_(tensors["prompts"])
            state.log_lrs.copy_(tensors["log_lrs"])
        kept = {MEMORY + name: old for name, old in state.memory.items()} if another else {}
        state.memory = {n: (kept | tensors)[MEMORY + n].to(old.device) for n, old in state.memory.items()}
    except (SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise UserError(
            f"The checkpoint {path.name} cannot be read ({type(error).__name__}).",
            "a whole checkpoint of this run",
            f"Delete {path.name} to distil from the start; recorded experts are kept.",
        ) from error
    state.step, state.skipped, state.typical_norm = step, skipped, tensors["typical_norm"].item()
    state.reverted = tensors.get("reverted")
    saved = state.optimizer.state_dict()
    for index in range(2):
        moments = {n.split("/")[2]: t for n, t in tensors.items() if n.startswith(f"adam/{index}/")}
        if moments:
            saved["state"][index] = moments
    state.optimizer.load_state_dict(saved)
