"""What a sweep measures: every recipe of the settings, and the plan that somebody drew, each with its words.

Knows recipes and a plan's file; no net.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from backend.core.diffusion.plans import Plan
from backend.errors import UserError
from backend.studies.a_sdm.arms import ARMS, FULL
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.drawing import Studio
from backend.studies.a_sdm.legs import Leg, own_leg
from backend.studies.a_sdm.recipes import Recipe
from backend.studies.a_sdm.words import setting_title

OWN = "own"


@dataclass(frozen=True)
class Entry:
    """A setting of the sweep: a recipe, or a plan for the full model."""

    id: str
    family: str
    title: str
    recipe: Recipe
    plan: Plan | None = None

    def legs(self, studio: Studio) -> tuple[Leg, ...]:
        """Which net runs when. Raises UserError where a plan does not fit it."""
        if self.plan is not None:
            self.plan.check(studio.modules(FULL))
            return own_leg(self.plan, FULL)
        return studio.legs(self.recipe)

    def seeds(self, config: ASdmConfig) -> range:
        """The seeds of its light nets; one where it has none that was trained."""
        return range(config.seeds if any(net in ARMS for net in self.recipe.nets) else 1)

    @property
    def net(self) -> str:
        """The name of its net, "switch" where there are two."""
        return self.recipe.first if self.recipe.then is None else "switch"


def entries_of(config: ASdmConfig) -> list[Entry]:
    """Every setting of the sweep, in order. Raises UserError where the plan cannot be read."""
    found = [Entry(one.text, one.family, setting_title(one), one) for one in config.recipes()]
    if config.plan:
        plan = read_plan(config.plan)
        found.append(Entry(OWN, "inherit", "Plan of your own", Recipe(), plan))
    return found


def entry_of(config: ASdmConfig, id: str) -> Entry:
    """The setting of this name. Raises UserError where there is none."""
    found = {one.id: one for one in entries_of(config)}
    if id not in found:
        raise UserError(f"This run has no setting {id[:80]!r}.", f"one of {', '.join(found)}", "Choose one of them.")
    return found[id]


def read_plan(place: str) -> Plan:
    """The plan of a file. Raises UserError where it is none."""
    try:
        told = json.loads(Path(place).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        found = f"The plan {place} cannot be read ({type(error).__name__})."
        step = "Save one from the map, and set plan to it."
        raise UserError(found, "a plan as JSON", step, kind="setting", about="plan") from error
    return Plan.of(told)
