"""What the modules of a UNet cost: operations, parameters, what a cached value takes, and measured time; and whole runs
timed against each other.

Operations are counted by torch (a multiplication with its addition is two), time is this process's own where it has one
thread. The two disagree on small nets and neither stands for the other. Knows nets; the sums over plans are
prediction.py's.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from backend.core import devices
from backend.core.diffusion.modules import Module
from backend.core.diffusion.prediction import WHOLE, inclusive

Call = Callable[[], Any]


def cost_rows(
    unet: nn.Module, modules: Sequence[Module], calls: Mapping[int, Call], repeats: int = 9
) -> list[dict[str, Any]]:
    """A row for the whole UNet and one for every module: what it is, what it costs with its parts and by itself.

    `calls[batch]` calls the UNet once for so many pictures, and there has to be one for 1. A row has `flops` and
    `own_flops` as shares of a step, `ms1`, `own_ms1` and so on in milliseconds for each batch, `parameters`, and
    `cache_bytes` of a picture's value.
    """
    flops = own_flops(unet, modules, calls[1])
    total = sum(flops.values())
    own = {"flops": {id: count / total for id, count in flops.items()}}
    for batch, call in calls.items():
        own[f"ms{batch}"] = {id: 1000 * took for id, took in own_times(unet, modules, call, repeats).items()}
    whole = {name: inclusive(modules, table) for name, table in own.items()}
    kept = value_bytes(unet, modules, calls[1])
    rows = [{"id": WHOLE, "level": "unet", "kind": "unet", "parent": "", "reads": []}]
    rows += [module.row() for module in modules]
    for row in rows:
        for name in own:
            row |= {name: whole[name][row["id"]], f"own_{name}": own[name][row["id"]]}
        row["parameters"] = sum(one.numel() for one in unet.get_submodule(row["id"]).parameters())
        row["cache_bytes"] = kept.get(row["id"], 0)
    return rows


def own_flops(unet: nn.Module, modules: Sequence[Module], call: Call) -> dict[str, float]:
    """The operations of each module beside those in it, companions counted; "" is what belongs to none."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        call()
    name, counts = type(unet).__name__, counter.get_flop_counts()
    asked = {id: f"{name}.{id}" if id else name for id in _names(unet, modules)}
    return _own(modules, {id: float(sum(counts.get(full, {}).values())) for id, full in asked.items()})


def own_times(unet: nn.Module, modules: Sequence[Module], call: Call, repeats: int = 9) -> dict[str, float]:
    """The seconds of each module beside those in it, companions counted; "" is what belongs to none.

    Medians over `repeats` calls. Looking on takes time, so plain calls are timed in between and all numbers are scaled
    to add up to theirs.
    """
    now, names = _clock(unet), _names(unet, modules)
    took: dict[str, list[float]] = defaultdict(list)
    plain: list[float] = []
    began: dict[str, float] = {}

    def timed(name: str, part: nn.Module) -> list[Any]:
        return [
            part.register_forward_pre_hook(lambda *_: began.__setitem__(name, now())),
            part.register_forward_hook(lambda *_: took[name].append(now() - began[name])),
        ]

    with torch.no_grad():
        call()
        for _ in range(repeats):
            start = now()
            call()
            plain.append(now() - start)
            handles = [handle for name in names for handle in timed(name, unet.get_submodule(name))]
            try:
                call()
            finally:
                for handle in handles:
                    handle.remove()
    own = _own(modules, {name: median(took[name]) if took[name] else 0.0 for name in names})
    scale = median(plain) / sum(own.values())
    return {id: seconds * scale for id, seconds in own.items()}


def value_bytes(unet: nn.Module, modules: Sequence[Module], call: Call) -> dict[str, int]:
    """How much memory the value of each module takes that hands one on."""
    found: dict[str, int] = {}

    def seen(id: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: Any, answer: Any) -> None:
            value = answer[0] if isinstance(answer, tuple) else answer
            found[id] = value.numel() * value.element_size()

        return hook

    values = [module.id for module in modules if module.is_value]
    handles = [unet.get_submodule(id).register_forward_hook(seen(id)) for id in values]
    try:
        with torch.no_grad():
            call()
    finally:
        for handle in handles:
            handle.remove()
    return found


def measured(runs: Mapping[str, Call], rounds: int, now: Callable[[], float] | None = None) -> dict[str, list[float]]:
    """The seconds of every run in every round.

    All run once in each round and begin it in turns, so that they meet the same machine; once before nothing is
    measured. `now` is the clock, by default this process's own time if it has one thread.
    """
    now = now or _clock(None)
    found: dict[str, list[float]] = {name: [] for name in runs}
    order = list(runs)
    for call in runs.values():
        call()
    for at in range(rounds):
        turned = order[at % len(order) :] + order[: at % len(order)]
        for name in turned:
            start = now()
            runs[name]()
            found[name].append(now() - start)
    return found


def _clock(unet: nn.Module | None) -> Callable[[], float]:
    """This process's own time where that is all that counts, else that of the wall, after the device has finished."""
    if unet is not None and devices.of(unet).type != "cpu":

        def finished() -> float:
            devices.wait(devices.of(unet))
            return time.perf_counter()

        return finished
    return time.process_time if torch.get_num_threads() == 1 else time.perf_counter


def _names(unet: nn.Module, modules: Iterable[Module]) -> list[str]:
    """The addresses, the UNet itself and the companions that this UNet has."""
    there = {name for name, _ in unet.named_modules()}
    return [WHOLE, *(name for module in modules for name in (module.id, *module.companions) if name in there)]


def _own(modules: Sequence[Module], whole: Mapping[str, float]) -> dict[str, float]:
    """What is left of each inclusive number without what lies inside; a companion's part goes to its module."""
    own = dict(whole)
    for name in whole:
        if name:
            own[_around(name, whole)] -= whole[name]
    found = {WHOLE: own[WHOLE]} | {module.id: 0.0 for module in modules}
    for module in modules:  # what a layer does beside its units goes to the one that closes it, without which it rests
        found[module.branch or module.id] += own[module.id]
        found[module.id] += sum(own.get(name, 0.0) for name in module.companions)
    return {id: max(0.0, number) for id, number in found.items()}


def _around(name: str, known: Mapping[str, float]) -> str:
    """The nearest module around this one that is among the known, "" for the UNet itself."""
    while name:
        name = name.rpartition(".")[0]
        if name in known:
            return name
    return WHOLE
