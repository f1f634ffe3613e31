"""The simplest scenes: one or two sorts of plain shapes, each told by eight slots and by prompts that mean them.

A prompt is "two red circles above a blue square, sand". Knows shapes, six colours and three grounds. Does not read
prompts (prompts.py does). A scene has one form only: the upper or left object is the first, so "a blue square below
two red circles, sand" has the slots of the prompt above.
"""

import random
from dataclasses import dataclass

from backend.pocket.pictures.grounds import VARIANTS
from backend.pocket.pictures.hands import HANDS
from backend.pocket.pictures.scene import Placed, Scene, layout, place
from backend.pocket.pictures.thing import article, plural

SHAPES = ("circle", "square", "triangle", "star", "heart")
COLOURS = ("red", "green", "blue", "purple", "pink", "grey")
GROUNDS = ("paper", "sand", "night")
RELATIONS = ("alone", "above", "left of")
COUNTS = ("one", "two", "three")
MOST_BESIDE = 2  # things of one sort where there are two sorts
REVERSED = {"above": "below", "left of": "right of"}


@dataclass(frozen=True)
class Sort:
    """`count` things of one shape and colour."""

    count: int
    shape: str
    colour: str

    @property
    def phrase(self) -> str:
        """As a prompt says it, "two red circles"."""
        if self.count == 1:
            return f"{article(self.colour)} {self.colour} {self.shape}"
        return f"{COUNTS[self.count - 1]} {self.colour} {plural(self.shape)}"


@dataclass(frozen=True)
class Simple:
    """What a simple picture shows. `relation` is that of the first to the second; "alone" where there is no second."""

    first: Sort
    relation: str
    second: Sort | None
    ground: str

    def slots(self) -> tuple[int, ...]:
        """Eight whole numbers, as a judge has to name them; see `SLOTS` for how many values each has.

        Count, shape and colour of the first, the relation, count, shape and colour of the second, and the ground.
        Those of the second are 0 where there is none, and one more than their place in the list otherwise.
        """
        first, second = self.first, self.second
        beside = (
            (second.count, 1 + SHAPES.index(second.shape), 1 + COLOURS.index(second.colour)) if second else (0,) * 3
        )
        return (
            first.count - 1,
            SHAPES.index(first.shape),
            COLOURS.index(first.colour),
            RELATIONS.index(self.relation),
            *beside,
            GROUNDS.index(self.ground),
        )

    def prompt(self, *, reverse: bool = False) -> str:
        """The prompt; with `reverse` that which names the second one first, where there is a second."""
        if self.second is None:
            return f"{self.first.phrase}, {self.ground}"
        if reverse:
            return f"{self.second.phrase} {REVERSED[self.relation]} {self.first.phrase}, {self.ground}"
        return f"{self.first.phrase} {self.relation} {self.second.phrase}, {self.ground}"


SLOTS = {
    "count": len(COUNTS),
    "shape": len(SHAPES),
    "colour": len(COLOURS),
    "relation": len(RELATIONS),
    "second count": MOST_BESIDE + 1,
    "second shape": len(SHAPES) + 1,
    "second colour": len(COLOURS) + 1,
    "ground": len(GROUNDS),
}


def draw_simple(seed: int, number: int) -> Simple:
    """What picture `number` of this seed shows. A third have one sort alone. The two sorts differ."""
    rng = random.Random(f"simplest scenes {seed} {number}")
    relation, ground = rng.choice(RELATIONS), rng.choice(GROUNDS)
    if relation == "alone":
        return Simple(_sort(rng, len(COUNTS)), relation, None, ground)
    first = second = _sort(rng, MOST_BESIDE)
    while (first.shape, first.colour) == (second.shape, second.colour):
        second = _sort(rng, MOST_BESIDE)
    return Simple(first, relation, second, ground)


def staged(simple: Simple, seed: int, number: int, hand: str = HANDS[0]) -> Scene:
    """A scene that shows it. Seed and number decide places, sizes and the ground's texture; nothing is turned."""
    rng = random.Random(f"simplest places {seed} {number}")
    sorts = [simple.first] + ([simple.second] if simple.second else [])
    turned = simple.relation == "left of" or (simple.second is None and rng.random() < 0.5)
    cells = layout(tuple(sort.count for sort in sorts), False, turned)
    things = []
    for group, sort in enumerate(sorts):
        for _ in range(sort.count):
            things.append(Placed(sort.shape, sort.colour, group, *place(rng, cells.pop(0))))
    return Scene(tuple(things), hand, simple.ground, rng.randrange(VARIANTS))


def _sort(rng: random.Random, most: int) -> Sort:
    return Sort(rng.randint(1, most), rng.choice(SHAPES), rng.choice(COLOURS))
