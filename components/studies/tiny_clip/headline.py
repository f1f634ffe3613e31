"""What a finished run came to, in a few plain sentences, each with its interval.

Says that something helps only where the 95 % interval does not hold zero. Knows summary.json; no widget.
"""

from collections.abc import Mapping
from html import escape

from components.frame.words import count
from components.studies.tiny_clip import reading, words
from components.studies.tiny_clip.reading import Crossing, Spread

BEST = ("both", "inherit")  # whose crossing the first sentence is about
ADDS = (  # an arm against another, and what the difference is of
    ("affinity", "scratch", "Affinity mimicking", "from a random start"),
    ("both", "inherit", "Affinity mimicking", "after manual inheritance"),
)
KEEPS = {  # what an arm keeps of the teacher: the first that a run has opens the head
    "auto": "learned masks keep",
    "both": "leading slices with affinity keep",
    "scratch": "scratch has",
}


def headline_markup(summary: Mapping) -> str:
    """The sentences as markup; empty where the run has no figures."""
    said = [*kept(summary), *saved(summary), *added(summary)]
    if not said:
        return ""
    seeds = max((one.seeds for one in reading.figures(summary).values()), default=0)
    about = f"In brackets: 95 % intervals over {count(seeds, 'seed')}." if seeds > 1 else "One seed has no interval."
    return f'<p class="ds-watching">{escape(" ".join(said))}</p><p class="ds-run-about">{escape(about)}</p>'


def saved(summary: Mapping) -> list[str]:
    """How many updates inheritance saves."""
    found = reading.crossings(summary)
    arm = next((arm for arm in BEST if found.get(arm)), None)
    return [crossed(found[arm], arm)] if arm else []


def crossed(found: list[Crossing], arm: str) -> str:
    """'... reaches scratch's end in 21 % of its updates (12 to 30), in 5 of 5 seeds.'"""
    who = "Inheritance with affinity" if arm == "both" else "Inheritance"
    parts = [one.part for one in found if one.part is not None]
    if not parts:
        return f"{who} never reached scratch's end in {count(len(found), 'seed')}."
    if len(parts) < len(found):
        return f"{who} reached scratch's end in {len(parts)} of {count(len(found), 'seed')}."
    spread = reading.interval(parts)
    bounds = f" ({100 * max(0.0, spread.low):.0f} to {100 * spread.high:.0f})" if spread.known else ""
    seeds = f"{len(parts)} of {count(len(found), 'seed')}"
    return f"{who} reached scratch's end after {100 * spread.mean:.0f} % of its updates{bounds}, in {seeds}."


def kept(summary: Mapping) -> list[str]:
    """'At 28.5 % of the teacher's blocks, learned masks keep 97.0 % of its top-5 (95.1 to 98.9).' Then, of that size,
    'Scratch has 10.3 % (7.6 to 13.0).'"""
    rows = reading.rows_of(summary, "teacher_share", ("arm", "metric"), ("mean",))
    shares = {row["arm"]: reading.spread_of(row) for row in rows if row["metric"] == words.HEADLINE}
    there = [arm for arm in KEEPS if arm in shares]
    size = reading.sizes(summary).get(there[0], {}).get("blocks") if there else None
    if not size:
        return []
    best, *others = there
    first = f"{KEEPS[best]} {words.share(shares[best].mean)} of its top-5{ends(shares[best])}"
    return [
        f"At {words.share(size)} of the teacher's blocks, {first}.",
        *(f"{KEEPS[arm].capitalize()} {words.share(shares[arm].mean)}{ends(shares[arm])}." for arm in others),
    ]


def ends(one: Spread) -> str:
    return f" ({words.between(one.low, one.high)})" if one.known else ""


def added(summary: Mapping) -> list[str]:
    """What each part adds, in points of zero-shot top-5."""
    found = reading.differences(summary)
    there = [(found.get((arm, against, words.HEADLINE)), what, where) for arm, against, what, where in ADDS]
    return [sentence(one, what, where) for one, what, where in there if one and one.known]


def sentence(one: Spread, what: str, where: str) -> str:
    bounds = words.moved(one.low, one.high)
    if one.holds_zero:
        return f"{what} {where} is not beyond noise: {words.points(one.mean)} points ({bounds})."
    does = "adds" if one.mean > 0 else "costs"
    return f"{what} {does} {words.points(abs(one.mean)).lstrip('+')} points of top-5 {where} ({bounds})."
