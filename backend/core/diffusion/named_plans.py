"""Plans by name: the levels of a UNet that can be inherited together, and the published methods that are such plans.

DeepCache (Ma et al., 2024), Faster Diffusion (Li et al., 2023), T-GATE (Zhang et al., 2024) and the attention broadcast
of diffusers (Zhao et al., 2024). Knows tables of addresses and steps. Does not know nets and needs no torch.
"""

from collections.abc import Sequence

from backend.core.diffusion import step_sets
from backend.core.diffusion.modules import Module
from backend.core.diffusion.plans import Inherit, Plan, inheriting_at
from backend.errors import UserError

KINDS = {  # level: the kinds of modules, and how they are read unless said otherwise
    "resnets": (("resnet",), "branch"),
    "attentions": (("attention",), "branch"),
    "cross": (("attn2",), "output"),
    "self": (("attn1",), "output"),
    "ff": (("ff",), "output"),
    "conv2": (("conv2",), "output"),
    "convs": (("conv1", "conv2"), "output"),
}
KEY_STEPS = (0, 1, 2, 3, 5, 10, 15, 25, 35)  # of 50, in the code of Faster Diffusion


def levels_of(modules: Sequence[Module]) -> tuple[str, ...]:
    """The names of all levels of this UNet, blocks first and the innermost of them first."""
    downs = _numbers(modules, "down")
    middle = ["mid"] if _ids(modules, ("mid",)) else []
    deep = [f"deep{number}" for number in downs[:0:-1]]
    return (*middle, *deep, "encoder", "decoder", "whole", *(name for name in KINDS if _ids(modules, KINDS[name][0])))


def level_modules(modules: Sequence[Module], name: str, reading: str | None = None) -> list[tuple[str, str]]:
    """The addresses of a level, each with its reading; `reading` is that of resnets and attentions where given.

    `mid` is the middle block, `deepN` all from down block N to its up block, `encoder` all before the up blocks,
    `decoder` the up blocks, `whole` the answer itself; the others are all modules of a kind. Raises UserError for a
    level that this UNet does not have.
    """
    if name not in levels_of(modules):
        raise UserError(
            f"This UNet has no level {name!r}.", f"one of {', '.join(levels_of(modules))}", "Choose one of them."
        )
    if name in KINDS:
        kinds, usual = KINDS[name]
        return [(id, (reading or usual) if usual == "branch" else "output") for id in _ids(modules, kinds)]
    if name.startswith("deep"):
        first = int(name.removeprefix("deep"))
        ups = _numbers(modules, "up")
        inner = [f"down_blocks.{number}" for number in _numbers(modules, "down")[first:]]
        inner += [*_ids(modules, ("mid",)), *(f"up_blocks.{number}" for number in ups[: len(ups) - first])]
        return [(id, "output") for id in inner]
    kinds = {"mid": ("mid",), "encoder": ("conv_in", "down", "mid"), "decoder": ("up",), "whole": ("conv_out",)}[name]
    return [(id, "output") for id in _ids(modules, kinds)]


def level_plan(
    modules: Sequence[Module], name: str, steps: int, computed: Sequence[int], reading: str | None = None
) -> Plan:
    """This level inherited at all steps that are not among the computed ones."""
    at = inheriting_at(steps, computed)
    return Plan(steps, tuple(Inherit(id, how, at) for id, how in level_modules(modules, name, reading)))


def deepcache(modules: Sequence[Module], steps: int, branch: int, interval: int) -> Plan:
    """DeepCache as it is published: `below_skip` with every `interval`-th step computed."""
    return below_skip(modules, steps, branch, step_sets.every(steps, interval))


def below_skip(modules: Sequence[Module], steps: int, branch: int, computed: Sequence[int]) -> Plan:
    """At all but the computed steps all is inherited that lies below one skip connection, as DeepCache does.

    `branch` is counted from the outside, 0 being the skip from `conv_in` to the last up layer, as `cache_branch_id` of
    DeepCache's helper in a UNet with three layers an up block. It takes one inherited value, what enters that up layer;
    all below it is then dead. Raises UserError for a branch that the UNet does not have.
    """
    resnets = [module for module in modules if module.kind == "resnet" and module.parent.startswith("up_blocks")]
    if not 0 <= branch < len(resnets):
        raise UserError(
            f"There is no branch {branch}.", f"0 to {len(resnets) - 1}, one a skip connection", "Choose one of them."
        )
    entering = resnets[-1 - branch].reads[0]
    return Plan(steps, (Inherit(entering, "output", inheriting_at(steps, computed)),))


def faster_diffusion(modules: Sequence[Module], steps: int, computed: Sequence[int] | None = None) -> Plan:
    """Faster Diffusion: the encoder runs at key steps only, the decoder at all; by default at the method's own nine of
    fifty, and in proportion for other numbers of steps. Its noise added to the latents is left out."""
    if computed is None:
        computed = sorted({step * steps // 50 for step in KEY_STEPS})
    return level_plan(modules, "encoder", steps, computed)


def t_gate(modules: Sequence[Module], steps: int, gate: int) -> Plan:
    """T-GATE's cross-attention: computed before step `gate`, inherited from there on. Guidance stays as it is."""
    return level_plan(modules, "cross", steps, step_sets.gate(steps, gate))


def attention_broadcast(
    modules: Sequence[Module],
    moments: Sequence[float | int],
    interval: int,
    between: tuple[float | int, float | int] = (100, 800),
    kinds: Sequence[str] = ("attn1", "attn2"),
) -> Plan:
    """Pyramid attention broadcast as diffusers has it.

    Attentions of these kinds run at every `interval`-th step, and at all steps whose moment of noise, one of `moments`
    a step, is not within the range.
    """
    low, high = between
    at = tuple(step for step, moment in enumerate(moments) if step % interval and low < moment < high)
    return Plan(len(moments), tuple(Inherit(id, "output", at) for id in _ids(modules, kinds)))


def _ids(modules: Sequence[Module], kinds: Sequence[str]) -> list[str]:
    return [module.id for module in modules if module.kind in kinds]


def _numbers(modules: Sequence[Module], kind: str) -> list[int]:
    return list(range(len(_ids(modules, (kind,)))))
