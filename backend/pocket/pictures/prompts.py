"""Prompts: free text about one or two plain shapes becomes a simple scene, or an error that names what is not known.

Knows the words of the simplest scenes. Does not draw.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.errors import UserError
from backend.pocket.pictures.simple import COLOURS, COUNTS, GROUNDS, MOST_BESIDE, SHAPES, Simple, Sort
from backend.pocket.pictures.thing import plural

NUMBERS = {"a": 1, "an": 1} | {word: number for number, word in enumerate(COUNTS, start=1)}
NOUNS = {noun: shape for shape in SHAPES for noun in (shape, plural(shape))}
SAID = {"above": "above", "over": "above", "below": "below", "under": "below", "left": "left of", "right": "right of"}
TURNED = {"below": "above", "right of": "left of"}
SILENT = {"of", "the", "to", "on", "at", "in", "and"}
WORDS = tuple(sorted({*NUMBERS, *NOUNS, *SAID, *COLOURS, *GROUNDS, *SILENT}))
EXAMPLE = "two red circles above a blue square, sand"


@dataclass
class Read:
    """What has been read so far: whole sorts, and the number and colour of the next one."""

    sorts: list[Sort] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)
    grounds: list[str] = field(default_factory=list)
    number: int = 1
    colour: str | None = None


def read_prompt(text: str, ground: str = GROUNDS[0]) -> Simple:
    """What the prompt asks for, on `ground` where it names none.

    Raises UserError for words that are not in `WORDS`, and for prompts that are not of one or two sorts of shapes.
    """
    words = re.findall(r"[^\W_]+", text.lower())
    unknown = sorted(set(words) - set(WORDS))
    if unknown:
        raise UserError(
            f"The prompt has words that nobody taught: {', '.join(unknown)}.",
            f"shapes ({', '.join(SHAPES)}), colours ({', '.join(COLOURS)}) and grounds ({', '.join(GROUNDS)})",
            f'Write, say, "{EXAMPLE}".',
        )
    read = read_words(words, text)
    if not read.sorts or len(read.sorts) > 2 or len(read.grounds) > 1 or len(read.relations) != len(read.sorts) - 1:
        raise _unclear(text)
    return _in_order(read, (read.grounds or [ground])[0], text)


def read_words(words: Sequence[str], text: str = "") -> Read:
    """What these known words say, be they a whole prompt or its beginning.

    Raises UserError, about `text`, for a shape without a colour, and for two sorts without a relation between them.
    """
    read = Read()
    for word in words:
        _take(read, word, text)
    return read


def _take(read: Read, word: str, text: str) -> None:
    if word in NUMBERS:
        read.number = NUMBERS[word]
    elif word in COLOURS:
        read.colour = word
    elif word in GROUNDS:
        read.grounds.append(word)
    elif word in SAID:
        read.relations.append(SAID[word])
    elif word in NOUNS:
        if read.colour is None or len(read.relations) != len(read.sorts):
            raise _unclear(text)
        read.sorts.append(Sort(read.number, NOUNS[word], read.colour))
        read.number, read.colour = 1, None


def _in_order(read: Read, ground: str, text: str) -> Simple:
    if len(read.sorts) == 1:
        return Simple(read.sorts[0], "alone", None, ground)
    if max(sort.count for sort in read.sorts) > MOST_BESIDE:
        raise _unclear(text)
    first, second = read.sorts
    relation = read.relations[0]
    if relation in TURNED:
        first, second, relation = second, first, TURNED[relation]
    return Simple(first, relation, second, ground)


def _unclear(text: str) -> UserError:
    return UserError(
        f'The prompt "{text.strip()[:80]}" cannot be drawn.',
        "one to three coloured shapes of one sort, or one or two of each of two sorts with a relation between them",
        f'Write, say, "{EXAMPLE}".',
    )
