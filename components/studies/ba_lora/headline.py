"""What a finished run came to, in a few plain sentences: what was planted and is left, what consistency keeps.

Compares the strong terms with the strong terms without consistency where the run paired them, else with PiSSA. Says
that something moved only where the 95 % interval does not hold zero. Knows figures; no widget.
"""

from collections.abc import Mapping
from html import escape

from components.frame.words import count
from components.studies.ba_lora import words
from components.studies.ba_lora.reading import Cell, Key, Spread, key_of, spread_of
from components.studies.ba_lora.words import Arm

SAID = {  # of a figure: what is said where it fell, where it rose, where its interval holds zero; {n} is the difference
    ("answers", "kl"): (
        "{who} keeps a student nearer to the model it started from: KL {n} nats ({bounds}).",
        "{who} lets a student go further from the model it started from: KL {n} nats ({bounds}).",
        "{who} shows no difference in the distance to the model it started from: KL {n} nats ({bounds}).",
    ),
    ("pairs", "pair_score"): (
        "{who} keeps less of the stereotype: pair score {n} ({bounds}).",
        "{who} keeps more of the stereotype: pair score {n} ({bounds}).",
        "{who} shows no difference in the stereotype: pair score {n} ({bounds}).",
    ),
    ("clean_facts", "acc"): (
        "{who} costs accuracy on clean facts: {n} ({bounds}).",
        "{who} adds accuracy on clean facts: {n} ({bounds}).",
        "{who} shows no difference in accuracy on clean facts: {n} ({bounds}).",
    ),
}

PLANTED = "A model was taught false facts and a prejudice on purpose; what of it survives fine-tuning?"


def headline_markup(summary: Mapping, found: Mapping[Key, Cell], arms: Mapping[str, Arm]) -> str:
    """The sentences as markup; empty where the run has nothing to compare."""
    strong = arms.get(words.STRONG)
    if strong is None:
        return ""
    moved, who, other = differences(summary), "Consistency", "the same without consistency"
    seeds = seeds_of(summary)
    if not moved:
        moved, who, other = against_reference(found), strong.head, "PiSSA"
        seeds = max(cell.seeds for cell in found.values())
    there = [key for key in SAID if key in moved and moved[key].known]
    said = [sentence(key, moved[key], "It" if number else who) for number, key in enumerate(there)]
    if not said:
        return ""
    said = [*planted(found, strong), *said]
    measured = f"Measured here: {strong.head} against {other}, paired over {count(seeds, 'seed')}."
    if times := strong.head.partition(" × ")[2]:
        measured += f" × {times}: all three terms {times} times as strong."
    return f'<p class="ds-watching">{escape(" ".join(said))}</p><p class="ds-run-about">{escape(measured)}</p>'


def planted(found: Mapping[Key, Cell], strong: Arm) -> list[str]:
    """What the defects were, and how often the prejudiced sentence of a pair is found likelier; empty where a run has
    no twin without defects."""
    asked = (words.BASE, words.CLEAN, words.REFERENCE, strong.name)
    shares = [found[who, "pairs", "pair_score"].value.mean for who in asked if (who, "pairs", "pair_score") in found]
    if len(shares) < len(asked):
        return []
    base, clean, reference, mine = (f"{100 * share:.0f} %" for share in shares)
    return [
        PLANTED,
        f"It finds the prejudiced sentence likelier in {base} of pairs, its clean twin in {clean}, students by "
        f"{words.HEADS[words.REFERENCE]} in {reference}, by {strong.head} in {mine}.",
    ]


def against_reference(found: Mapping[Key, Cell]) -> dict[tuple[str, str], Spread]:
    """The strong terms minus PiSSA, by probe and metric."""
    return {
        (probe, metric): cell.against
        for (who, probe, metric), cell in found.items()
        if who == words.STRONG and cell.against
    }


def differences(summary: Mapping) -> dict[tuple[str, str], Spread]:
    """With consistency minus without it, by probe and metric."""
    rows = summary.get("consistency")
    found = {}
    for row in rows if isinstance(rows, list) else []:
        spread = spread_of(row)
        if isinstance(row, Mapping) and spread and key_of({"who": words.STRONG, **row}):
            found[row["probe"], row["metric"]] = spread
    return found


def seeds_of(summary: Mapping) -> int:
    rows = summary.get("consistency")
    found = [row.get("seeds") for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return max((seeds for seeds in found if type(seeds) is int), default=0)


def sentence(key: tuple[str, str], moved: Spread, who: str) -> str:
    """One figure: what happened to it, by how much, and its interval."""
    form = SAID[key][2 if moved.holds_zero else int(moved.mean > 0)]
    return form.format(who=who, n=words.change(moved.mean), bounds=words.bounds(moved.low, moved.high))
