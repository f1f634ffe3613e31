"""Settings of the sweep as people write them: which nets run, what is inherited, in how many steps. Text both ways.

`deep1@uniform10` inherits the level deep1 at all but 10 evenly placed steps; `base>full@5` lets the arm base run 5
steps and the full UNet the rest; `base+deep1@uniform10` is both in one; `:10` at the end means 10 steps in all.
Knows the grammar; no UNet and no torch.
"""

import re
from dataclasses import dataclass

from backend.core.diffusion import step_sets
from backend.errors import UserError
from backend.studies.a_sdm.arms import ARMS, FULL

LEVELS = (
    "mid",
    "deep2",
    "deep1",
    "encoder",
    "decoder",
    "whole",
    "resnets",
    "attentions",
    "cross",
    "self",
    "ff",
    "conv2",
    "convs",
)
ANY = -1
SETS = {  # name -> how many numbers it takes
    "uniform": 1,
    "start": 1,
    "middle": 1,
    "end": 1,
    "every": 1,
    "warmup": 2,
    "gate": 1,
    "change": 1,
    "hand": ANY,
}
NAMED = ("deepcache", "faster", "tgate", "broadcast")
AT_INTERVALS = ("broadcast",)  # computes every so many steps and knows no other set
EXAMPLES = "such as deep1@uniform10, resnets.output@every2, deepcache0@every3 or tgate@gate8"
WRITE = "Write one of those; the study's README has the grammar."


@dataclass(frozen=True)
class Inheritance:
    """What is inherited: `level` or a named plan with `branch` (of deepcache), in a `reading` ("" for the usual one),
    at all steps that the set does not hold; `numbers` are the set's own."""

    level: str
    reading: str
    branch: int
    set: str
    numbers: tuple[float, ...]

    @property
    def text(self) -> str:
        """As it is written."""
        what = self.level + (str(self.branch) if self.level == "deepcache" else "")
        numbers = "_".join(f"{number:g}" for number in self.numbers)
        return f"{what}{f'.{self.reading}' if self.reading else ''}@{self.set}{numbers}"


@dataclass(frozen=True)
class Recipe:
    """A setting: `first` runs until step `until` and `then` the rest; one net alone has no `then`. `steps` None: the
    run's own number."""

    first: str = FULL
    then: str | None = None
    until: int = 0
    inherit: Inheritance | None = None
    steps: int | None = None

    @property
    def nets(self) -> tuple[str, ...]:
        """Whoever runs, each once."""
        return (self.first,) if self.then is None else (self.first, self.then)

    @property
    def text(self) -> str:
        """As it is written; also the setting's id."""
        nets = self.first if self.then is None else f"{self.first}>{self.then}@{self.until}"
        parts = [] if nets == FULL and self.inherit else [nets]
        told = "+".join([*parts, *([self.inherit.text] if self.inherit else [])])
        return told + (f":{self.steps}" if self.steps else "")

    @property
    def family(self) -> str:
        """full, fewer_steps, inherit, light, switch or combined."""
        many = (self.then is not None) + (self.inherit is not None) + (self.then is None and self.first != FULL)
        if many + (self.steps is not None) > 1:
            return "combined"
        if self.then is not None:
            return "switch"
        if self.inherit is not None:
            return "inherit"
        return "light" if self.first != FULL else "fewer_steps" if self.steps else "full"


def recipe_of(text: str, known: tuple[str, ...] = tuple(ARMS)) -> Recipe:
    """The recipe that a text spells; `known` are the nets beside the full one.

    Raises UserError where it spells none.
    """
    body, colon, steps = text.strip().partition(":")
    if colon and not re.fullmatch(r"[1-9]\d{0,3}", steps):
        raise _odd(text, "its number of steps")
    nets, plus, plan = body.partition("+")
    if not plus and not _is_nets(nets, known):
        nets, plan = FULL, body
    if not body or (plus and not plan):
        raise _odd(text, "what it inherits")
    return Recipe(
        *_nets_of(nets, known, text), _inherit_of(plan, text) if plan else None, int(steps) if colon else None
    )


def steps_of(inherit: Inheritance, steps: int, changes: list[float] | None = None) -> tuple[int, ...]:
    """The steps that are computed. `changes`, of the first block from step to step, are what `change` looks at.

    Raises UserError where the numbers do not fit the number of steps.
    """
    first, *rest = inherit.numbers
    if inherit.set == "change":
        return step_sets.by_change(changes or [0.0] * steps, first)
    if inherit.set == "warmup":
        return step_sets.warm_up(steps, int(first), int(rest[0]))
    if inherit.set == "hand":
        return step_sets.by_hand(steps, [int(number) for number in inherit.numbers])
    named = {
        "uniform": step_sets.uniform,
        "start": step_sets.dense_start,
        "middle": step_sets.dense_middle,
        "end": step_sets.dense_end,
        "every": step_sets.every,
        "gate": step_sets.gate,
    }
    return named[inherit.set](steps, int(first))


def _is_nets(text: str, known: tuple[str, ...]) -> bool:
    return text.partition(">")[0] in (FULL, *known)


def _nets_of(text: str, known: tuple[str, ...], whole: str) -> tuple[str, str | None, int]:
    names = (FULL, *known)
    found = re.fullmatch(r"([\w./-]+)(?:>([\w./-]+)@(\d{1,4}))?", text)
    if not found or found[1] not in names or (found[2] or FULL) not in names:
        raise UserError(
            f"{whole!r} names no net of this run.",
            f"some of {', '.join(names)}",
            "Add the arm to arms, or name another.",
        )
    if found[2] is None:
        return found[1], None, 0
    if found[1] == found[2] or int(found[3]) < 1:
        raise _odd(whole, "its switch", "two nets and a step from 1 on, such as base>full@5")
    return found[1], found[2], int(found[3])


def _inherit_of(text: str, whole: str) -> Inheritance:
    found = re.fullmatch(r"([a-z_]+)(\d?)(?:\.(output|branch))?@([a-z]+)([\d._]+)", text)
    if not found or found[4] not in SETS:
        raise _odd(whole, "what it inherits")
    cache = found[1] == "deepcache" and found[2] and not found[3]
    level = found[1] if cache else found[1] + found[2]
    if level not in (*LEVELS, *NAMED) or (level == "deepcache" and not cache):
        raise _odd(whole, "what it inherits")
    if level in AT_INTERVALS and found[4] != "every":
        raise _odd(whole, "its steps", f"an interval, such as {level}{found[2]}@every2")
    try:
        numbers = tuple(float(number) for number in found[5].split("_"))
    except ValueError as error:
        raise _odd(whole, "its numbers") from error
    if len(numbers) != SETS[found[4]] and SETS[found[4]] != ANY:
        raise _odd(whole, "its numbers")
    least = {"hand": 0, "change": None}.get(found[4], 1)
    if least is not None and any(number % 1 or number < least for number in numbers):
        raise _odd(whole, "its numbers")
    return Inheritance(level, found[3] or "", int(found[2]) if cache else 0, found[4], numbers)


def _odd(text: str, what: str, expected: str = EXAMPLES) -> UserError:
    return UserError(f"{text!r} cannot be read: {what}.", f"a setting {expected}", WRITE)
