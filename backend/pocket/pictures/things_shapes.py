"""Shapes: eight plain ones, whose first five are enough for the simplest scenes."""

from backend.pocket.pictures.parts import Part, arc, box, ellipse, polygon, twice
from backend.pocket.pictures.thing import Thing


def _shape(name: str, colours: tuple[str, ...], *parts: Part, synonyms: tuple[str, ...] = ()) -> Thing:
    return Thing(name, ("shape",), colours, parts, synonyms)


def things() -> tuple[Thing, ...]:
    """The shapes."""
    return (
        _shape("circle", ("red", "blue"), ellipse("main", 50, 50, 46, 46), synonyms=("disc",)),
        _shape("square", ("blue", "green"), box("main", 9, 9, 91, 91)),
        _shape("triangle", ("green", "yellow"), polygon("main", 50, 6, 97, 90, 3, 90)),
        _shape(
            "star",
            ("yellow", "orange"),
            polygon("main", 50, 2, 62, 37, 99, 38, 69, 60, 80, 96, 50, 75, 20, 96, 31, 60, 1, 38, 38, 37),
        ),
        _shape(
            "heart",
            ("red", "pink"),
            *twice(ellipse("main", 28, 32, 24, 24)),
            polygon("main", 8, 46, 28, 30, 50, 32, 72, 30, 92, 46, 50, 96),
        ),
        _shape("diamond", ("blue", "purple"), polygon("main", 50, 2, 84, 50, 50, 98, 16, 50), synonyms=("rhombus",)),
        _shape("cross", ("red", "green"), box("main", 36, 6, 64, 94), box("main", 6, 36, 94, 64), synonyms=("plus",)),
        _shape("ring", ("purple", "orange"), arc("main", 20, 50, 50, 36, 36, 0, 360), synonyms=("hoop",)),
    )
