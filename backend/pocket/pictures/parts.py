"""Parts: the primitives a thing is made of, as polygons and strokes in a box of 100 x 100 units, y downwards.

Knows integer geometry. Does not know colours, hands or pictures. Coordinates that leave this file are integers and
come from integer arithmetic alone, so that every processor draws at the same places.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

UNIT = 64  # fine steps in one unit of a description
BOX = 100  # units along a side
ONE = 4096  # what the tables call 1
CORNERS = 20  # of an ellipse
COS = [round(ONE * math.cos(math.radians(degree))) for degree in range(360)]
SIN = [round(ONE * math.sin(math.radians(degree))) for degree in range(360)]


@dataclass(frozen=True)
class Part:
    """A filled polygon (`width` 0), or a stroke of `width` units through the points, with round ends.

    `role` says the colour: "main", "dark" or "light" follow the thing's colour, all others are names of colours.
    """

    role: str
    points: tuple[tuple[int, int], ...]
    width: int = 0


def polygon(role: str, *flat: int) -> Part:
    """A filled polygon through x, y, x, y, ..."""
    return Part(role, tuple((x * UNIT, y * UNIT) for x, y in zip(flat[::2], flat[1::2], strict=True)))


def box(role: str, left: int, top: int, right: int, bottom: int) -> Part:
    """A filled rectangle."""
    return polygon(role, left, top, right, top, right, bottom, left, bottom)


def stroke(role: str, width: int, *flat: int) -> Part:
    """A line of `width` units through x, y, x, y, ..."""
    return Part(role, polygon(role, *flat).points, width)


def ellipse(role: str, x: int, y: int, half_width: int, half_height: int, turn: int = 0) -> Part:
    """A filled ellipse around (x, y), turned clockwise by `turn` degrees."""
    degrees = [360 * corner // CORNERS for corner in range(CORNERS)]
    return Part(role, _around(x, y, half_width, half_height, degrees, turn))


def arc(role: str, width: int, x: int, y: int, half_width: int, half_height: int, start: int, end: int) -> Part:
    """A stroke along an ellipse from `start` to `end` degrees, clockwise from three o'clock."""
    steps = max(3, (end - start) // 18)
    degrees = [start + (end - start) * step // steps for step in range(steps + 1)]
    return Part(role, _around(x, y, half_width, half_height, degrees), width)


def twice(*parts: Part) -> tuple[Part, ...]:
    """Each part, and its mirror image about the middle of the box."""
    return parts + tuple(Part(p.role, tuple((BOX * UNIT - x, y) for x, y in p.points), p.width) for p in parts)


def _around(
    x: int, y: int, half_width: int, half_height: int, degrees: list[int], turn: int = 0
) -> tuple[tuple[int, int], ...]:
    points = []
    for degree in degrees:
        across, down = half_width * COS[degree % 360], half_height * SIN[degree % 360]
        right = (across * COS[turn % 360] - down * SIN[turn % 360]) * UNIT // ONE // ONE
        low = (across * SIN[turn % 360] + down * COS[turn % 360]) * UNIT // ONE // ONE
        points.append((x * UNIT + right, y * UNIT + low))
    return tuple(points)


@lru_cache(maxsize=256)
def _joined(parts: tuple[Part, ...]) -> np.ndarray:
    return np.array([point for part in parts for point in part.points], dtype=np.int64) - BOX * UNIT // 2


def placed(
    parts: tuple[Part, ...], side: int, margin: int, flip: bool, turn: int
) -> list[tuple[str, list[tuple[int, int]], int]]:
    """The parts in a square of `side` pixels: (role, corners, width in pixels, 0 where filled).

    The description fills the square but for `margin` pixels at each edge; it is mirrored where `flip` says so, and
    then turned clockwise by `turn` degrees about its middle.
    """
    points = _joined(parts)
    across, down = (-points[:, 0] if flip else points[:, 0]), points[:, 1]
    inner, whole = side - 2 * margin, BOX * UNIT
    cos, sin = COS[turn % 360], SIN[turn % 360]
    right = ((across * cos - down * sin) * inner // (whole * ONE)) + side // 2
    low = ((across * sin + down * cos) * inner // (whole * ONE)) + side // 2
    corners = list(zip(right.tolist(), low.tolist(), strict=True))
    found, start = [], 0
    for part in parts:
        end = start + len(part.points)
        width = max(1, part.width * inner // BOX) if part.width else 0
        found.append((part.role, corners[start:end], width))
        start = end
    return found
