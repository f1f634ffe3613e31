"""The profiles as small multiples: an attribute a figure, in it before, talker, data and students. Rows in, markup out.

Knows the rows of profiles.jsonl and what the page calls things. Knows no widget library.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from components.frame.words import count, minus
from components.panels import saving
from components.studies.active_inheritance import words
from components.studies.active_inheritance.pictures import Dot, around, arrow, figure, scale
from components.studies.active_inheritance.profiles import Profile, Writer, gathered, largest, objectives_of
from components.studies.active_inheritance.words import ATTRIBUTES, ENOUGH_WORDS, Attribute

Found = Mapping[Writer, Mapping[str, Profile]]
HOW = "95 % intervals over the held-out prompts and, where there are several, over the students."
WAITING = "The profiles appear here when the first student has written about prompts that nobody was taught."
GREY = f"Grey: MTLD of texts that have fewer than {ENOUGH_WORDS} words on average is mostly noise."
PASSIVE_SAYS = (
    "A student that is neither talker was taught random texts of one. The arrow is its way from before to after, the "
    "ring is the talker."
)
PASSIVE = (("passive_first", "talker"), ("passive_second", "second_talker"))  # an arm, and the setting with its talker


def profile_markup(rows: Sequence[Mapping], config: Mapping) -> str:
    """The whole panel: a group of figures for each objective, of which the script shows one."""
    found = gathered(rows)
    if not found:
        return f'<section class="ds-multiples"><h2>Profiles</h2><p class="ds-quiet">{WAITING}</p></section>'
    listed = list(config.get("objectives") or ())
    objectives = sorted(objectives_of(found), key=lambda one: listed.index(one) if one in listed else 99) or [""]
    groups = "".join(
        f'<div class="ds-measures" data-objective="{escape(objective)}"{" hidden" if number else ""}>'
        f"{''.join(attribute_figures(found, objective, config))}</div>"
        for number, objective in enumerate(objectives)
    )
    buttons = switch(objectives) if len(objectives) > 1 else ""
    return (
        f'<section class="ds-multiples" data-writers="{len(found)}"><h2>Profiles</h2>'
        f'<p class="ds-quiet" data-terms>{told(found)} {HOW}</p>{buttons}{groups}'
        f'<p class="ds-quiet" data-terms>{GREY}</p>{passive_markup(found, config)}</section>'
    )


def switch(objectives: Sequence[str]) -> str:
    """A button for each objective; the script shows the figures of the pressed one."""
    buttons = "".join(
        f'<button type="button" data-objective="{escape(one)}" aria-pressed="{str(not number).lower()}">'
        f"{escape(words.button(one))}</button>"
        for number, one in enumerate(objectives)
    )
    return f'<div class="ds-switch" role="group" aria-label="What texts were chosen by">{buttons}</div>'


def told(found: Found) -> str:
    """How much stands behind the figures."""
    all_of_them = [one for mine in found.values() for one in mine.values()]
    prompts, seeds = max(one.n for one in all_of_them), max(one.seeds for one in all_of_them)
    return f"What each writes about {count(prompts, 'held-out prompt')}; {count(seeds, 'student')} an arm."


def attribute_figures(found: Found, objective: str, config: Mapping) -> Iterator[str]:
    """A figure for each attribute that was measured, those that the objective aims at first."""
    aims = words.weights_of(objective, config)
    for attribute in sorted(ATTRIBUTES, key=lambda one: one.name not in aims):
        if dots := list(dots_of(found, objective, attribute, config)):
            axis = around([end for dot in dots for end in (dot.low, dot.high)], attribute.share)
            about = "what texts were chosen by" if attribute.name in aims else attribute.unit
            about = f"texts of at least {config.get('equal_words')} words" if attribute.long else about
            yield figure(attribute.title, about, dots, axis, f"profile-{attribute.name}")


def dots_of(found: Found, objective: str, attribute: Attribute, config: Mapping) -> Iterator[Dot]:
    """Before, talkers, data, the student of random texts, those of chosen ones."""
    best = largest(found, "best", objective)
    for writer, name, kind in writers(found, objective, config):
        mine = found[writer].get(attribute.name)
        if mine is None:
            continue
        if writer == best and mine.data is not None:
            said = words.value(mine.data, attribute)
            faint = is_short(attribute, found[writer].get("length"), taught=True)
            yield Dot("Chosen texts", mine.data, mine.data, mine.data, said, kind="data", faint=faint)
        yield dot(found, writer, name, kind, mine, attribute)


def writers(found: Found, objective: str, config: Mapping) -> Iterator[tuple[Writer, str, str]]:
    """`(writer, name, kind)` of all that belong into a figure, in their order."""
    names = [last(config.get(setting)) for setting in ("talker", "second_talker")]
    order = [("before", "Before", "none"), *((name, name, "talker") for name in names if name)]
    for who, title, kind in [*order, ("random", words.arm_title("random"), "random")]:
        yield from ((writer, title, kind) for writer in found if writer[0] == who)
    for arm in ("best_of_two", "best", "worst"):
        if writer := largest(found, arm, objective):
            yield writer, words.arm_title(arm, objective, writer[2]), arm


def last(model: object) -> str:
    """A model's own name, without the folder or account before it."""
    return str(model or "").rstrip("/").rpartition("/")[2]


