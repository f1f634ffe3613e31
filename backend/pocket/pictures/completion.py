"""Completion of prompts: which words may come next, which are not known, and whether what is there can be drawn.

Every word it offers leads to some prompt that `read_prompt` reads. Knows the words of the simplest scenes; draws
nothing, and is asked at every key, so it costs well under a millisecond.
"""

import re
from dataclasses import dataclass

from backend.errors import UserError
from backend.pocket.pictures.prompts import NOUNS, NUMBERS, SAID, WORDS, Read, read_prompt, read_words
from backend.pocket.pictures.simple import COLOURS, COUNTS, GROUNDS, MOST_BESIDE, SHAPES
from backend.pocket.pictures.thing import plural

SIDEWAYS = {"left", "right"}  # of


@dataclass(frozen=True)
class Completion:
    """`follows`: the words that may take the place of the one being typed, or come next; `unknown`: the words that
    nobody taught; `whole`: whether what is there can be drawn already."""

    follows: tuple[str, ...]
    unknown: tuple[str, ...]
    whole: bool


def complete(text: str) -> Completion:
    """What may come after the text. A word that is not ended, and begins one that may come, is being typed."""
    words = re.findall(r"[^\W_]+", text.lower())
    typing = words[-1] if words and re.search(r"[^\W_]$", text) else ""
    before = words[:-1] if typing else words
    matching = tuple(word for word in _next(before) if typing and word.startswith(typing))
    if not typing or (typing in WORDS and set(matching) <= {typing}):
        matching, before, typing = _next(words), words, ""
    unknown = {word for word in before if word not in WORDS} | ({typing} if typing and not matching else set())
    return Completion(matching, tuple(sorted(unknown)), _is_whole(text))


def _next(words: list[str]) -> tuple[str, ...]:
    """The words that may come after these whole ones; none where these already make no sense."""
    try:
        read = read_words([word for word in words if word in WORDS])
    except UserError:
        return ()
    if _is_senseless(read):
        return ()
    if words and words[-1] in SIDEWAYS:
        return ("of",)
    if len(read.sorts) == len(read.relations):
        return _in_a_sort(read, any(word in NUMBERS for word in _since_a_sort(words)))
    grounds = () if read.grounds else GROUNDS
    if len(read.sorts) == 2 or read.sorts[0].count > MOST_BESIDE:
        return grounds
    return (*SAID, *grounds)


def _is_senseless(read: Read) -> bool:
    """Whether no word can mend it."""
    beside = len(read.sorts) + (len(read.relations) >= len(read.sorts) > 0)
    many = max([read.number, *(sort.count for sort in read.sorts)])
    return (
        len(read.grounds) > 1
        or len(read.sorts) > 2
        or not len(read.sorts) - 1 <= len(read.relations) <= min(1, len(read.sorts))
        or (beside > 1 and many > MOST_BESIDE)
    )


def _since_a_sort(words: list[str]) -> list[str]:
    """The words after the last shape."""
    last = max((place for place, word in enumerate(words) if word in NOUNS), default=-1)
    return words[last + 1 :]


def _in_a_sort(read: Read, numbered: bool) -> tuple[str, ...]:
    """A number, a colour or a shape; the second sort is another one than the first."""
    if read.colour is None:
        most = MOST_BESIDE if read.sorts else len(COUNTS)
        numbers = tuple(word for word, many in NUMBERS.items() if many <= most and word != "an")
        return COLOURS if numbered else (*numbers, *COLOURS)
    taken = {sort.shape for sort in read.sorts if sort.colour == read.colour}
    return tuple(shape if read.number == 1 else plural(shape) for shape in SHAPES if shape not in taken)


def _is_whole(text: str) -> bool:
    try:
        read_prompt(text)
    except UserError:
        return False
    return True
