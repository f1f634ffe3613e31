"""The words of captions: nouns and what they may mean, numbers, ways to say a relation, and the whole vocabulary.

Knows things, colours and grounds by name. Does not build captions.
"""

from functools import lru_cache

from backend.pocket.pictures.colours import COLOURS
from backend.pocket.pictures.grounds import GROUNDS
from backend.pocket.pictures.thing import UNCOUNTED, plural
from backend.pocket.pictures.things import HELD_OUT, THINGS

NUMBERS = {2: "two", 3: "three", 4: "four"}
OPENINGS = ("", "", "a picture of", "a drawing of", "we see", "look at")
SAYING = {
    "above": ("above", "over"),
    "below": ("below", "under"),
    "left of": ("left of", "to the left of"),
    "right of": ("right of", "to the right of"),
}
JOINING = ("and", "with", "next to")
ARTICLES = ("a", "an", "some")


@lru_cache(maxsize=1)
def meanings() -> dict[str, frozenset[str]]:
    """Every noun in the singular, and the things that it names: one for a name or synonym, several for a kind."""
    found: dict[str, set[str]] = {}
    for thing in THINGS.values():
        for noun in (thing.name, *thing.synonyms, *thing.kinds):
            found.setdefault(noun, set()).add(thing.name)
    return {noun: frozenset(things) for noun, things in found.items()}


@lru_cache(maxsize=1)
def vocabulary() -> tuple[str, ...]:
    """Every word that a caption can have, in the order of the alphabet. Names of held-out things are not among them."""
    words = {*COLOURS, *NUMBERS.values(), *ARTICLES}
    for noun, things in meanings().items():
        if things <= set(HELD_OUT):
            continue
        words |= {noun} if noun in UNCOUNTED else {noun, plural(noun)}
    phrases = [*OPENINGS, *JOINING, *(ground.phrase for ground in GROUNDS.values())]
    phrases += [phrase for ways in SAYING.values() for phrase in ways]
    return tuple(sorted(words.union(*(phrase.split() for phrase in phrases))))
