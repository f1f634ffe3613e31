"""Grounds: what a scene lies on, each with a faint texture, and which colours are too close to it.

Knows Pillow and colours. Does not know things. A ground is drawn once for each size and variant.
"""

import random
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from backend.pocket.pictures.colours import Colour

VARIANTS = 8  # of each ground's texture


@dataclass(frozen=True)
class Ground:
    """`phrase` closes a caption; things in one of the `lost` colours would not be seen."""

    phrase: str
    colour: Colour
    mark: Colour
    lost: tuple[str, ...]


GROUNDS = {
    "paper": Ground("on paper", (230, 226, 212), (222, 217, 202), ("white",)),
    "sand": Ground("on sand", (226, 192, 132), (208, 172, 112), ("yellow", "orange")),
    "grass": Ground("on grass", (168, 210, 120), (146, 194, 98), ("green",)),
    "water": Ground("in water", (146, 198, 232), (170, 214, 240), ("blue",)),
    "night": Ground("at night", (34, 36, 74), (210, 210, 190), ("black", "brown")),
}


@lru_cache(maxsize=128)
def ground(name: str, variant: int, side: int) -> Image.Image:
    """The ground as an RGB square of `side` canvas pixels. Shared: copy it before drawing on it."""
    image = Image.new("RGB", (side, side), GROUNDS[name].colour)
    draw = ImageDraw.Draw(image)
    rng = random.Random(f"ground {name} {variant}")
    unit = side // 16
    for _ in range(14):
        x, y = rng.randrange(side), rng.randrange(side)
        MARKS[name](draw, x, y, unit, GROUNDS[name].mark)
    return image


def _fibre(draw: ImageDraw.ImageDraw, x: int, y: int, unit: int, colour: Colour) -> None:
    draw.line((x, y, x + unit, y + unit // 3), colour, max(1, unit // 3))


def _grain(draw: ImageDraw.ImageDraw, x: int, y: int, unit: int, colour: Colour) -> None:
    draw.ellipse((x, y, x + unit // 2, y + unit // 2), colour)


def _blade(draw: ImageDraw.ImageDraw, x: int, y: int, unit: int, colour: Colour) -> None:
    draw.polygon((x, y, x + unit // 2, y - unit, x + unit // 2, y), colour)


def _wave(draw: ImageDraw.ImageDraw, x: int, y: int, unit: int, colour: Colour) -> None:
    draw.rectangle((x, y, x + 2 * unit, y + unit // 3), colour)


def _star(draw: ImageDraw.ImageDraw, x: int, y: int, unit: int, colour: Colour) -> None:
    draw.rectangle((x, y, x + unit // 4, y + unit // 4), colour)


MARKS = {"paper": _fibre, "sand": _grain, "grass": _blade, "water": _wave, "night": _star}
