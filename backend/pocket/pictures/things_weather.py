"""Weather, and what else stands in the sky."""

from backend.pocket.pictures.parts import COS, ONE, SIN, arc, ellipse, polygon, stroke
from backend.pocket.pictures.thing import Thing

WEATHER = ("weather",)


def things() -> tuple[Thing, ...]:
    """The weather."""
    return (*_lights(), *_clouds())


def _lights() -> tuple[Thing, ...]:
    sun = (
        *(stroke("main", 7, *_spoke(degree, 38), *_spoke(degree, 46)) for degree in range(0, 360, 45)),
        ellipse("main", 50, 50, 29, 29),
    )
    moon = (
        polygon("main", 60, 2, 32, 8, 12, 30, 8, 54, 18, 78, 42, 96, 68, 96, 90, 82, 66, 80, 46, 66, 38, 46, 42, 22),
        ellipse("dark", 24, 52, 5, 5),
        ellipse("dark", 38, 76, 5, 5),
    )
    rainbow = (
        arc("main", 16, 50, 80, 41, 60, 180, 360),
        arc("yellow", 9, 50, 80, 29, 48, 180, 360),
        arc("green", 9, 50, 80, 20, 39, 180, 360),
    )
    bolt = (polygon("main", 58, 0, 16, 56, 44, 56, 30, 100, 84, 38, 54, 38, 74, 0),)
    return (
        Thing("sun", WEATHER, ("yellow", "orange"), sun),
        Thing("moon", WEATHER, ("yellow", "white"), moon),
        Thing("rainbow", WEATHER, ("red", "purple"), rainbow),
        Thing("thunderbolt", WEATHER, ("yellow", "orange"), bolt, ("flash",)),
    )


def _clouds() -> tuple[Thing, ...]:
    cloud = (
        ellipse("main", 24, 62, 23, 20),
        ellipse("main", 76, 62, 23, 20),
        ellipse("main", 40, 42, 25, 25),
        ellipse("main", 64, 48, 22, 22),
        polygon("main", 22, 54, 78, 54, 78, 82, 22, 82),
        stroke("light", 4, 28, 40, 36, 28),
    )
    rain = (
        *(stroke("blue", 7, x, 70, x - 8, 92) for x in (28, 52, 76)),
        ellipse("main", 26, 46, 23, 17),
        ellipse("main", 74, 46, 23, 17),
        ellipse("main", 50, 32, 28, 24),
        polygon("main", 24, 40, 76, 40, 76, 62, 24, 62),
    )
    snowflake = (
        *(stroke("main", 6, *_spoke(degree, 0), *_spoke(degree, 46)) for degree in range(30, 360, 60)),
        *(
            stroke("main", 5, *_spoke(degree + turn, 40), *_spoke(degree, 24))
            for degree in range(30, 360, 60)
            for turn in (-20, 20)
        ),
    )
    return (
        Thing("cloud", WEATHER, ("white", "grey"), cloud),
        Thing("raincloud", WEATHER, ("grey", "black"), rain, ("shower",)),
        Thing("snowflake", WEATHER, ("blue", "white"), snowflake),
    )


def _spoke(degree: int, far: int) -> tuple[int, int]:
    """The point `far` units from the middle of the box."""
    return 50 + far * COS[degree % 360] // ONE, 50 + far * SIN[degree % 360] // ONE
