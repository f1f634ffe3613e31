"""A plan of feature inheritance: at which steps which modules hand on what they computed before. Data that checks
itself.

It is JSON both ways: `{"steps": 20, "inherit": [{"module": "mid_block", "reading": "output", "at": [1, 3]}]}`. Knows
nothing of nets beyond a table of addresses, nothing of torch; inheriting.py carries plans out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import process

from backend.core.diffusion.modules import Module
from backend.errors import UserError

READINGS = ("output", "branch")
MOST = 1000  # steps; schedules of diffusion models have no more moments
SHAPE = '{"steps": 20, "inherit": [{"module": "mid_block", "reading": "output", "at": [1, 3]}]}'


@dataclass(frozen=True)
class Inherit:
    """One module, what of it is inherited, and the steps at which it is, ascending and counted from 0.

    As `output` the module hands on its own value of the last step at which it ran; as `branch` a layer adds the
    residual it computed then to what passes by now.
    """

    module: str
    reading: str
    at: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.reading not in READINGS:
            raise UserError(
                f"{self.module} is to be inherited as {self.reading!r}.", "output or branch", "Choose one of the two."
            )
        object.__setattr__(self, "at", tuple(sorted(set(self.at))))


@dataclass(frozen=True)
class Plan:
    """How many steps there are, counted as calls of the UNet, and what is inherited.

    Entries without steps are left out. Raises UserError where there is nothing to inherit from, where there is no such
    step, and where a module is named twice at one step.
    """

    steps: int
    inherit: tuple[Inherit, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= MOST:
            raise UserError(f"A plan has {self.steps} steps.", f"1 to {MOST}", "Choose how many steps are sampled.")
        object.__setattr__(self, "inherit", tuple(entry for entry in self.inherit if entry.at))
        taken: set[tuple[str, int]] = set()
        for entry in self.inherit:
            self._check_steps(entry)
            twice = taken & {(entry.module, step) for step in entry.at}
            if twice:
                raise UserError(
                    f"{entry.module} is inherited twice at step {min(twice)[1]}.",
                    "a module once a step, as output or as branch",
                    "Leave one of the two out.",
                )
            taken |= {(entry.module, step) for step in entry.at}

    def _check_steps(self, entry: Inherit) -> None:
        if entry.at[0] == 0:
            raise UserError(
                f"{entry.module} is to be inherited at step 0, before anything was computed.",
                "steps from 1 on",
                "Let step 0 be computed: take it out of the plan.",
            )
        if entry.at[0] < 0 or entry.at[-1] >= self.steps:
            odd = entry.at[0] if entry.at[0] < 0 else entry.at[-1]
            raise UserError(
                f"{entry.module} is to be inherited at step {odd}.",
                f"steps from 1 to {self.steps - 1}, as the plan has {self.steps}",
                "Take the step out of the plan, or sample more steps.",
            )

    def at(self, step: int) -> dict[str, str]:
        """The modules inherited at this step, each with its reading."""
        return {entry.module: entry.reading for entry in self.inherit if step in entry.at}

    def check(self, modules: Iterable[Module]) -> None:
        """Raise UserError where a module is not among these, or has no branch of its own to inherit."""
        known = {module.id: module for module in modules}
        for entry in self.inherit:
            if entry.module not in known:
                raise UserError(
                    f"The UNet has no module {entry.module!r}.",
                    f"an address of this UNet, such as {', '.join(_near(entry.module, known))}",
                    "Write the module's name as diffusers does.",
                )
            module = known[entry.module]
            if entry.reading == "branch" and module.branch is None:
                raise UserError(
                    f"{entry.module} is to be inherited as branch, and it is {_what(module)}.",
                    "output: only resnets and attention layers add a branch to what passes by",
                    'Write "output" for it, or inherit the layers inside as branch.',
                )

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON says it."""
        entries = [{"module": one.module, "reading": one.reading, "at": list(one.at)} for one in self.inherit]
        return {"steps": self.steps, "inherit": entries}

    @classmethod
    def of(cls, told: Any) -> "Plan":
        """The plan of what JSON said. Raises UserError where it is none."""
        try:
            entries = [(one["module"], one.get("reading", "output"), one["at"]) for one in told.get("inherit", ())]
            steps, sound = told["steps"], all(isinstance(one, str) for entry in entries for one in entry[:2])
            numbers = [steps, *(step for entry in entries for step in entry[2])]
        except (AttributeError, KeyError, TypeError):
            sound, numbers = False, []
        if not sound or not all(type(number) is int for number in numbers):
            raise UserError("This is no plan.", f"a plan such as {SHAPE}", "Write it so, with steps counted from 0.")
        return cls(steps, tuple(Inherit(module, reading, tuple(at)) for module, reading, at in entries))


def inheriting_at(steps: int, computed: Sequence[int]) -> tuple[int, ...]:
    """The steps that are not among the computed ones."""
    return tuple(step for step in range(steps) if step not in set(computed))


def _what(module: Module) -> str:
    if module.level == "unit":
        return "a unit, whose value is added whole, so that both readings were the same"
    return "a block of layers" if not module.is_value else f"a layer of the kind {module.kind}"


def _near(name: str, known: dict[str, Module], count: int = 3) -> list[str]:
    """The addresses that are written most alike."""
    return [found for found, *_ in process.extract(name, list(known), limit=count)]
