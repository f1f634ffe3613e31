"""Where a search may begin: sets of real questions, and their children: two sets mixed, and one text changed.

Students choose among them (trials.py), before any round of the search. Knows drafts; no model.
"""

import random
from collections.abc import Sequence

from backend.search.moves import Draft, Material, draw

PARENTS = 4  # the best sets of a stage, each of which is crossed with each other


def beginnings(size: int, count: int, material: Material, rng: random.Random) -> list[tuple[Draft, ...]]:
    """So many sets of `size` real questions, drawn without a look at them."""
    return [tuple(rng.sample(material.drafts, size)) for _ in range(count)]


def children(
    ranked: Sequence[tuple[Draft, ...]], material: Material, moves: Sequence[str], rng: random.Random
) -> list[tuple[Draft, ...]]:
    """A child of each two of the best sets: each slot from either parent, then one text changed by one of the moves."""
    parents = ranked[:PARENTS]
    pairs = [(first, other) for number, first in enumerate(parents) for other in parents[number + 1 :]]
    found = [changed(mixed(first, other, rng), material, moves, rng) for first, other in pairs]
    return [one for one in dict.fromkeys(found) if one not in ranked]


def mixed(first: tuple[Draft, ...], other: tuple[Draft, ...], rng: random.Random) -> tuple[Draft, ...]:
    """Each slot from one of two sets by lot, the first's where the other's text stands in the child already."""
    taken: list[Draft] = []
    texts = {draft.question for draft in first}
    for here, there in zip(first, other, strict=True):
        lot = there if rng.random() < 0.5 and there.question not in texts else here
        texts.add(lot.question)
        taken.append(lot)
    return tuple(taken)


def changed(
    drafts: tuple[Draft, ...], material: Material, moves: Sequence[str], rng: random.Random
) -> tuple[Draft, ...]:
    """One text of the set changed by a move that keeps its answer; the set as it is where none is allowed."""
    allowed = [move for move in moves if move in ("phrase", "word")]
    if not allowed:
        return drafts
    slot = rng.randrange(len(drafts))
    other = draw(rng.choice(allowed), drafts[slot], 0, material, rng)
    if other.question in {draft.question for draft in drafts}:
        return drafts
    return (*drafts[:slot], other, *drafts[slot + 1 :])
