"""Evolve: swap members of a choice for other real questions while that lowers a loss. Needs no gradient.

Knows row numbers and answer lengths. `judge` is passed in: it trains and validates students, this file does neither.
A (1 + lambda) evolution strategy (Rechenberg 1973) over sets: the parent stays unless a child beats it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from backend.core.seeding import generator
from backend.errors import UserError

Judge = Callable[[list[list[int]]], list[float]]  # a loss for each set of rows; lower is better
CHILDREN = 4  # sets proposed a round: each round judges the parent again, which so costs a fifth
MOST_SWAPS = 2


@dataclass(frozen=True)
class Round:
    """After a round: its number from 1, sets judged so far, the loss of `chosen` as judged in this round."""

    round: int
    evaluations: int
    loss: float
    chosen: list[int]


def evolve(
    start: list[int],
    lengths: Sequence[int],
    judge: Judge,
    evaluations: int,
    seed: int,
    after: Round | None = None,
    children: int = CHILDREN,
) -> Iterator[Round]:
    """Rounds of proposals until `evaluations` sets were judged, or no row can be swapped. Yields after each.

    `lengths` are the answer lengths of the whole pool; every swap keeps them, so a quota that `start` fills stays
    filled. Parent and children are judged in one call, so that `judge` can give all of them the same seeds and batches
    (common random numbers). `after`, the last round that was logged, goes on from there to the same rounds: each draws
    from (seed, round) alone. Raises UserError where `start` is not different rows of the pool.
    """
    if not start or len(set(start)) < len(start) or not all(0 <= row < len(lengths) for row in start):
        found = f"The {len(start)} rows to start from are not all different rows of a pool of {len(lengths)}."
        raise UserError(found, "at least one, each once", "Start from what a selector chose.")
    number, judged, chosen = (0, 0, list(start)) if after is None else (after.round, after.evaluations, after.chosen)
    while evaluations - judged >= 2:  # the parent and one child
        number += 1
        rng = generator("evolve", seed, number)
        proposed = _proposals(chosen, lengths, min(children, evaluations - judged - 1), rng)
        if not proposed:
            return
        sets = [chosen, *proposed]
        losses = judge([list(one) for one in sets])
        judged += len(sets)
        best = min(range(len(sets)), key=lambda i: (not losses[i] == losses[i], losses[i]))  # a tie keeps the parent
        chosen = sets[best]
        yield Round(number, judged, losses[best], list(chosen))


def _proposals(chosen: list[int], lengths: Sequence[int], count: int, rng: torch.Generator) -> list[list[int]]:
    """At most `count` different sets, each with 1 or 2 members swapped for rows of the same answer length."""
    members = set(chosen)
    free: dict[int, list[int]] = defaultdict(list)
    for row, length in enumerate(lengths):
        if row not in members:
            free[length].append(row)
    found: dict[frozenset[int], list[int]] = {}
    for _ in range(8 * count):  # a small pool may not have `count` different sets
        proposal = _swapped(chosen, lengths, free, rng)
        found.setdefault(frozenset(proposal), proposal)
        found.pop(frozenset(members), None)
        if len(found) == count:
            break
    return list(found.values())


def _swapped(chosen: list[int], lengths: Sequence[int], free: dict[int, list[int]], rng: torch.Generator) -> list[int]:
    """`chosen` with 1 or 2 members replaced in their places, or unchanged where no row is free."""

    def draw(below: int) -> int:
        return int(torch.randint(below, (1,), generator=rng))

    swapped, members = list(chosen), set(chosen)
    for _ in range(1 + draw(MOST_SWAPS)):
        places = [place for place, row in enumerate(chosen) if swapped[place] == row and free.get(lengths[row])]
        if not places:
            break
        place = places[draw(len(places))]
        new = free[lengths[chosen[place]]]
        row = new[draw(len(new))]
        if row not in members:  # the second swap may draw the first one's row: then it is one swap
            swapped[place] = row
            members.add(row)
    return swapped
