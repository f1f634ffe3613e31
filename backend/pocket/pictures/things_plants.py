"""Plants: trees, flowers and two more."""

from backend.pocket.pictures.parts import box, ellipse, polygon, stroke, twice
from backend.pocket.pictures.thing import Thing

TREE, FLOWER, PLANT = ("tree", "plant"), ("flower", "plant"), ("plant",)


def things() -> tuple[Thing, ...]:
    """The plants."""
    return (*_trees(), *_flowers(), *_others())


def _trees() -> tuple[Thing, ...]:
    oak = (
        box("brown", 42, 54, 58, 98),
        *twice(ellipse("main", 26, 46, 24, 22)),
        ellipse("main", 50, 28, 30, 27),
        ellipse("main", 50, 50, 26, 20),
        ellipse("light", 40, 22, 10, 8),
    )
    pine = (
        box("brown", 43, 82, 57, 99),
        polygon("main", 50, 44, 90, 86, 10, 86),
        polygon("main", 50, 22, 82, 62, 18, 62),
        polygon("main", 50, 0, 72, 38, 28, 38),
        stroke("dark", 4, 24, 62, 76, 62),
        stroke("dark", 4, 34, 38, 66, 38),
    )
    palm = (
        stroke("brown", 10, 42, 98, 46, 66, 54, 36),
        polygon("main", 54, 34, 28, 14, 2, 34, 4, 44, 28, 30),
        polygon("main", 54, 34, 80, 14, 98, 34, 96, 44, 78, 30),
        polygon("main", 54, 34, 40, 8, 18, 2, 22, 12),
        polygon("main", 54, 34, 66, 8, 88, 2, 86, 12),
        polygon("main", 54, 32, 34, 44, 24, 68, 34, 64),
        polygon("main", 54, 32, 74, 44, 86, 68, 76, 64),
        ellipse("brown", 54, 38, 8, 7),
    )
    return (
        Thing("oak", TREE, ("green",), oak),
        Thing("pine", TREE, ("green",), pine, ("fir",)),
        Thing("palm", TREE, ("green",), palm),
    )


def _flowers() -> tuple[Thing, ...]:
    daisy = (
        stroke("green", 7, 50, 50, 50, 98),
        ellipse("green", 66, 80, 17, 8, -30),
        *(ellipse("main", 50 + x, 34 + y, 14, 14) for x, y in ((0, -20), (19, -7), (12, 16), (-12, 16), (-19, -7))),
        ellipse("yellow", 50, 34, 12, 12),
    )
    tulip = (
        stroke("green", 8, 50, 50, 50, 98),
        *twice(ellipse("green", 28, 74, 10, 26, -28)),
        polygon("main", 22, 6, 38, 20, 50, 2, 62, 20, 78, 6, 80, 36, 66, 54, 34, 54, 20, 36),
        polygon("dark", 50, 2, 60, 22, 60, 44, 50, 52, 40, 44, 40, 22),
    )
    return (
        Thing("daisy", FLOWER, ("white", "pink", "purple"), daisy, ("blossom",)),
        Thing("tulip", FLOWER, ("red", "pink", "yellow"), tulip),
    )


def _others() -> tuple[Thing, ...]:
    cactus = (
        stroke("main", 24, 50, 14, 50, 74),
        stroke("main", 14, 50, 56, 20, 56, 18, 32),
        stroke("main", 14, 50, 46, 80, 46, 82, 22),
        stroke("light", 3, 44, 12, 44, 72),
        stroke("light", 3, 56, 12, 56, 72),
        polygon("brown", 26, 74, 74, 74, 68, 99, 32, 99),
    )
    leaf = (
        polygon("main", 96, 4, 98, 40, 84, 68, 58, 84, 26, 80, 18, 56, 30, 28, 60, 10),
        stroke("dark", 6, 80, 22, 2, 98),
        *(stroke("dark", 3, x, 100 - x, x + 24, 106 - x) for x in (38, 54)),
        *(stroke("dark", 3, x, 100 - x, x - 6, 76 - x) for x in (38, 54)),
    )
    return (
        Thing("cactus", PLANT, ("green",), cactus),
        Thing("leaf", PLANT, ("green", "orange", "red"), leaf),
    )
