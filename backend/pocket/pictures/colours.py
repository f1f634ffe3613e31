"""Colours: their names and values, and what a part's role becomes in a thing of some colour.

Knows no things and no hands. A colour is a triple of whole numbers from 0 to 255.
"""

from functools import lru_cache

Colour = tuple[int, int, int]
COLOURS: dict[str, Colour] = {
    "red": (214, 44, 46),
    "orange": (240, 130, 34),
    "yellow": (248, 206, 40),
    "green": (58, 156, 70),
    "blue": (50, 108, 216),
    "purple": (132, 66, 172),
    "pink": (242, 138, 182),
    "brown": (132, 82, 46),
    "grey": (140, 144, 150),
    "black": (40, 40, 46),
    "white": (252, 252, 252),
}
FIXED: dict[str, Colour] = {"cream": (246, 228, 190)}  # of parts alone: no thing has it as its colour
WHITE, INK = (255, 255, 255), (24, 22, 30)


def mixed(colour: Colour, other: Colour, share: int) -> Colour:
    """`share` per cent of `other` in `colour`."""
    return tuple((a * (100 - share) + b * share) // 100 for a, b in zip(colour, other, strict=True))


@lru_cache(maxsize=1024)
def of_role(role: str, colour: str) -> Colour:
    """What a part of this role has in a thing of this colour. Ink is light on black, so that eyes stay visible."""
    main = COLOURS[colour]
    if role == "main":
        return main
    if role == "dark":
        return mixed(main, WHITE, 35) if colour == "black" else mixed(main, INK, 38)
    if role == "light":
        return mixed(main, (150, 160, 180), 35) if colour == "white" else mixed(main, WHITE, 55)
    if role == "ink":
        return WHITE if colour == "black" else INK
    return FIXED.get(role) or COLOURS[role]
