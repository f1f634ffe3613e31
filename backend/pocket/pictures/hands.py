"""The six hands: each paints the parts of a thing in its own manner on a transparent square.

Knows Pillow, parts and colours. Does not know which thing it paints, nor where the thing goes. After Pillow's drawing
there are whole numbers only. A square costs 0.1 to 0.5 ms.
"""

from functools import lru_cache
from itertools import groupby

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from backend.pocket.pictures.colours import INK, WHITE, Colour, mixed, of_role
from backend.pocket.pictures.parts import Part, placed

HANDS = ("flat", "outline", "shaded", "pixel", "hatched", "blob")
HELD_OUT_HAND = "hatched"
MARGIN = 16  # one part in so many of a square's side stays free at each edge
FINE = 4  # canvas pixels along a pixel of the picture
CLEAR = (0, 0, 0, 0)
SMALL = 7  # times the thickness of the contour
FEW_PARTS = 3  # petals are small too, but together they are the flower
Placed = list[tuple[str, list[tuple[int, int]], int]]


def paint(parts: tuple[Part, ...], colour: str, hand: str, side: int, flip: bool = False, turn: int = 0) -> Image.Image:
    """A transparent RGBA square of `side` canvas pixels with the thing in it; its alpha is 0 or more where it lies."""
    where = placed(parts, side, side // MARGIN, flip, turn)
    return PAINTERS[hand](where, colour, side)


def _flat(where: Placed, colour: str, side: int) -> Image.Image:
    tile, draw = _empty(side)
    for role, corners, width in where:
        _fill(draw, corners, width, of_role(role, colour))
    return tile


def _outline(where: Placed, colour: str, side: int) -> Image.Image:
    tile, draw = _empty(side)
    thick = max(3, side // 26)
    for role, run in groupby(where, lambda part: part[0]):
        own = of_role(role, colour)
        inside = own if role == "ink" else mixed(own, WHITE, 42)
        _contoured(draw, list(run), inside, mixed(own, INK, 50), thick)
    return tile


def _shaded(where: Placed, colour: str, side: int) -> Image.Image:
    tile, draw = _empty(side)
    for role, corners, width in where:
        _fill(draw, corners, width, mixed(of_role(role, colour), WHITE, 10))
    return ImageChops.multiply(tile, _light(side))


def _pixel(where: Placed, colour: str, side: int) -> Image.Image:
    few = side // FINE
    small = _flat(where, colour, side).resize((few, few), Image.Resampling.NEAREST)
    around = small.getchannel("A").filter(ImageFilter.MaxFilter(3))
    rim = Image.new("RGBA", (few, few), (*mixed(of_role("main", colour), INK, 75), 255))
    rim.putalpha(around)
    rim.paste(small, (0, 0), small)
    return rim.resize((side, side), Image.Resampling.NEAREST)


def _hatched(where: Placed, colour: str, side: int) -> Image.Image:
    tile = _flat(where, colour, side)
    pale = tile.point(_pale_table())
    tile = Image.composite(tile, pale, _stripes(side))
    lines, draw = _empty(side)
    thick = max(2, side // 36)
    for role, run in groupby(where, lambda part: part[0]):
        line, parts = mixed(of_role(role, colour), INK, 30), list(run)
        wide = [part for part in parts if not 0 < part[2] <= 2 * thick]
        _contoured(draw, wide, CLEAR, line, thick)
        for _, corners, width in (part for part in parts if part not in wide):
            draw.line(corners, line, max(1, width // 2))  # a thin stroke that is all stripes would fall apart
    tile.paste(lines, (0, 0), lines)
    return tile


def _blob(where: Placed, colour: str, side: int) -> Image.Image:
    tile, draw = _empty(side)
    fat = max(2, side // 20)
    for role, corners, width in where:
        own = mixed(of_role(role, colour), WHITE, 15)
        if width:
            _fill(draw, corners, width + fat, own)
        else:
            draw.polygon(corners, own)
            _round(draw, [*corners, corners[0]], fat, own)
    return tile.filter(ImageFilter.BoxBlur(2))


PAINTERS = {
    "flat": _flat,
    "outline": _outline,
    "shaded": _shaded,
    "pixel": _pixel,
    "hatched": _hatched,
    "blob": _blob,
}


def _empty(side: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    tile = Image.new("RGBA", (side, side))
    return tile, ImageDraw.Draw(tile)


def _fill(draw: ImageDraw.ImageDraw, corners: list[tuple[int, int]], width: int, colour: tuple[int, ...]) -> None:
    if width:
        _round(draw, corners, width, colour)
    else:
        draw.polygon(corners, colour)


def _round(draw: ImageDraw.ImageDraw, corners: list[tuple[int, int]], width: int, colour: tuple[int, ...]) -> None:
    """A stroke with round ends and joints."""
    draw.line(corners, colour, width)
    half = width // 2
    if half > 1:
        for x, y in corners:
            draw.ellipse((x - half, y - half, x + half, y + half), colour)


def _contoured(draw: ImageDraw.ImageDraw, run: Placed, inside: tuple[int, ...], line: Colour, thick: int) -> None:
    """Parts of one colour with one contour around all of them: the insides go over the lines that meet.

    Small parts, an eye say, get no contour: it would be all that is seen of them.
    """
    filled = [corners for _, corners, width in run if not width]
    bare = len(filled) < FEW_PARTS and all(_extent(corners) < SMALL * thick for corners in filled)
    for _, corners, width in run:
        if width:
            _round(draw, corners, max(width, thick), line)
        elif not bare:
            _round(draw, [*corners, corners[0]], 2 * thick, line)
    for _, corners, width in run:
        if not width or width > 2 * thick:
            _fill(draw, corners, max(0, width - 2 * thick), inside)


def _extent(corners: list[tuple[int, int]]) -> int:
    across, down = zip(*corners, strict=True)
    return max(max(across) - min(across), max(down) - min(down))


@lru_cache(maxsize=256)
def _light(side: int) -> Image.Image:
    """Light from the upper left: white there, a dark grey at the far corner."""
    far = 2 * side * side
    ramp = bytes(
        255 - 150 * min(far, (x - side // 4) ** 2 + (y - side // 5) ** 2) // far
        for y in range(side)
        for x in range(side)
    )
    grey = Image.frombytes("L", (side, side), ramp)
    return Image.merge("RGBA", (grey, grey, grey, Image.new("L", (side, side), 255)))


@lru_cache(maxsize=256)
def _stripes(side: int) -> Image.Image:
    """Where the slanted lines of the hatching are: two picture pixels of every four."""
    lines = bytes(255 if (x + y) // FINE % 4 < 2 else 0 for y in range(side) for x in range(side))
    return Image.frombytes("L", (side, side), lines)


@lru_cache(maxsize=1)
def _pale_table() -> list[int]:
    """Lighter red, green and blue, and alpha as it was."""
    return [255 - (255 - value) * 35 // 100 for value in range(256)] * 3 + list(range(256))
