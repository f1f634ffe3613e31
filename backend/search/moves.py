"""Moves of the search: small changes of one example's text, each drawn by a generator.

`question` puts another real question and its answer in the place. `phrase` recombines: part of the text with part of a
real question that begins or ends alike, or has the same answer, so that what comes out mostly reads as language.
`word` changes, adds or drops a word. `token` is a swap ranked by a gradient (tokens.py). `written` puts a question that
a model wrote in the place (writing.py). Only whole questions bring another answer, one that is alike in length. Knows
texts; no model and no score.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from backend.search.names import WHOLE

LONGEST = 1.2  # a text may grow to this many times the words of the longest real question
SHARED = 2  # words that two questions must begin or end with alike to be recombined there
TRIES = 50  # real questions looked at for one that fits
SMALL_WORDS = frozenset("a an the of in on by for from to with at is are was were does do did".split())


@dataclass(frozen=True)
class Draft:
    """One example while it is worked on: its text, its answer, and the question whose place or words it has: a real
    one's id, or of a written one its row in the file (written.py)."""

    question: str
    answer: str
    origin: str


@dataclass(frozen=True)
class Material:
    """What moves draw from: all real questions, the lengths of their answers as core/text/lengths.py counts them, and
    their words; and what a model wrote, with the lengths of those answers."""

    drafts: tuple[Draft, ...]
    lengths: tuple[int, ...]
    words: tuple[str, ...]
    longest: int
    written: tuple[Draft, ...] = ()
    written_lengths: tuple[int, ...] = ()

    @classmethod
    def of(cls, drafts: Sequence[Draft], lengths: Sequence[int]) -> "Material":
        words = [words_of(draft.question) for draft in drafts]
        every = tuple(sorted({word for one in words for word in one if word}))
        return cls(tuple(drafts), tuple(lengths), every, int(LONGEST * max(map(len, words))))

    def whole(self, move: str) -> tuple[tuple[Draft, ...], tuple[int, ...]]:
        """What a move that brings whole questions draws from, with the lengths of the answers."""
        return (self.written, self.written_lengths) if move == "written" else (self.drafts, self.lengths)


def draw(move: str, draft: Draft, length: int, material: Material, rng: random.Random) -> Draft:
    """A neighbour of the draft, whose answer has this length. May by chance be the draft itself."""
    if move in WHOLE:
        drafts, lengths = material.whole(move)
        alike = [i for i, other in enumerate(lengths) if other == length]
        return drafts[rng.choice(alike)] if alike else draft
    words = words_of(draft.question)
    changed = _recombined(draft, material, rng) if move == "phrase" else _reworded(words, material, rng)
    return rewritten(draft, " ".join(changed[: material.longest]))


def rewritten(draft: Draft, text: str) -> Draft:
    """The draft with another text; an empty one is no text, so it stays as it was."""
    return Draft(text.strip() or draft.question, draft.answer, draft.origin)


def _recombined(draft: Draft, material: Material, rng: random.Random) -> list[str]:
    """A question with the same answer, whole or crossed with this one at their last phrase; or one that begins or ends
    like this one, crossed there."""
    words, kind = words_of(draft.question), rng.random()
    if kind < 0.5:
        same = [other for other in material.drafts if other.answer == draft.answer]
        other = words_of(rng.choice(same or material.drafts).question)
        if kind < 0.2:
            return other
        here, there = last_phrase(words), last_phrase(other)
        return other[:there] + words[here:] if kind < 0.35 else words[:here] + other[there:]
    for _ in range(TRIES):
        other = words_of(rng.choice(material.drafts).question)
        begin, end = common(words, other), common(words[::-1], other[::-1])
        if begin >= SHARED and kind < 0.75:
            return words[:begin] + other[begin:]
        if end >= SHARED and kind >= 0.75:
            return other[: len(other) - end] + words[len(words) - end :]
    return words


def words_of(text: str) -> list[str]:
    """What stands between spaces. A line break, as between listed options, stays inside a word."""
    return text.split(" ")


def common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many words two texts begin with alike."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def last_phrase(words: Sequence[str]) -> int:
    """Where the last phrase begins: behind the last small word, and never before the second word."""
    places = [i + 1 for i, word in enumerate(words[:-1]) if word.lower() in SMALL_WORDS]
    return max(1, places[-1] if places else len(words) - 1)


def _reworded(words: list[str], material: Material, rng: random.Random) -> list[str]:
    """One word changed, added or dropped."""
    place, word, kind = rng.randrange(len(words)), rng.choice(material.words), rng.randrange(3)
    if kind == 2 and len(words) > 2:
        return words[:place] + words[place + 1 :]
    return [*words[:place], word, *words[place + (kind == 0) :]]
