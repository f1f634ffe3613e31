"""What of a plan is computed, what is inherited and what is dead, since nobody reads it: found before anything runs.

The plan is unrolled over all its steps: a value is a module at a step. An inherited value is the one of an earlier
step, and so is a value that reads nothing new. What the answers of all steps do not lead back to is dead. So plans
with equal pictures cost the same, however they are written down.

Knows tables of addresses and plans. Does not know nets and needs no torch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.core.diffusion.modules import Module, ancestors
from backend.core.diffusion.plans import Plan

ANSWER = "conv_out"
MOVING = ("conv_in", "conv2")  # kinds that read what is new at every step: the latents, the time
STATES = ("computed", "inherited", "dead")


@dataclass(frozen=True)
class Program:
    """One step: the addresses whose values are computed, those handed on from an earlier step and read, and those of
    the computed ones that a later step reads."""

    executed: frozenset[str]
    given: frozenset[str]
    kept: frozenset[str]


def programs(modules: Sequence[Module], plan: Plan) -> tuple[Program, ...]:
    """One program a step. Raises UserError where the plan does not fit these modules."""
    plan.check(modules)
    origins, reads = _origins(modules, plan), {module.id: module.reads for module in modules}
    executed, given, kept = ([set() for _ in range(plan.steps)] for _ in range(3))
    waiting = [(ANSWER, step) for step in range(plan.steps)]
    seen = set(waiting)
    while waiting:
        id, step = waiting.pop()
        origin = origins[step][id]
        if origin == step:
            executed[step].add(id)
            led = [(read, step) for read in reads[id]]
        else:
            given[step].add(id)
            kept[origin].add(id)
            led = [(id, origin)]
        waiting += [value for value in led if value not in seen]
        seen.update(led)
    return tuple(Program(*map(frozenset, sets)) for sets in zip(executed, given, kept, strict=True))


def states(modules: Sequence[Module], plan: Plan) -> dict[str, list[str]]:
    """For every address its state at every step.

    A block of layers is computed where anything in it is, else inherited where something of it is read, else dead. A
    layer whose branch is inherited counts as inherited, though its sum is computed.
    """
    inner, found = inside(modules), programs(modules, plan)
    return {module.id: [_state(module, inner[module.id], program) for program in found] for module in modules}


def inside(modules: Iterable[Module]) -> dict[str, frozenset[str]]:
    """For every address the values that it consists of, its own among them."""
    modules = tuple(modules)
    found: dict[str, set[str]] = {module.id: {module.id} if module.is_value else set() for module in modules}
    around = ancestors(modules)
    for module in modules:
        if module.is_value:
            for outer in around[module.id]:
                found[outer].add(module.id)
    return {id: frozenset(values) for id, values in found.items()}


def _state(module: Module, inner: frozenset[str], program: Program) -> str:
    values = {module.id} if module.is_value else inner
    if values & program.executed and module.branch not in program.given:
        return "computed"
    return "inherited" if values & (program.given | program.executed) else "dead"


def _origins(modules: Sequence[Module], plan: Plan) -> list[dict[str, int]]:
    """For every step and value the step at which that value was computed.

    What is inherited comes from the last step at which that very module ran, which it does unless it or what is around
    it is inherited. A value that reads only what it read when it was last computed is still that value.
    """
    around = {id: (*outer, id) for id, outer in ancestors(modules).items()}
    branches, values = {module.id: module.branch for module in modules}, _running_order(modules)
    ran = dict.fromkeys(around, 0)  # the last step at which each module ran
    found: list[dict[str, int]] = []
    for step in range(plan.steps):
        taken = {branches[id] if reading == "branch" else id for id, reading in plan.at(step).items()}
        now: dict[str, int] = {}
        found.append(now)
        for value in values:
            outermost = next((id for id in around[value.id] if id in taken), None)
            if outermost is not None:
                now[value.id] = found[ran[outermost]][value.id]
            else:
                now[value.id] = _computed_at(value, step, found)
        ran |= {id: step for id in around if not taken.intersection(around[id])}
    return found


def _computed_at(value: Module, step: int, found: list[dict[str, int]]) -> int:
    """This step, unless the value reads nothing new; `found` has all values before it."""
    if step == 0 or value.kind in MOVING:
        return step
    last = found[step - 1][value.id]
    return last if all(found[step][read] == found[last][read] for read in value.reads) else step


def _running_order(modules: Sequence[Module]) -> list[Module]:
    """The values in an order in which each comes after what it reads: a layer's sum after its units."""
    ordered: list[Module] = []
    open_layers: list[Module] = []
    for module in modules:
        while open_layers and module.parent != open_layers[-1].id:
            ordered.append(open_layers.pop())
        if module.branch:
            open_layers.append(module)
        elif module.is_value:
            ordered.append(module)
    return ordered + open_layers[::-1]
