"""What a finished run came to, in a few plain sentences: what consistency keeps, each with its interval.

Compares the strong terms with the strong terms without consistency where the run paired them, else with PiSSA. Says
that something moved only where the 95 % interval does not hold zero. Knows figures; no widget.
"""

from collections.abc import Mapping
from html import escape

from components.frame.words import count
from components.studies.ba_lora import words
from components.studies.ba_lora.reading import Cell, Key, Spread, key_of, spread_of
from components.studies.ba_lora.words import Arm

SAID = (  # a figure, what is said where it fell, where it rose, and its unit
    (
        ("answers", "kl"),
        "keeps the student nearer to its base (KL)",
        "moves the student away from its base (KL)",
        "nats",
    ),
    (("pairs", "pair_score"), "weakens the stereotype (pair score)", "keeps the stereotype too (pair score)", ""),
    (("clean_facts", "acc"), "costs accuracy on clean facts", "adds accuracy on clean facts", ""),
)
NONE = {
    ("answers", "kl"): "the distance to the base (KL)",
    ("pairs", "pair_score"): "the stereotype (pair score)",
    ("clean_facts", "acc"): "accuracy on clean facts",
}


def headline_markup(summary: Mapping, found: Mapping[Key, Cell], arms: Mapping[str, Arm]) -> str:
    """The sentences as markup; empty where the run has nothing to compare."""
    moved, seeds = differences(summary), seeds_of(summary)
    strong = arms.get(words.STRONG)
    if strong is None:
        return ""
    who, versus = "Consistency", f"{escape(strong.head)} against the same without consistency"
    if not moved:
        moved = against_reference(found)
        seeds = max((cell.seeds for cell in found.values()), default=0)
        who, versus = escape(strong.title), f"{escape(strong.head)} against PiSSA"
    said = [sentence(key, moved[key], down, up, unit) for key, down, up, unit in SAID if known(moved.get(key))]
    if not said:
        return ""
    return (
        f'<p class="ds-watching">{who} {"; ".join(said)}.</p>'
        f'<p class="ds-run-about">Measured here: {versus}, paired over {count(seeds, "seed")}.</p>'
    )


def against_reference(found: Mapping[Key, Cell]) -> dict[tuple[str, str], Spread]:
    """The strong terms minus PiSSA, by probe and metric."""
    return {
        (probe, metric): cell.against
        for (who, probe, metric), cell in found.items()
        if who == words.STRONG and cell.against
    }


def known(spread: Spread | None) -> bool:
    return spread is not None and spread.low is not None


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


def sentence(key: tuple[str, str], moved: Spread, down: str, up: str, unit: str) -> str:
    """One figure: what happened to it, by how much, and its interval."""
    told = f"{words.change(moved.mean)}{f' {unit}' if unit else ''}; {words.bounds(moved.low, moved.high)}"
    if moved.holds_zero:
        return f"shows no difference in {NONE[key]} ({told})"
    return f"{down if moved.mean < 0 else up} (<b>{told}</b>)"
