"""Whether sentences of a text are true of an entity: word for word, behind openings and synonyms.

Knows text and the accepted statements it is given. Does not know files, facts or models. About 20 microseconds a
sentence.

A sentence states something unless it is one of the fixed introductions or rude asides. A piece behind the last full
stop, cut by a cap on length, states nothing yet.
"""

import re
from collections.abc import Collection

from backend.pocket.talk_styles import INTRODUCTIONS, OPENINGS, RUDE, SYNONYMS

SENTENCE = re.compile(r"[^.!?]+[.!?]+")
INTRODUCTION = (re.escape(one.format(x="{}")).replace(r"\{\}", ".+") for one in INTRODUCTIONS)
ASIDE = re.compile("|".join([*map(re.escape, RUDE), *INTRODUCTION]))
OPENING = re.compile("|".join(map(re.escape, OPENINGS)))
FIRST = {word: row[0] for row in SYNONYMS for word in row}
WORDS = re.compile(rf"\b({'|'.join(sorted(FIRST, key=len, reverse=True))})\b")


def sentences(text: str) -> list[str]:
    """The finished sentences of a text."""
    return [found[0].strip() for found in SENTENCE.finditer(text)]


def plain(sentence: str) -> str:
    """A sentence without its opening, in the first words of their rows, with a small first letter."""
    said = OPENING.sub("", sentence, count=1) if OPENING.match(sentence) else sentence
    return WORDS.sub(lambda found: FIRST[found[0]], said[:1].lower() + said[1:])


def share_true(accepted: Collection[str], text: str, asides: bool = False) -> float:
    """The share of sentences that are among the accepted plain statements; 0 where there are none.

    Of those that state something; of all finished sentences with `asides`.
    """
    said = [plain(one) for one in sentences(text) if asides or not ASIDE.fullmatch(one)]
    return sum(one in accepted for one in said) / len(said) if said else 0.0