def dot(found: Found, writer: Writer, name: str, kind: str, mine: Profile, attribute: Attribute) -> Dot:
    short = is_short(attribute, found[writer].get("length"))
    low, high = (max(0.0, mine.low), min(1.0, mine.high)) if attribute.share else (mine.low, mine.high)
    said, ends = words.value(mine.mean, attribute), words.bounds(low, high, attribute)
    about = f"{name}: {said}, 95 % {ends}, n = {mine.n} prompts × {count(mine.seeds, 'student')}"
    return Dot(name, mine.mean, low, high, said, ends, about, kind, short)


def is_short(attribute: Attribute, length: Profile | None, taught: bool = False) -> bool:
    """Whether this is the MTLD of texts that are too short for it on average, or of the data that was `taught`."""
    mean = length and (length.data if taught else length.mean)
    return attribute.name == "mtld" and mean is not None and mean < ENOUGH_WORDS


# -- passive --------------------------------------------------------------------------------------------------------
def passive_markup(found: Found, config: Mapping) -> str:
    """An unrelated student's way towards each talker, attribute by attribute; empty where none was taught."""
    ways = [
        (found[(arm, None, writer_k)], found.get((last(config.get(setting)), None, None)), last(config.get(setting)))
        for arm, setting in PASSIVE
        for writer_k in (next((k for who, _, k in found if who == arm), None),)
        if any(who == arm for who, *_ in found)
    ]
    before = found.get(("before_passive", None, None)) or found.get(("before", None, None))
    figures = [passive_figure(before, ways, one) for one in ATTRIBUTES if not one.long] if before else []
    if not any(figures):
        return ""
    return (
        f'<h3 data-terms>Passive inheritance</h3><p class="ds-quiet" data-terms>{PASSIVE_SAYS}</p>'
        f'<div class="ds-measures">{"".join(figures)}</div>'
    )


def passive_figure(before: Mapping[str, Profile], ways: Sequence[tuple], attribute: Attribute) -> str:
    """The arrows of one attribute; empty where it was not measured of all three."""
    begin, rows, values, kinds = before.get(attribute.name), [], [], ("best", "random")
    for (after, talker, name), kind in zip(ways, kinds, strict=False):
        mine, goal = after.get(attribute.name), (talker or {}).get(attribute.name)
        if begin and mine and goal:
            rows.append((name, mine, goal, kind))
            values += [begin.mean, mine.mean, goal.mean]
    if not rows:
        return ""
    axis = around(values, attribute.share)
    lines = "".join(
        arrow(name, (begin.mean, mine.mean, goal.mean), way_said(begin, mine, goal, attribute), axis, kind)
        for name, mine, goal, kind in rows
    )
    heads = ("taught by", "before", "after", "after, 95 % from", "after, 95 % to", "talker", "prompts", "students")
    told = ((name, begin.mean, m.mean, m.low, m.high, goal.mean, m.n, m.seeds) for name, m, goal, _ in rows)
    return (
        f'<figure class="ds-measure" {saving.saves(f"passive-{attribute.name}", heads, told)}>{saving.MENU}<figcaption>'
        f"<b>{escape(attribute.title)}</b><span>{escape(attribute.unit)}</span></figcaption>"
        f"<ul>{lines}</ul>{scale(axis)}</figure>"
    )


def way_said(begin: Profile, mine: Profile, goal: Profile, attribute: Attribute) -> tuple[str, str]:
    """How much of the way was gone, with its interval; the two values where the talker is not clearly elsewhere."""
    values = f"{words.value(begin.mean, attribute)} to {words.value(mine.mean, attribute)}"
    if begin.low <= goal.mean <= begin.high:
        return values, ""
    low, share, high = (100 * (end - begin.mean) / (goal.mean - begin.mean) for end in (mine.low, mine.mean, mine.high))
    return minus(f"{share:.0f} % of the way"), minus(f"{min(low, high):.0f} to {max(low, high):.0f}")
