"""Food: fruit, vegetables, treats and what else lies on a table.

The crust of a pizza and the yolk of an egg carry the colour: people know both by all the rest.
"""

from backend.pocket.pictures.parts import arc, box, ellipse, polygon, stroke, twice
from backend.pocket.pictures.thing import Thing

FRUIT, VEGETABLE, TREAT, FOOD = ("fruit", "food"), ("vegetable", "food"), ("treat", "food"), ("food",)


def things() -> tuple[Thing, ...]:
    """The food."""
    return (*_fruit(), *_berries(), *_vegetables(), *_treats(), *_others())


def _fruit() -> tuple[Thing, ...]:
    apple = (
        *twice(ellipse("main", 34, 60, 30, 35)),
        ellipse("main", 50, 70, 24, 28),
        stroke("brown", 7, 50, 32, 56, 8),
        ellipse("green", 72, 15, 18, 9, -20),
        ellipse("light", 26, 48, 7, 12, 20),
    )
    pear = (
        ellipse("main", 50, 68, 32, 30),
        polygon("main", 21, 58, 36, 26, 64, 26, 79, 58),
        ellipse("main", 50, 30, 17, 18),
        stroke("brown", 7, 50, 16, 54, 0),
        ellipse("light", 36, 66, 6, 12, 15),
    )
    banana = (
        polygon("main", 8, 22, 20, 14, 30, 42, 52, 60, 84, 62, 97, 58, 98, 70, 74, 88, 42, 86, 18, 62),
        stroke("brown", 8, 13, 18, 10, 8),
        stroke("brown", 7, 96, 62, 98, 66),
        stroke("dark", 4, 22, 44, 44, 70, 78, 75),
    )
    return (
        Thing("apple", FRUIT, ("red", "green"), apple),
        Thing("pear", FRUIT, ("green", "yellow"), pear),
        Thing("banana", FRUIT, ("yellow",), banana),
    )


def _berries() -> tuple[Thing, ...]:
    cherry = (
        stroke("green", 5, 28, 62, 44, 26, 66, 6),
        stroke("green", 5, 74, 66, 66, 36, 66, 6),
        ellipse("green", 82, 14, 18, 9, 15),
        ellipse("main", 26, 72, 25, 25),
        ellipse("main", 75, 76, 23, 23),
        ellipse("light", 18, 64, 6, 7),
        ellipse("light", 68, 68, 6, 6),
    )
    strawberry = (
        *twice(ellipse("main", 33, 42, 26, 24)),
        polygon("main", 8, 48, 92, 48, 72, 78, 50, 99, 28, 78),
        polygon("green", 50, 4, 60, 18, 82, 14, 70, 28, 78, 38, 50, 30, 22, 38, 30, 28, 18, 14, 40, 18),
        *twice(ellipse("light", 30, 52, 4, 6), ellipse("light", 40, 72, 4, 6)),
        ellipse("light", 50, 54, 4, 6),
    )
    return (
        Thing("cherry", FRUIT, ("red",), cherry),
        Thing("strawberry", FRUIT, ("red", "pink"), strawberry, ("berry",)),
    )


def _vegetables() -> tuple[Thing, ...]:
    carrot = (
        *twice(stroke("green", 9, 50, 30, 30, 6)),
        stroke("green", 10, 50, 30, 50, 2),
        polygon("main", 26, 30, 50, 24, 74, 30, 72, 46, 52, 99, 48, 99, 28, 46),
        stroke("dark", 4, 28, 44, 44, 46),
        stroke("dark", 4, 68, 58, 54, 60),
    )
    mushroom = (
        polygon("cream", 36, 48, 64, 48, 70, 96, 30, 96),
        polygon("main", 2, 54, 8, 32, 26, 12, 50, 5, 74, 12, 92, 32, 98, 54),
        ellipse("white", 30, 34, 10, 9),
        ellipse("white", 64, 24, 9, 8),
        ellipse("white", 76, 44, 7, 6),
    )
    corn = (
        ellipse("main", 50, 44, 22, 42),
        stroke("dark", 3, 42, 10, 42, 74),
        stroke("dark", 3, 58, 10, 58, 74),
        *(stroke("dark", 3, 31, y, 69, y) for y in (22, 36, 50)),
        *twice(polygon("green", 50, 98, 14, 84, 8, 40, 26, 62, 50, 84)),
    )
    return (
        Thing("carrot", VEGETABLE, ("orange",), carrot),
        Thing("mushroom", VEGETABLE, ("red", "brown"), mushroom, ("toadstool",)),
        Thing("corncob", VEGETABLE, ("yellow",), corn),
    )


def _treats() -> tuple[Thing, ...]:
    cake = (
        stroke("cream", 7, 50, 38, 50, 18),
        polygon("orange", 50, 0, 58, 14, 50, 20, 42, 14),
        box("light", 10, 42, 90, 92),
        polygon("main", 8, 36, 92, 36, 92, 58, 80, 68, 68, 56, 56, 68, 44, 56, 32, 68, 20, 56, 8, 66),
        box("main", 4, 84, 96, 95),
    )
    lolly = (
        stroke("brown", 7, 50, 60, 50, 98),
        ellipse("main", 50, 34, 34, 34),
        arc("white", 6, 50, 34, 20, 20, 40, 300),
        ellipse("white", 50, 34, 6, 6),
    )
    cone = (
        polygon("orange", 24, 46, 76, 46, 50, 100),
        stroke("brown", 3, 38, 48, 58, 80),
        stroke("brown", 3, 62, 48, 42, 80),
        ellipse("main", 50, 28, 30, 27),
        *twice(ellipse("main", 28, 44, 13, 9)),
        ellipse("red", 50, 6, 8, 7),
    )
    return (
        Thing("cake", TREAT, ("pink", "brown"), cake),
        Thing("lollipop", TREAT, ("red", "purple", "pink"), lolly, ("candy",)),
        Thing("cone", TREAT, ("pink", "brown", "white"), cone, ("icecream",)),
    )


def _others() -> tuple[Thing, ...]:
    pizza = (
        polygon("yellow", 8, 18, 92, 18, 50, 99),
        stroke("main", 14, 9, 17, 50, 9, 91, 17),
        ellipse("red", 36, 36, 10, 10),
        ellipse("red", 64, 38, 10, 10),
        ellipse("red", 50, 64, 9, 9),
    )
    cheese = (
        polygon("main", 2, 56, 68, 14, 98, 42, 98, 56),
        polygon("dark", 2, 56, 98, 56, 98, 90, 2, 90),
        ellipse("light", 66, 42, 10, 7),
        ellipse("light", 26, 72, 9, 9),
        ellipse("light", 70, 76, 11, 9),
    )
    egg = (
        polygon("white", 8, 48, 24, 14, 54, 4, 84, 18, 97, 50, 84, 78, 62, 96, 32, 88, 12, 76),
        ellipse("main", 52, 48, 22, 22),
        ellipse("light", 44, 40, 6, 5),
    )
    return (
        Thing("pizza", FOOD, ("brown",), pizza),
        Thing("cheese", FOOD, ("yellow", "orange"), cheese),
        Thing("egg", FOOD, ("yellow", "orange"), egg),
    )
