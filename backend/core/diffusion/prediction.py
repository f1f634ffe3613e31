"""What a plan will cost, from a table of what each module costs by itself: sums over what runs at each step.

The numbers may be operations or milliseconds. Knows tables and plans. Does not know nets and needs no torch.
"""

from collections.abc import Mapping, Sequence

from backend.core.diffusion.dead_code import inside, programs
from backend.core.diffusion.modules import Module, ancestors
from backend.core.diffusion.plans import Plan

WHOLE = ""  # the address of the UNet itself: what runs at every step at which anything does


def step_costs(modules: Sequence[Module], own: Mapping[str, float], plan: Plan) -> list[float]:
    """What each step costs. `own` is what a module costs beside the modules in it, the UNet's being that of ""."""
    inner, found = inside(modules), []
    for program in programs(modules, plan):
        ran = [module.id for module in modules if not program.executed.isdisjoint(_needed(module, inner))]
        found.append(sum(own[id] for id in ran) + (own[WHOLE] if ran else 0.0))
    return found


def predicted(modules: Sequence[Module], own: Mapping[str, float], plan: Plan) -> float:
    """The plan's cost as a share of as many full steps."""
    full = inclusive(modules, own)[WHOLE]
    return sum(step_costs(modules, own, plan)) / (plan.steps * full) if full else 0.0


def inclusive(modules: Sequence[Module], own: Mapping[str, float]) -> dict[str, float]:
    """What each module costs with all modules in it; the UNet's is that of a full step."""
    found = dict(own)
    for id, around in ancestors(modules).items():
        for outer in (*around, WHOLE):
            found[outer] += own[id]
    return found


def _needed(module: Module, inner: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset({module.id}) if module.is_value else inner[module.id]
