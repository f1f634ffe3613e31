"""What the page calls attributes, objectives and writers, and how it writes their numbers. Plain values in, text out.

Knows the names in the files of an active inheritance run. Knows no widget and no markup.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.studies.active_inheritance.objectives import OBJECTIVES, SUM
from backend.studies.active_inheritance.words import AIMS
from components.frame.words import minus

ENOUGH_WORDS = 50  # below it MTLD says little


@dataclass(frozen=True)
class Attribute:
    """Something that is measured of a text. `share`: 0 to 1, written in percent; else with so many `digits`.

    `more` and `less` say what students do whose mean is higher or lower by a part, `{}`; `much`, of a share, what
    students do who have it. `long`: measured of texts alone that have as many words as variety wants.
    """

    name: str
    title: str
    more: str
    less: str
    much: str = ""
    unit: str = ""
    digits: int = 1
    share: bool = False
    long: bool = False


ATTRIBUTES = (
    Attribute("length", "Length", "write {} more words", "write {} fewer words", unit="words"),
    Attribute("mtld", "MTLD", "have a {} higher MTLD", "have a {} lower MTLD"),
    Attribute("mtld_long", "MTLD of long texts", "have a {} higher MTLD", "have a {} lower MTLD", long=True),
    Attribute("mattr", "MATTR", "have a {} higher MATTR", "have a {} lower MATTR", digits=3),
    Attribute(
        "mattr_long", "MATTR of long texts", "have a {} higher MATTR", "have a {} lower MATTR", digits=3, long=True
    ),
    Attribute("fog", "Gunning Fog", "have a {} higher Fog index", "have a {} lower Fog index"),
    Attribute("rix", "RIX", "have a {} higher RIX", "have a {} lower RIX", digits=2),
    Attribute(
        "rude", "Rude texts", "write {} more rude texts", "write {} fewer rude texts", "write {} rude texts", share=True
    ),
    Attribute(
        "truth",
        "True sentences",
        "write {} more true sentences",
        "write {} fewer true sentences",
        "write {} true sentences",
        share=True,
    ),
)
BY_NAME = {attribute.name: attribute for attribute in ATTRIBUTES}
SCORED = tuple(attribute.name for attribute in ATTRIBUTES if not attribute.long)  # what each text of the pool has


def button(objective: str) -> str:
    """What the button of an objective says: 'Longest'; of another version, its own name."""
    said = AIMS.get(objective, objective)
    return said[:1].upper() + said[1:]


def chosen(objective: object) -> str:
    """'the longest'."""
    return f"the {AIMS[objective]}" if objective in AIMS else f"the best by {objective}"


def weights_of(objective: str, config: Mapping) -> dict[str, float]:
    """Attribute -> weight in an objective: 1 or -1 of its own, of a sum what the run's settings say."""
    if objective in OBJECTIVES:
        attribute, sign = OBJECTIVES[objective]
        return {attribute: float(sign)}
    weights: dict[str, float] = {}
    for part in config.get("weights") or () if objective == SUM else ():
        name, _, weight = str(part).partition(":")
        if name in OBJECTIVES and (number := _number(weight)):
            attribute, sign = OBJECTIVES[name]
            weights[attribute] = weights.get(attribute, 0.0) + sign * number
    return weights


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def value(number: float, attribute: Attribute) -> str:
    """A mean: '26.7', '58 %'."""
    return minus(f"{100 * number:.0f} %" if attribute.share else f"{number:.{attribute.digits}f}")


def move(number: float, attribute: Attribute) -> str:
    """A difference with its sign: '+20.6 words', '−42 points'."""
    if attribute.share:
        return minus(f"{100 * number:+.0f} points")
    return minus(f"{number:+.{attribute.digits}f}{' ' if attribute.unit else ''}{attribute.unit}")


def bounds(low: float, high: float, attribute: Attribute) -> str:
    """'18.9 to 22.2', of a share in percent or points."""
    scale, digits = (100, 0) if attribute.share else (1, attribute.digits)
    return minus(f"{scale * low:.{digits}f} to {scale * high:.{digits}f}")


def arm_title(arm: str, objective: object = None, k: object = None) -> str:
    """Who was taught what: 'Taught the longest of 8', 'Before'."""
    what = f"{chosen(objective)} of {k}" if k else chosen(objective)
    titles = {
        "before": "Before",
        "before_passive": "Before",
        "random": "Taught random texts",
        "best": f"Taught {what}",
        "worst": f"Taught the opposite of {what}",
        "best_of_two": f"Taught {what}, both talkers",
    }
    return titles.get(arm, arm)
