"""Relations: which group of a scene is above, below, left of or right of which other.

Knows the squares that things are painted in. Does not know words beyond the four names.
"""

from backend.pocket.pictures.scene import Group, Scene

RELATIONS = ("above", "below", "left of", "right of")
OPPOSITE = {"above": "below", "below": "above", "left of": "right of", "right of": "left of"}


def holding(scene: Scene, first: Group, second: Group) -> tuple[str, ...]:
    """The relations of the first group to the second: each holds for all members of the one and all of the other."""
    left, top, right, bottom = _around(scene, first)
    other_left, other_top, other_right, other_bottom = _around(scene, second)
    there = {
        "above": bottom <= other_top,
        "below": top >= other_bottom,
        "left of": right <= other_left,
        "right of": left >= other_right,
    }
    return tuple(name for name in RELATIONS if there[name])


def _around(scene: Scene, group: Group) -> tuple[int, int, int, int]:
    squares = [scene.things[number] for number in group.members]
    return (
        min(square.left for square in squares),
        min(square.top for square in squares),
        max(square.left + square.side for square in squares),
        max(square.top + square.side for square in squares),
    )
