"""Settings as legs: which net runs from which step to which, and what it inherits on the way.

Every net has its own plan over its own steps, since caches are a net's own and its first step has nothing to inherit.
Knows recipes and tables of addresses; no tensor.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from backend.core.diffusion import named_plans
from backend.core.diffusion.modules import Module
from backend.core.diffusion.plans import Inherit, Plan
from backend.studies.a_sdm.recipes import Inheritance, Recipe, steps_of

Modules = Callable[[str], Sequence[Module]]  # the addresses of a net


@dataclass(frozen=True)
class Leg:
    """`net` answers from step `first` until before step `last`. Where `threshold` is set, steps inherit only where the
    first block has changed no more."""

    net: str
    first: int
    last: int
    plan: Plan | None = None
    threshold: float | None = None


def legs_of(recipe: Recipe, steps: int, modules: Modules, moments: Sequence[float]) -> tuple[Leg, ...]:
    """The legs of a setting; `steps` is the run's own number, `moments` the noise's of each step of the setting.

    Raises UserError where a plan does not fit a net.
    """
    steps = recipe.steps or steps
    if recipe.then is None:
        spans = [(recipe.first, 0, steps)]
    else:
        spans = [(recipe.first, 0, recipe.until), (recipe.then, recipe.until, steps)]
    if recipe.inherit is None:
        return tuple(Leg(*span) for span in spans)
    found = []
    for net, first, last in spans:
        whole, threshold = plan_of(recipe.inherit, modules(net), steps, moments)
        found.append(Leg(net, first, last, within(whole, first, last), threshold))
    return tuple(found)


def plan_of(
    inherit: Inheritance, modules: Sequence[Module], steps: int, moments: Sequence[float]
) -> tuple[Plan, float | None]:
    """The plan of a net, and the threshold where the first block decides.

    Raises UserError where it has no such level.
    """
    if inherit.set == "change":
        computed, threshold = (0,), inherit.numbers[0]
    else:
        computed, threshold = steps_of(inherit, steps), None
    number = int(inherit.numbers[0])
    if inherit.level == "deepcache":
        return named_plans.below_skip(modules, steps, inherit.branch, computed), threshold
    if inherit.level == "broadcast":
        return named_plans.attention_broadcast(modules, moments, number), None
    if inherit.level == "faster":
        return named_plans.faster_diffusion(modules, steps, computed), threshold
    if inherit.level == "tgate":
        return named_plans.level_plan(modules, "cross", steps, computed), threshold
    return named_plans.level_plan(modules, inherit.level, steps, computed, inherit.reading or None), threshold


def within(plan: Plan, first: int, last: int) -> Plan:
    """The plan of the steps from `first` until before `last`, counted anew; the first of them is computed."""
    shifted = [replace(one, at=tuple(step - first for step in one.at if first < step < last)) for one in plan.inherit]
    return Plan(last - first, tuple(shifted))


def joined(legs: Sequence[Leg], plans: Sequence[Plan | None]) -> Plan | None:
    """One plan of all legs, as a map shows it; None where nothing is inherited. `plans` are those carried out."""
    at: dict[tuple[str, str], list[int]] = {}
    for leg, plan in zip(legs, plans, strict=True):
        for one in plan.inherit if plan else ():
            at.setdefault((one.module, one.reading), []).extend(step + leg.first for step in one.at)
    if not at:
        return None
    return Plan(legs[-1].last, tuple(Inherit(module, reading, tuple(steps)) for (module, reading), steps in at.items()))


def own_leg(plan: Plan, net: str) -> tuple[Leg, ...]:
    """A plan that somebody drew, carried out by one net."""
    return (Leg(net, 0, plan.steps, plan),)


def computed(legs: Sequence[Leg], plans: Sequence[Plan | None]) -> int:
    """Steps at which nothing is inherited."""
    found = 0
    for leg, plan in zip(legs, plans, strict=True):
        inherited = {step for one in plan.inherit for step in one.at} if plan else set()
        found += leg.last - leg.first - len(inherited)
    return found


def runners(legs: Sequence[Leg]) -> list[str] | None:
    """Who runs each step; None where one net runs all."""
    if len(legs) == 1:
        return None
    return [leg.net for leg in legs for _ in range(leg.first, leg.last)]
