"""Tools and what else one holds in the hand."""

from backend.pocket.pictures.parts import arc, box, ellipse, polygon, stroke
from backend.pocket.pictures.thing import Thing

TOOL = ("tool",)


def things() -> tuple[Thing, ...]:
    """The tools."""
    return (*_cutting(), *_holding(), *_house())


def _cutting() -> tuple[Thing, ...]:
    saw = (
        polygon("grey", 34, 30, 99, 50, 99, 62, 92, 72, 86, 62, 80, 72, 74, 62, 68, 72, 62, 62, 56, 72, 50, 62, 34, 72),
        polygon("main", 4, 22, 38, 22, 42, 78, 10, 82),
        polygon("light", 15, 38, 28, 38, 29, 62, 18, 64),
    )
    axe = (
        stroke("brown", 10, 34, 97, 56, 6),
        polygon("main", 46, 10, 78, 2, 97, 24, 92, 52, 72, 42, 40, 40),
        polygon("light", 82, 6, 97, 24, 92, 52, 84, 46, 88, 26),
    )
    fork = (
        *(stroke("main", 6, x, 6, x, 36) for x in (32, 50, 68)),
        polygon("main", 29, 32, 71, 32, 66, 46, 56, 54, 44, 54, 34, 46),
        stroke("main", 10, 50, 52, 50, 94),
    )
    return (
        Thing("saw", TOOL, ("orange", "brown"), saw),
        Thing("axe", TOOL, ("grey", "red"), axe, ("hatchet",)),
        Thing("fork", TOOL, ("grey",), fork),
    )


def _holding() -> tuple[Thing, ...]:
    hammer = (
        stroke("brown", 12, 50, 30, 50, 95),
        polygon("main", 12, 10, 74, 10, 94, 24, 94, 30, 72, 34, 12, 34),
        box("dark", 8, 6, 22, 38),
    )
    key = (
        arc("main", 13, 26, 34, 19, 19, 0, 360),
        stroke("main", 11, 40, 46, 92, 88),
        stroke("main", 9, 74, 74, 86, 60),
        stroke("main", 9, 90, 86, 100, 74),
    )
    pencil = (
        polygon("main", 20, 60, 72, 6, 94, 28, 42, 82),
        polygon("pink", 72, 6, 80, 0, 100, 20, 94, 28),
        stroke("dark", 4, 32, 70, 82, 18),
        polygon("white", 20, 60, 42, 82, 2, 98),
        polygon("ink", 8, 84, 16, 92, 2, 98),
    )
    brush = (
        stroke("brown", 11, 92, 8, 54, 46),
        polygon("grey", 60, 32, 70, 42, 54, 62, 40, 48),
        polygon("main", 42, 44, 58, 60, 40, 86, 2, 98, 16, 60),
    )
    return (
        Thing("hammer", TOOL, ("grey", "red"), hammer),
        Thing("key", TOOL, ("yellow", "grey"), key),
        Thing("pencil", TOOL, ("yellow", "blue", "red"), pencil, ("crayon",)),
        Thing("brush", TOOL, ("red", "green", "purple"), brush, ("paintbrush",)),
    )


def _house() -> tuple[Thing, ...]:
    ladder = (
        stroke("main", 9, 30, 2, 20, 98),
        stroke("main", 9, 70, 2, 80, 98),
        *(stroke("main", 8, 30 - (y // 12), y, 70 + (y // 12), y) for y in (18, 38, 58, 78)),
    )
    umbrella = (
        stroke("brown", 6, 50, 40, 50, 86, 44, 94, 34, 92, 32, 82),
        polygon("main", 2, 56, 8, 34, 26, 14, 50, 6, 74, 14, 92, 34, 98, 56, 82, 48, 66, 56, 50, 48, 34, 56, 18, 48),
        polygon("light", 34, 55, 40, 24, 50, 6, 60, 24, 66, 55, 50, 48),
    )
    lamp = (
        stroke("brown", 8, 50, 50, 50, 90),
        polygon("main", 30, 8, 70, 8, 92, 56, 8, 56),
        ellipse("yellow", 50, 60, 14, 9),
        box("brown", 24, 88, 76, 98),
    )
    return (
        Thing("ladder", TOOL, ("brown", "orange"), ladder),
        Thing("umbrella", TOOL, ("purple", "red", "blue"), umbrella, ("parasol",)),
        Thing("lamp", TOOL, ("orange", "green", "pink"), lamp),
    )
