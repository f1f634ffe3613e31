"""Vehicles: on the road, on rails, on water and in the air."""

from backend.pocket.pictures.parts import Part, arc, box, ellipse, polygon, stroke, twice
from backend.pocket.pictures.thing import Thing

VEHICLE = ("vehicle",)


def _wheel(x: int, y: int, size: int) -> tuple[Part, ...]:
    return ellipse("black", x, y, size, size), ellipse("grey", x, y, size // 2, size // 2)


def things() -> tuple[Thing, ...]:
    """The vehicles."""
    return (*_road(), *_rails_and_water(), *_air())


def _road() -> tuple[Thing, ...]:
    car = (
        polygon("main", 20, 52, 32, 24, 68, 24, 82, 52),
        box("main", 2, 48, 98, 76),
        polygon("light", 28, 48, 37, 31, 48, 31, 48, 48),
        polygon("light", 54, 48, 54, 31, 64, 31, 72, 48),
        ellipse("yellow", 94, 58, 5, 5),
        *_wheel(24, 78, 15),
        *_wheel(76, 78, 15),
    )
    bus = (
        box("main", 3, 14, 97, 82),
        *(box("light", x, 24, x + 16, 46) for x in (9, 31, 53)),
        box("light", 76, 24, 92, 76),
        stroke("dark", 5, 5, 58, 72, 58),
        *_wheel(24, 84, 13),
        *_wheel(66, 84, 13),
    )
    truck = (
        box("light", 2, 14, 60, 74),
        stroke("main", 6, 5, 44, 58, 44),
        polygon("main", 63, 32, 84, 32, 98, 54, 98, 76, 63, 76),
        polygon("white", 69, 38, 81, 38, 90, 54, 69, 54),
        *_wheel(22, 80, 14),
        *_wheel(78, 80, 14),
    )
    bicycle = (
        arc("ink", 5, 21, 68, 18, 18, 0, 360),
        arc("ink", 5, 79, 68, 18, 18, 0, 360),
        stroke("main", 6, 21, 68, 38, 36, 70, 36, 48, 68, 21, 68),
        stroke("main", 6, 48, 68, 34, 26),
        stroke("main", 6, 79, 68, 67, 22, 80, 18),
        stroke("ink", 7, 26, 25, 42, 25),
    )
    return (
        Thing("car", VEHICLE, ("red", "blue"), car, ("automobile",)),
        Thing("bus", VEHICLE, ("red", "yellow"), bus, ("coach",)),
        Thing("truck", VEHICLE, ("blue", "green"), truck, ("lorry",)),
        Thing("bicycle", VEHICLE, ("red", "green"), bicycle, ("bike",)),
    )


def _rails_and_water() -> tuple[Thing, ...]:
    train = (
        box("dark", 8, 14, 22, 44),
        polygon("grey", 4, 4, 26, 4, 22, 16, 8, 16),
        box("main", 4, 40, 62, 74),
        box("main", 58, 14, 94, 74),
        box("dark", 54, 8, 98, 18),
        box("white", 66, 26, 86, 46),
        polygon("dark", 4, 74, 4, 92, 0, 92),
        *_wheel(18, 82, 12),
        *_wheel(46, 82, 12),
        *_wheel(78, 80, 15),
    )
    boat = (
        stroke("brown", 5, 50, 6, 50, 70),
        polygon("white", 54, 8, 54, 62, 92, 62),
        polygon("light", 46, 18, 46, 62, 16, 62),
        polygon("main", 4, 68, 96, 68, 80, 94, 20, 94),
    )
    return (
        Thing("train", VEHICLE, ("black", "green", "red"), train, ("locomotive",)),
        Thing("boat", VEHICLE, ("red", "brown"), boat, ("ship", "sailboat")),
    )


def _air() -> tuple[Thing, ...]:
    plane = (
        polygon("dark", 2, 24, 14, 24, 30, 46, 12, 50),
        ellipse("main", 52, 52, 46, 14),
        polygon("dark", 40, 50, 60, 50, 42, 92, 28, 92),
        polygon("dark", 48, 42, 62, 42, 48, 12, 38, 12),
        *(ellipse("white", x, 48, 4, 4) for x in (38, 52, 66)),
        polygon("light", 80, 42, 94, 48, 82, 52),
    )
    rocket = (
        polygon("orange", 38, 80, 62, 80, 50, 100),
        *twice(polygon("dark", 34, 52, 34, 82, 12, 90, 16, 70)),
        polygon("main", 50, 0, 64, 18, 70, 42, 66, 82, 34, 82, 30, 42, 36, 18),
        ellipse("white", 50, 38, 12, 12),
        ellipse("blue", 50, 38, 8, 8),
    )
    balloon = (
        stroke("ink", 3, 24, 52, 42, 80),
        stroke("ink", 3, 76, 52, 58, 80),
        ellipse("main", 50, 34, 36, 34),
        polygon("main", 18, 48, 82, 48, 58, 74, 42, 74),
        ellipse("light", 50, 36, 13, 34),
        box("brown", 39, 80, 61, 98),
    )
    return (
        Thing("plane", VEHICLE, ("white", "blue"), plane, ("airplane", "aircraft")),
        Thing("rocket", VEHICLE, ("red", "white"), rocket, ("spaceship",)),
        Thing("balloon", VEHICLE, ("orange", "purple", "red"), balloon),
    )
