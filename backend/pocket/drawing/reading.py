"""What a judge read in a picture, in words, and where it differs from what was asked.

Knows the simplest scenes. Does not know pixels or nets.
"""

from collections.abc import Sequence

from backend.pocket.pictures.simple import COLOURS, COUNTS, GROUNDS, RELATIONS, SHAPES, SLOTS, Simple, Sort
from backend.pocket.pictures.thing import article, plural


def scene_of(slots: Sequence[int]) -> Simple | None:
    """The scene with these slots; None where they contradict each other, as those of a spoilt picture may."""
    count, shape, colour, relation, *second, ground = slots
    if (relation == 0) != (not any(second)) or (any(second) and not all(second)):
        return None
    beside = Sort(second[0], SHAPES[second[1] - 1], COLOURS[second[2] - 1]) if relation else None
    return Simple(Sort(count + 1, SHAPES[shape], COLOURS[colour]), RELATIONS[relation], beside, GROUNDS[ground])


def in_words(slots: Sequence[int]) -> str:
    """ "two red circles above a blue square, sand"; where slots contradict each other, the first sort and "something
    unclear", with what is said of it."""
    scene = scene_of(slots)
    if scene is not None:
        return scene.prompt()
    count, shape, colour, relation, more, second, tint, ground = slots
    first = Sort(count + 1, SHAPES[shape], COLOURS[colour]).phrase
    beside = RELATIONS[relation] if relation else "and"
    return f"{first} {beside} {_unclear(more, second, tint)}, {GROUNDS[ground]}"


def wrong(asked: Sequence[int], read: Sequence[int]) -> tuple[str, ...]:
    """The names of the slots that were read otherwise than asked."""
    return tuple(name for name, one, other in zip(SLOTS, asked, read, strict=True) if one != other)


def _unclear(many: int, shape: int, colour: int) -> str:
    """As far as it was read, "two unclear red shapes"."""
    words = ["unclear"] + ([COLOURS[colour - 1]] if colour else []) + [SHAPES[shape - 1] if shape else "shape"]
    if many > 1:
        return f"{COUNTS[many - 1]} {' '.join([*words[:-1], plural(words[-1])])}"
    return f"{article(words[0])} {' '.join(words)}"
