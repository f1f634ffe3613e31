"""The addresses of a UNet: its blocks, layers and units in the order in which they run, and what each of them reads.

Addresses are diffusers' own names of the modules. A *value* is what one of them hands on: a unit its result, a layer
its sum with what passes by; blocks of layers are containers and hand on values of their layers. What reads what is
known of the block classes of Stable Diffusion. Looks at the UNet's parts but runs nothing and needs no torch, and the
rows can be written down and read where the UNet is not.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from backend.errors import UserError

LEVELS = ("block", "layer", "unit")
CONTAINERS = ("down", "mid", "up")
RESIDUAL = {"resnet": "conv2", "attention": "proj_out"}  # kind of layer: the unit that is added to what passes by
KNOWN = (
    "DownBlock2D",
    "CrossAttnDownBlock2D",
    "UNetMidBlock2D",
    "UNetMidBlock2DCrossAttn",
    "UpBlock2D",
    "CrossAttnUpBlock2D",
)


@dataclass(frozen=True)
class Module:
    """A module with an address. `parent` is the layer or block around it, "" for those of the UNet itself; `reads` are
    the addresses whose values it consumes, beside latents, time and words; containers read nothing themselves."""

    id: str
    level: str
    kind: str
    parent: str = ""
    reads: tuple[str, ...] = ()

    @property
    def is_value(self) -> bool:
        """Whether it hands on a value of its own, which all but the containers do."""
        return self.kind not in CONTAINERS

    @property
    def branch(self) -> str | None:
        """The unit whose value is this layer's residual branch; None where there is none."""
        return f"{self.id}.{RESIDUAL[self.kind]}" if self.kind in RESIDUAL else None

    @property
    def companions(self) -> tuple[str, ...]:
        """Modules without an address that run where this value is computed and nowhere else, mostly norms before it.

        Not every UNet has all of them.
        """
        around = self.id.rpartition(".")[0]
        inner = {"resnet": ("conv_shortcut",)}
        outer = {
            "conv1": ("norm1",),
            "conv2": ("time_emb_proj", "norm2"),
            "proj_in": ("norm",),
            "attn1": ("norm1",),
            "attn2": ("norm2",),
            "ff": ("norm3",),
            "conv_out": ("conv_norm_out",),
        }
        names = [f"{self.id}.{name}" for name in inner.get(self.kind, ())]
        return (*names, *(f"{around}.{name}".lstrip(".") for name in outer.get(self.kind, ())))

    def row(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        return asdict(self) | {"reads": list(self.reads)}

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> "Module":
        """The module of a row, which may say more than that."""
        return cls(row["id"], row["level"], row["kind"], row["parent"], tuple(row["reads"]))


def ancestors(modules: Iterable[Module]) -> dict[str, tuple[str, ...]]:
    """For every address the modules around it, the outermost first."""
    found: dict[str, tuple[str, ...]] = {}
    for module in modules:
        found[module.id] = (*found[module.parent], module.parent) if module.parent else ()
    return found


def modules_of(unet: Any) -> tuple[Module, ...]:
    """All addresses of a `UNet2DConditionModel` in execution order.

    Raises UserError for block classes of another family.
    """
    _check_family(unet)
    walk = _Walk()
    walk.add("conv_in", "block", "conv_in")
    skips = ["conv_in"]
    for number, block in enumerate(unet.down_blocks):
        skips += walk.block(f"down_blocks.{number}", "down", block)
    if unet.mid_block is not None:
        walk.block("mid_block", "mid", unet.mid_block)
    for number, block in enumerate(unet.up_blocks):
        walk.block(f"up_blocks.{number}", "up", block, skips)
    walk.add("conv_out", "block", "conv_out", reads=(walk.last,))
    return tuple(walk.modules)


def _check_family(unet: Any) -> None:
    blocks = [*unet.down_blocks, *([] if unet.mid_block is None else [unet.mid_block]), *unet.up_blocks]
    odd = sorted({type(block).__name__ for block in blocks} - set(KNOWN))
    if odd:
        raise UserError(
            f"The UNet has blocks of the class {', '.join(odd)}.",
            f"those of Stable Diffusion: {', '.join(KNOWN)}",
            "Choose a UNet2DConditionModel of that family: of others it is not known what reads what.",
        )


class _Walk:
    """Collects modules in the order in which they run; `last` is the value that would be read next."""

    def __init__(self) -> None:
        self.modules: list[Module] = []
        self.last = ""

    def add(self, id: str, level: str, kind: str, parent: str = "", reads: Iterable[str] = ()) -> None:
        self.modules.append(Module(id, level, kind, parent, tuple(dict.fromkeys(reads))))
        self.last = id

    def block(self, id: str, kind: str, block: Any, skips: list[str] | None = None) -> list[str]:
        """One block with its layers; what it hands on beside the last value. Takes from `skips` what it reads."""
        before, handed = self.last, []
        self.add(id, "block", kind)
        self.last = before
        attentions = list(getattr(block, "attentions", None) or [])
        if kind == "mid":  # it begins with a resnet, and each attention has one after it
            attentions = [None, *attentions]
        for number in range(len(block.resnets)):
            attention = attentions[number] if attentions else None
            if attention is not None and kind == "mid":
                self.attention(f"{id}.attentions.{number - 1}", id, attention)
            self.resnet(f"{id}.resnets.{number}", id, (self.last, skips.pop()) if skips is not None else (self.last,))
            if attention is not None and kind != "mid":
                self.attention(f"{id}.attentions.{number}", id, attention)
            handed.append(self.last)
        for name, kind_of_layer in (("downsamplers", "downsampler"), ("upsamplers", "upsampler")):
            for number, _ in enumerate(getattr(block, name, None) or []):
                self.add(f"{id}.{name}.{number}", "layer", kind_of_layer, id, (self.last,))
                handed.append(self.last)
        return handed

    def resnet(self, id: str, parent: str, reads: tuple[str, ...]) -> None:
        self.add(f"{id}.conv1", "unit", "conv1", id, reads)
        self.add(f"{id}.conv2", "unit", "conv2", id, (self.last,))
        self._close(id, "resnet", parent, (*reads, self.last))

    def attention(self, id: str, parent: str, layer: Any) -> None:
        """A transformer's units: each reads the sum of all before it in the layer."""
        taken = self.last
        self.add(f"{id}.proj_in", "unit", "proj_in", id, (taken,))
        passing = [self.last]
        for number, inner in enumerate(layer.transformer_blocks):
            for kind in ("attn1", "attn2", "ff"):
                if getattr(inner, kind, None) is not None:
                    self.add(f"{id}.transformer_blocks.{number}.{kind}", "unit", kind, id, passing)
                    passing = [*passing, self.last]
        self.add(f"{id}.proj_out", "unit", "proj_out", id, passing)
        self._close(id, "attention", parent, (taken, self.last))

    def _close(self, id: str, kind: str, parent: str, reads: tuple[str, ...]) -> None:
        """The layer itself, before its units, as its address opens what they belong to."""
        first = next(at for at, module in enumerate(self.modules) if module.parent == id)
        self.modules.insert(first, Module(id, "layer", kind, parent, tuple(dict.fromkeys(reads))))
        self.last = id
