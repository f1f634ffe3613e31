"""Animals: eighteen, each by the view that most people draw, a face or a side."""

from backend.pocket.pictures.parts import Part, arc, box, ellipse, polygon, stroke, twice
from backend.pocket.pictures.thing import Thing

PET, BIRD, SEA, INSECT, WILD = ("pet", "animal"), ("bird", "animal"), ("animal",), ("insect", "animal"), ("animal",)


def _eyes(x: int, y: int, size: int) -> tuple[Part, ...]:
    return twice(ellipse("ink", x, y, size, size))


def things() -> tuple[Thing, ...]:
    """The animals: those with faces, birds, those in the sea, and small ones."""
    return (*_pets(), *_faces(), *_sides(), *_birds(), *_sea(), *_insects(), *_small())


def _pets() -> tuple[Thing, ...]:
    cat = (
        *twice(polygon("main", 13, 56, 14, 4, 48, 30), polygon("pink", 20, 36, 20, 16, 34, 28)),
        ellipse("main", 50, 60, 40, 34),
        *twice(ellipse("white", 34, 54, 9, 9), ellipse("ink", 35, 54, 4, 8)),
        polygon("pink", 43, 67, 57, 67, 50, 75),
        *twice(stroke("ink", 3, 50, 74, 48, 80, 41, 84, 35, 81)),
        *twice(stroke("ink", 2, 26, 72, 2, 66), stroke("ink", 2, 26, 77, 2, 82)),
    )
    dog = (
        ellipse("main", 50, 48, 33, 38),
        *twice(ellipse("dark", 14, 46, 13, 32, 8)),
        ellipse("light", 50, 66, 23, 21),
        ellipse("red", 50, 88, 8, 11),
        *_eyes(36, 38, 6),
        ellipse("ink", 50, 58, 11, 8),
        stroke("ink", 3, 50, 64, 50, 74),
    )
    rabbit = (
        *twice(ellipse("main", 32, 26, 12, 27, -6), ellipse("pink", 32, 28, 5, 18, -6)),
        ellipse("main", 50, 68, 33, 29),
        *_eyes(37, 62, 5),
        ellipse("pink", 50, 73, 6, 5),
        box("white", 44, 82, 56, 95),
    )
    return (
        Thing("cat", PET, ("orange", "grey", "black"), cat, ("kitten", "kitty")),
        Thing("dog", PET, ("brown", "white"), dog, ("puppy",)),
        Thing("rabbit", PET, ("grey", "white", "brown"), rabbit, ("bunny",)),
    )


def _faces() -> tuple[Thing, ...]:
    pig = (
        *twice(polygon("dark", 10, 40, 14, 6, 44, 22)),
        ellipse("main", 50, 54, 42, 40),
        *_eyes(30, 42, 5),
        ellipse("light", 50, 64, 21, 16),
        *twice(ellipse("dark", 43, 64, 4, 7)),
    )
    frog = (
        *twice(ellipse("main", 26, 28, 18, 18)),
        ellipse("main", 50, 62, 46, 32),
        *twice(ellipse("white", 26, 26, 12, 12), ellipse("ink", 28, 27, 6, 6)),
        arc("ink", 4, 50, 58, 30, 20, 15, 165),
    )
    return (
        Thing("pig", WILD, ("pink",), pig, ("piglet",)),
        Thing("frog", WILD, ("green",), frog),
    )


def _sides() -> tuple[Thing, ...]:
    elephant = (
        stroke("main", 4, 92, 40, 98, 62),
        ellipse("main", 62, 46, 34, 28),
        box("main", 36, 56, 51, 94),
        box("main", 76, 56, 91, 94),
        ellipse("main", 26, 36, 21, 21),
        stroke("main", 12, 12, 42, 10, 68, 14, 86),
        stroke("white", 5, 20, 56, 28, 66),
        ellipse("dark", 41, 36, 13, 20),
        ellipse("ink", 18, 30, 4, 4),
    )
    snake = (
        stroke("main", 15, 92, 90, 26, 90, 13, 79, 24, 66, 72, 66, 83, 53, 72, 40, 40, 40, 30, 28),
        stroke("dark", 4, 76, 90, 60, 90),
        stroke("dark", 4, 44, 90, 30, 90),
        stroke("dark", 4, 36, 66, 52, 66),
        ellipse("main", 30, 22, 19, 13),
        stroke("red", 4, 12, 24, 0, 20),
        ellipse("ink", 24, 18, 4, 4),
    )
    turtle = (
        stroke("light", 13, 30, 66, 22, 88),
        stroke("light", 13, 66, 66, 74, 88),
        ellipse("light", 88, 46, 12, 13),
        stroke("light", 12, 72, 64, 88, 50),
        polygon("main", 4, 72, 10, 44, 28, 26, 46, 22, 64, 26, 80, 44, 86, 72),
        polygon("dark", 36, 36, 56, 36, 62, 52, 46, 64, 30, 52),
        ellipse("ink", 91, 42, 3, 4),
    )
    return (
        Thing("elephant", WILD, ("grey",), elephant),
        Thing("snake", WILD, ("green", "yellow"), snake, ("serpent",)),
        Thing("turtle", WILD, ("green",), turtle, ("tortoise",)),
    )


