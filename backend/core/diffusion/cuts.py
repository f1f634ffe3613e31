"""Which parts of a UNet a light one keeps, and what configuration it then has: a cut is data.

After BK-SDM (Kim et al., 2023), whose Base keeps one layer of two in every block, Small leaves out the middle block
too, and Tiny the innermost stage as well; and narrower ones. Knows configurations. Does not know weights.
"""

from dataclasses import dataclass
from fractions import Fraction

from diffusers import UNet2DConditionModel

from backend.errors import UserError

PER_STAGE = ("attention_head_dim", "cross_attention_dim", "layers_per_block", "only_cross_attention")
SHAPE = ("block_out_channels", "layers_per_block", "mid_block_type", "norm_num_groups", "down_block_types")


@dataclass(frozen=True)
class Cut:
    """`layers` of every block are kept, the `mid` block or not; `stages` of the innermost are left out, and of all
    channels the share `width` stays."""

    layers: int = 1
    mid: bool = True
    stages: int = 0
    width: Fraction = Fraction(1)


NETS = {
    "base": Cut(),
    "small": Cut(mid=False),
    "tiny": Cut(mid=False, stages=1),
    "narrow": Cut(width=Fraction(1, 2)),
    "tiny_narrow": Cut(mid=False, stages=1, width=Fraction(1, 2)),
}


def cut_named(net: str | Cut) -> Cut:
    """A cut by its name in `NETS`. Raises UserError for one that is not there."""
    if isinstance(net, Cut):
        return net
    if net not in NETS:
        raise UserError(f"There is no light net {net!r}.", f"one of {', '.join(NETS)}", "Choose one of them.")
    return NETS[net]


def config_of(teacher: UNet2DConditionModel, cut: Cut) -> dict:
    """The configuration of the light UNet. Raises UserError where the teacher cannot be cut so."""
    told = {key: value for key, value in teacher.config.items() if not key.startswith("_")}
    stages = len(told["block_out_channels"])
    if not 0 <= cut.stages < stages:
        found = f"{cut.stages} stages are to be left out of {stages}."
        raise UserError(found, f"at most {stages - 1}", "Leave out fewer stages.")
    kept = stages - cut.stages
    for key in PER_STAGE:
        if isinstance(told[key], list | tuple):
            told[key] = list(told[key][:kept])
    return told | {
        "layers_per_block": _layers(told["layers_per_block"], cut.layers),
        "mid_block_type": told["mid_block_type"] if cut.mid else None,
        "down_block_types": list(told["down_block_types"][:kept]),
        "up_block_types": list(told["up_block_types"][cut.stages :]),
        **_widths(told, list(told["block_out_channels"][:kept]), cut.width),
    }


def cut_of(light: UNet2DConditionModel, teacher: UNet2DConditionModel) -> Cut:
    """The cut by which a light UNet, say one of a folder, was made of this teacher.

    Raises UserError where no cut makes its configuration.
    """
    ours, theirs = light.config, teacher.config
    stages = len(theirs.block_out_channels) - len(ours.block_out_channels)
    layers = ours.layers_per_block
    layers = layers if isinstance(layers, int) else max(layers)
    cut = Cut(
        layers,
        ours.mid_block_type is not None,
        max(stages, 0),
        Fraction(ours.block_out_channels[0], theirs.block_out_channels[0]),
    )
    wanted = config_of(teacher, cut) if stages >= 0 and cut.width <= 1 else {}
    differing = [key for key in SHAPE if _plain(wanted.get(key)) != _plain(ours[key])]
    if differing:
        found = f"The light UNet's {differing[0]} is {_plain(ours[differing[0]])}, which no cut of this teacher has."
        step = "Take a light net that was made of this model."
        raise UserError(found, "fewer layers, stages or channels of the same model", step)
    return cut


def _layers(theirs: int | list[int] | tuple[int, ...], kept: int) -> int | list[int]:
    most = theirs if isinstance(theirs, int) else min(theirs)
    if not 1 <= kept <= most:
        found = f"{kept} layers a block are to be kept of {most}."
        raise UserError(found, f"1 to {most}", "Change the number of layers.")
    return kept if isinstance(theirs, int) else [kept] * len(theirs)


def _widths(told: dict, channels: list[int], width: Fraction) -> dict:
    """Channels, groups and heads at this width. Groups and heads keep their size where that is possible."""
    if not 0 < width <= 1:
        raise UserError(f"A width of {width} is asked.", "a share above 0 and up to 1", "Change the width.")
    ours = [int(c * width) for c in channels]
    groups = _share(told["norm_num_groups"], width)
    if any(c * width % groups for c in channels):
        found = f"A share of {width} of {channels} channels does not come out even in {groups} groups."
        raise UserError(found, f"channels that are multiples of {groups}", "Choose another width, such as 1/2.")
    heads = told["attention_head_dim"]  # the number of heads, whatever its name says
    heads = [_share(h, width) for h in heads] if isinstance(heads, list | tuple) else _share(heads, width)
    return {"block_out_channels": ours, "norm_num_groups": groups, "attention_head_dim": heads}


def _share(count: int, width: Fraction) -> int:
    return int(count * width) if (count * width).denominator == 1 else count


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
