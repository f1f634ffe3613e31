"""A scene: one to four things in groups, where each lies, in which hand and on which ground; and how one is drawn up.

Knows things, colours and grounds by name. Does not paint and does not speak. Places are whole canvas pixels on a
square of 128, four to a pixel of a picture of 32.
"""

import random
from dataclasses import dataclass
from itertools import groupby

from backend.pocket.pictures.colours import COLOURS
from backend.pocket.pictures.grounds import GROUNDS, VARIANTS
from backend.pocket.pictures.things import THINGS

CANVAS = 128
GROUPINGS = ((1,), (2,), (1, 1), (3,), (2, 1), (1, 2), (1, 1, 1), (4,), (2, 2), (3, 1), (1, 3), (2, 1, 1), (1, 1, 1, 1))
USUAL = 55  # per cent of groups that have one of their thing's usual colours
MOST_TURN = 12  # degrees either way
UNIT = 4  # sizes and places are multiples of it


@dataclass(frozen=True)
class Placed:
    """One thing: its group, and the square it is painted in (left, top and side in canvas pixels)."""

    thing: str
    colour: str
    group: int
    left: int
    top: int
    side: int
    flip: bool = False
    turn: int = 0


@dataclass(frozen=True)
class Group:
    """Things of one name and colour; `members` are their numbers in the scene."""

    thing: str
    colour: str
    members: tuple[int, ...]


@dataclass(frozen=True)
class Scene:
    """What a picture shows."""

    things: tuple[Placed, ...]
    hand: str
    ground: str
    variant: int = 0

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups, in the order of their numbers."""
        found = []
        for _, run in groupby(enumerate(self.things), lambda pair: pair[1].group):
            members = list(run)
            found.append(Group(members[0][1].thing, members[0][1].colour, tuple(number for number, _ in members)))
        return tuple(found)


@dataclass(frozen=True)
class Choice:
    """What scenes are drawn from. `must` names things of which every scene has at least one."""

    things: tuple[str, ...]
    hands: tuple[str, ...]
    most: int = 4
    must: tuple[str, ...] = ()


def draw_scene(rng: random.Random, choice: Choice) -> Scene:
    """A scene from these things and hands, with at most `choice.most` things."""
    counts = rng.choice(
        [counts for counts in GROUPINGS if sum(counts) <= choice.most and len(counts) <= len(choice.things)]
    )
    names = rng.sample(choice.things, len(counts))
    if choice.must and not set(names) & set(choice.must):
        names[rng.randrange(len(names))] = rng.choice(choice.must)
    name = rng.choice(tuple(GROUNDS))
    colours = [_colour(rng, thing, name) for thing in names]
    things = []
    cells = layout(counts, rng.random() < 0.5, rng.random() < 0.5)
    for group, (thing, colour, count) in enumerate(zip(names, colours, counts, strict=True)):
        for _ in range(count):
            left, top, side = place(rng, cells.pop(0))
            turn = rng.randint(-MOST_TURN, MOST_TURN)
            things.append(Placed(thing, colour, group, left, top, side, rng.random() < 0.5, turn))
    return Scene(tuple(things), rng.choice(choice.hands), name, rng.randrange(VARIANTS))


def layout(counts: tuple[int, ...], flipped: bool, turned: bool) -> list[tuple[int, int, int, int]]:
    """A cell (left, top, width, height) for every thing, group after group: two rows, or columns where `turned`.

    Two groups of one or two things get a row of their own each, the first above the second (or left of it), and
    below it (or right of it) where `flipped`.
    """
    half, count = CANVAS // 2, sum(counts)
    if count == 1:
        return [(0, 0, CANVAS, CANVAS)]
    first = 1 if count == 2 or (count == 3 and counts[0] == 1) else 2
    cells = _row(0, first) + _row(half, count - first)
    if flipped:
        cells = [(left, CANVAS - top - height, width, height) for left, top, width, height in cells]
    if turned:
        cells = [(top, left, height, width) for left, top, width, height in cells]
    return cells


def _row(top: int, count: int) -> list[tuple[int, int, int, int]]:
    width = CANVAS // count
    return [(number * width, top, width, CANVAS // 2) for number in range(count)]


def _colour(rng: random.Random, thing: str, ground: str) -> str:
    lost = GROUNDS[ground].lost
    usual = [colour for colour in THINGS[thing].colours if colour not in lost]
    if usual and rng.randrange(100) < USUAL:
        return rng.choice(usual)
    return rng.choice([colour for colour in COLOURS if colour not in lost])


def place(rng: random.Random, cell: tuple[int, int, int, int]) -> tuple[int, int, int]:
    """A square within the cell, between two thirds of it and all of it."""
    left, top, width, height = (edge // UNIT for edge in cell)
    room = min(width, height)
    side = rng.randint(room - room // 4, room - 1)
    across, down = rng.randint(0, width - side), rng.randint(0, height - side)
    return (left + across) * UNIT, (top + down) * UNIT, side * UNIT