def _birds() -> tuple[Thing, ...]:
    owl = (
        *twice(polygon("main", 16, 46, 16, 2, 46, 20)),
        ellipse("main", 50, 56, 36, 42),
        ellipse("light", 50, 76, 21, 20),
        *twice(ellipse("white", 33, 40, 16, 16), ellipse("ink", 34, 40, 8, 8), ellipse("dark", 17, 66, 8, 22)),
        polygon("orange", 42, 48, 58, 48, 50, 64),
    )
    penguin = (
        *twice(ellipse("main", 20, 56, 9, 26, 14), ellipse("orange", 36, 93, 13, 6)),
        ellipse("main", 50, 52, 30, 44),
        ellipse("white", 50, 64, 21, 28),
        *twice(ellipse("white", 40, 28, 9, 10), ellipse("black", 41, 28, 4, 4)),
        polygon("orange", 41, 36, 59, 36, 50, 48),
    )
    duck = (
        polygon("main", 62, 64, 98, 40, 94, 76),
        ellipse("main", 56, 68, 38, 24),
        polygon("main", 14, 36, 48, 36, 52, 66, 22, 70),
        ellipse("main", 32, 26, 20, 20),
        polygon("orange", 16, 24, 16, 38, 0, 36, 0, 28),
        ellipse("dark", 62, 66, 20, 12),
        ellipse("ink", 28, 21, 4, 4),
    )
    return (
        Thing("owl", BIRD, ("brown", "grey"), owl),
        Thing("penguin", BIRD, ("black", "blue"), penguin),
        Thing("duck", BIRD, ("yellow", "white"), duck, ("duckling",)),
    )


def _sea() -> tuple[Thing, ...]:
    fish = (
        polygon("dark", 28, 34, 46, 10, 64, 34),
        polygon("dark", 66, 50, 99, 20, 90, 50, 99, 80),
        ellipse("main", 41, 50, 40, 28),
        stroke("light", 6, 46, 30, 40, 50, 46, 70),
        stroke("light", 6, 60, 34, 56, 50, 60, 66),
        ellipse("white", 20, 42, 9, 9),
        ellipse("ink", 19, 42, 5, 5),
    )
    whale = (
        stroke("blue", 5, 36, 34, 36, 16, 24, 6),
        stroke("blue", 5, 36, 16, 48, 6),
        polygon("main", 64, 62, 82, 42, 76, 20, 88, 30, 100, 22, 98, 42, 92, 72, 76, 90),
        ellipse("main", 42, 66, 40, 30),
        ellipse("light", 36, 82, 28, 13),
        ellipse("ink", 20, 62, 5, 5),
    )
    crab = (
        *twice(
            stroke("main", 6, 30, 66, 8, 76, 4, 92),
            stroke("main", 6, 36, 74, 22, 96),
            stroke("main", 8, 26, 54, 12, 40),
            polygon("main", 2, 40, 0, 18, 12, 4, 14, 20, 28, 8, 30, 26, 20, 42),
            stroke("main", 5, 40, 48, 38, 30),
            ellipse("white", 38, 27, 9, 9),
            ellipse("black", 38, 27, 4, 4),
        ),
        ellipse("main", 50, 64, 32, 22),
        arc("ink", 3, 50, 64, 14, 10, 20, 160),
    )
    return (
        Thing("fish", SEA, ("orange", "blue"), fish),
        Thing("whale", SEA, ("blue", "grey"), whale),
        Thing("crab", SEA, ("red", "orange"), crab),
    )


def _insects() -> tuple[Thing, ...]:
    butterfly = (
        *twice(
            ellipse("main", 25, 32, 27, 20, 35),
            ellipse("main", 31, 70, 20, 18, -30),
            ellipse("light", 22, 30, 12, 9, 35),
            ellipse("light", 30, 71, 8, 8),
            stroke("ink", 3, 50, 24, 40, 4),
        ),
        stroke("ink", 9, 50, 24, 50, 84),
    )
    bee = (
        *twice(ellipse("white", 33, 24, 15, 22, -25)),
        polygon("ink", 86, 56, 100, 60, 86, 66),
        ellipse("main", 50, 60, 40, 27),
        stroke("ink", 9, 44, 38, 44, 82),
        stroke("ink", 9, 64, 40, 64, 80),
        ellipse("ink", 22, 54, 5, 5),
    )
    return (
        Thing("butterfly", INSECT, ("purple", "orange", "pink"), butterfly),
        Thing("bee", INSECT, ("yellow",), bee, ("bumblebee",)),
    )


def _small() -> tuple[Thing, ...]:
    snail = (
        stroke("light", 15, 14, 89, 90, 89),
        stroke("light", 12, 16, 88, 15, 56),
        stroke("light", 4, 14, 54, 4, 34),
        stroke("light", 4, 16, 54, 26, 34),
        ellipse("main", 60, 54, 34, 34),
        arc("dark", 7, 60, 54, 20, 20, 30, 330),
        ellipse("dark", 60, 54, 8, 8),
    )
    spider = (
        *twice(
            stroke("main", 5, 40, 44, 20, 20, 14, 2),
            stroke("main", 5, 36, 50, 14, 36, 2, 44),
            stroke("main", 5, 36, 60, 14, 64, 3, 82),
            stroke("main", 5, 40, 66, 22, 80, 18, 98),
        ),
        ellipse("main", 50, 64, 25, 25),
        ellipse("main", 50, 34, 16, 15),
        *twice(ellipse("white", 44, 32, 5, 6)),
    )
    return (
        Thing("snail", WILD, ("brown", "orange"), snail),
        Thing("spider", WILD, ("black", "brown"), spider),
    )
