"""A thing: what it is called, what kinds it belongs to, its usual colours, and the parts it is drawn from.

Knows no thing by name and nothing of how it is painted.
"""

from dataclasses import dataclass

from backend.pocket.pictures.parts import Part

IRREGULAR = {"fish": "fish", "leaf": "leaves", "aircraft": "aircraft", "food": "food", "weather": "weather"}
UNCOUNTED = {"food", "weather"}  # "some food", never "two foods"


@dataclass(frozen=True)
class Thing:
    """`kinds` from the narrowest to the widest; `colours` are the usual ones."""

    name: str
    kinds: tuple[str, ...]
    colours: tuple[str, ...]
    parts: tuple[Part, ...]
    synonyms: tuple[str, ...] = ()


def plural(noun: str) -> str:
    """The noun for two or more."""
    if noun in IRREGULAR:
        return IRREGULAR[noun]
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "sh", "ch")) else "s")


def article(phrase: str) -> str:
    """The word "a" or "an", as the phrase wants it."""
    return "an" if phrase[0] in "aeiou" else "a"
