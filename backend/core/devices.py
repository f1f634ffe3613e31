"""What models compute on: the CPU's threads, CUDA, Apple's MPS. The one place that asks torch for them.

A run computes on its GPUs where there are some, else on the CPU. Of several GPUs every worker process takes its own, so
that as many students train at once; a model that one of them cannot hold is spread over all that its process has, and
over the CPU's memory, by accelerate. MPS has no double precision and was never measured here: it computes only where
$DISTILLOSCOPE_DEVICE asks for it. Knows modules; no model family.
"""

import contextlib
import os
from collections.abc import Iterator

import torch
from torch import Tensor

from backend.core import processors
from backend.core.processors import DEVICE
from backend.errors import UserError

HELD = 0.7  # of a GPU's free memory for a model's weights; the rest is for activations and what is trained
KINDS = ("cpu", "cuda", "mps")

_taken = (0, 1)  # this process's number among the workers, and how many there are


# -- which device --------------------------------------------------------------------------------------------------
def kind() -> str:
    """`cuda`, `mps` or `cpu`. Raises UserError where $DISTILLOSCOPE_DEVICE asks for what is not there."""
    wanted = os.environ.get(DEVICE)
    there = ["cpu", *(["cuda"] if torch.cuda.is_available() else []), *(["mps"] if _has_mps() else [])]
    if wanted and wanted not in there:
        found = f"{DEVICE} is {wanted!r}, which this machine does not have."
        raise UserError(found, f"one of {', '.join(there)}", f"Unset {DEVICE}, or choose one of these.")
    return wanted or ("cuda" if "cuda" in there else "cpu")


def gpus() -> int:
    """How many GPUs torch can use here; 0 where the CPU computes. MPS counts as one."""
    found = kind()
    return 0 if found == "cpu" else torch.cuda.device_count() if found == "cuda" else 1


def take(number: int, workers: int) -> None:
    """From now on this process is worker `number` of so many, and computes on its own share of the GPUs."""
    global _taken
    _taken = (number, workers)
    if kind() == "cuda":
        torch.cuda.set_device(own())


def own() -> str:
    """Where this process computes, such as `cpu` or `cuda:1`."""
    return f"cuda:{_mine()[0]}" if kind() == "cuda" else kind()


def _mine() -> list[int]:
    """The GPUs of this process: of four and two workers, the first has 0 and 2. More workers than GPUs share."""
    (number, workers), there = _taken, gpus()
    return list(range(number % there, there, max(1, min(workers, there))))


def _has_mps() -> bool:
    return torch.backends.mps.is_available()


# -- threads -------------------------------------------------------------------------------------------------------
def set_threads(count: int | None = None) -> None:
    """Threads of this process: half the cores where no number is given. A second thread on two cores gained nothing
    here and, with anything else running, made the unroll ten times slower: each small product waits for the slower
    thread."""
    torch.set_num_threads(count or max(1, processors.cores() // 2))


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch compute with so many threads meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def wait(device: str | torch.device) -> None:
    """Return when the device has done all that it was asked for: only then is a clock worth reading."""
    if torch.device(device).type != "cpu":
        torch.accelerator.synchronize(device)


def has_bfloat16(device: str) -> bool:
    """Whether this kind of device multiplies in bfloat16 itself. Of MPS nobody has asked: no."""
    return device == "cpu" or (device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False))


# -- room ----------------------------------------------------------------------------------------------------------
def memory(device: str | torch.device) -> int:
    """Bytes of a GPU, used or not."""
    where = torch.device(device)
    if where.type == "mps":
        return torch.mps.recommended_max_memory()
    return torch.cuda.get_device_properties(where).total_memory


def _free(number: int) -> int:
    """Bytes of a GPU that nobody has."""
    return torch.cuda.mem_get_info(number)[0]


def placed(model: torch.nn.Module, times: float = 1.0) -> torch.nn.Module:
    """The model on this process's device; spread over all its GPUs where one has no room for it.

    `times`: what it will take over its weights alone, 4 where all are trained. What no GPU holds stays in the CPU's
    memory and visits a GPU layer by layer, which is slow, but works.
    """
    where = placement(model, times)
    return model.to(where) if isinstance(where, str) else spread(model, where)


def placement(model: torch.nn.Module, times: float = 1.0) -> str | dict[str, int | str]:
    """A device, or the device of each part of a model that no one GPU holds."""
    if kind() != "cuda":
        return kind()
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    rooms = {number: int(HELD * _free(number) / times) for number in _mine()}
    if weights <= rooms[_mine()[0]]:
        return own()
    from accelerate import infer_auto_device_map  # noqa: PLC0415 - half a second, needed by few
    from accelerate.utils import get_balanced_memory  # noqa: PLC0415 - as above

    whole = getattr(model, "_no_split_modules", None)
    whole = list(whole) if whole else None
    most = {**rooms, "cpu": 2**60}  # the CPU holds it already
    if weights <= 0.9 * sum(rooms.values()):  # accelerate would otherwise fill the first GPU to its brim
        most = get_balanced_memory(model, most, whole)
    return infer_auto_device_map(model, most, whole)


def spread(model: torch.nn.Module, where: dict[str, int | str], folder: str | None = None) -> torch.nn.Module:
    """The model with its parts where `where` has them, by name: a GPU's number, `cpu` or `disk`, below `folder`."""
    from accelerate import dispatch_model  # noqa: PLC0415 - half a second, needed by few

    return dispatch_model(model, where, offload_dir=folder, force_hooks=True)


# -- models that are placed ----------------------------------------------------------------------------------------
def of(model: torch.nn.Module) -> torch.device:
    """Where a model reads and answers; of a spread one, where its first part is."""
    parts = getattr(model, "hf_device_map", None)
    if not parts:
        return next(model.parameters()).device
    on_gpus = [part for part in parts.values() if part not in ("cpu", "disk")]
    return torch.device(on_gpus[0] if on_gpus else "cpu")


def weights(model: torch.nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Every weight in the order of the names, those too that wait elsewhere until their layer computes; use each before
    the next."""
    if not getattr(model, "hf_device_map", None):
        yield from sorted(model.named_parameters())
        return
    from accelerate.utils import align_module_device  # noqa: PLC0415 - half a second, needed by few

    for name in sorted(name for name, _ in model.named_parameters()):
        part, _, own_name = name.rpartition(".")
        module = model.get_submodule(part)
        with align_module_device(module):
            yield name, module.get_parameter(own_name)


def made_real(model: torch.nn.Module) -> torch.nn.Module:
    """The model, its trainable weights where their layer computes, and 0: peft makes no numbers beside a layer that
    waits elsewhere."""
    for layer in model.modules():
        base = getattr(layer, "base_layer", None)
        if base is not None and base.weight.is_meta:
            for part in layer.modules():
                if any(p.requires_grad for p in part.parameters(recurse=False)):
                    part.to_empty(device=base._hf_hook.execution_device)
                    torch.nn.init.zeros_(part.weight)
    return model
