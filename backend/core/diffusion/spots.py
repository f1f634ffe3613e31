"""Where a UNet has to be reached into so that parts of it can be left out: each place, when it runs, and in which form
it hands on what it would have computed.

Knows tables of addresses and the forms that diffusers' blocks and layers answer in. Does not run anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from backend.core.diffusion.dead_code import Program, inside
from backend.core.diffusion.modules import Module


@dataclass(frozen=True)
class Spot:
    """A module by its diffusers' name. It runs where one of `needed` is computed; otherwise it hands on `values`.

    `value` is its own address, "" where it has none of its own; `form` is how the answer is packed: one tensor
    ("plain"), a tuple of one ("single"), or the last value with all of them ("skips"). Where `small` is set nothing
    reads a dead answer's shape, so that one number will do.
    """

    name: str
    needed: frozenset[str]
    values: tuple[str, ...]
    value: str = ""
    form: str = "plain"
    small: bool = False

    def busy(self, program: Program) -> bool:
        """Whether it has anything to do at a step of this program but to run."""
        if self.value in program.kept:
            return True
        return self.value not in program.executed if self.value else program.executed.isdisjoint(self.needed)

    def packed(self, values: Sequence[Tensor]) -> Any:
        """These values in the form in which the module answers."""
        if self.form == "skips":
            return values[-1], tuple(values)
        return tuple(values) if self.form == "single" else values[-1]

    def unpacked(self, answer: Any) -> tuple[Tensor, ...]:
        """The values in such an answer."""
        if self.form == "skips":
            return answer[1]
        return tuple(answer) if self.form == "single" else (answer,)


def spots_of(unet: nn.Module, modules: Sequence[Module]) -> list[Spot]:
    """All places of this UNet at which something can be left out."""
    inner, found = inside(modules), []
    kinds = {module.id: module.kind for module in modules}
    for module in modules:
        needed, resnet = inner[module.id], kinds.get(module.parent) == "resnet"
        if module.is_value:
            form = "single" if module.kind == "attention" else "plain"
            found.append(Spot(module.id, needed, (module.id,), module.id, form, resnet))
            own = frozenset({module.id})
            small = resnet or module.kind == "resnet"
            found += [Spot(name, own, (name,), small=small) for name in module.companions if _has(unet, name)]
            if module.kind == "attention":
                found += _transformer_blocks(module, needed)
        else:
            handed = _handed(module, modules)
            values = handed if module.kind == "down" else handed[-1:]
            found.append(Spot(module.id, needed, values, form="skips" if module.kind == "down" else "plain"))
    return found


def come_to(spots: Sequence[Spot], program: Program) -> list[Spot]:
    """The places that a step of this program comes to: none where nothing runs, else those that lie in nothing that is
    left out."""
    if not program.executed:
        return []
    out = tuple(f"{spot.name}." for spot in spots if program.executed.isdisjoint(spot.needed))
    return [spot for spot in spots if not spot.name.startswith(out)]


def _transformer_blocks(layer: Module, inner: frozenset[str]) -> list[Spot]:
    """The blocks in an attention layer: each runs for its own units and for all that come after it."""
    within = f"{layer.id}.transformer_blocks."
    numbers = {id: int(id.removeprefix(within).split(".")[0]) for id in inner if id.startswith(within)}
    last = f"{layer.id}.proj_out"
    names = {number: f"{within}{number}" for number in sorted(set(numbers.values()))}
    return [
        Spot(name, frozenset({last, *(id for id, other in numbers.items() if other >= number)}), (name,))
        for number, name in names.items()
    ]


def _handed(block: Module, modules: Sequence[Module]) -> tuple[str, ...]:
    """The values that leave a block, in order: after each resnet with its attention, and after a sampler."""
    found: list[str] = []
    for layer in modules:
        if layer.parent == block.id:
            if layer.kind == "attention":
                found.pop()
            found.append(layer.id)
    return tuple(found)


def _has(unet: nn.Module, name: str) -> bool:
    part: Any = unet
    for step in name.split("."):
        part = getattr(part, step, None)
    return part is not None
