"""Measures of a text: its length, how varied its words are, and how hard it is to read. Plain text in, numbers out.

English: sentences end with . ! or ?, syllables are counted by letters. Standard library only; knows no model and no
file.
"""

import re
from collections.abc import Sequence

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
SENTENCE_END = re.compile(r"[.!?]+(?=[\s\"'\u201d\u2019)\]]|$)")
VOWELS = re.compile(r"[aeiouy]+")
SILENT = re.compile(r"(?:[^aeiouyl]e|[^aeiouytd]ed|[^aeiouyszxcgh]es|[aeiouy]le)$")  # an ending that is not spoken
THRESHOLD = 0.72  # of the type-token ratio, below which McCarthy and Jarvis (2010) end a factor
HARD_SYLLABLES = 3  # that make a word complex for Gunning (1952)
LONG_LETTERS = 6  # a word of more is long for Anderson (1983)


def words_of(text: str) -> list[str]:
    """The words in small letters; punctuation and underscores belong to none."""
    return [word.casefold() for word in WORD.findall(text)]


def sentences_of(text: str) -> list[str]:
    """The pieces between sentence ends that hold a word. A point inside a number ends none."""
    return [piece.strip() for piece in SENTENCE_END.split(text) if WORD.search(piece)]


def syllables(word: str) -> int:
    """Groups of vowels without a silent ending, at least 1: right for about nine English words in ten."""
    letters = word.casefold()
    count = len(VOWELS.findall(letters))
    return max(1, count - bool(SILENT.search(letters)))


def mtld(words: Sequence[str], threshold: float = THRESHOLD) -> float:
    """Measure of textual lexical diversity (McCarthy and Jarvis 2010, 10.3758/BRM.42.2.381): the mean of the values
    read forwards and backwards. 0 without words. Below 50 words it says little.
    """
    if not words:
        return 0.0
    return (mtld_one_way(words, threshold) + mtld_one_way(words[::-1], threshold)) / 2


def mtld_one_way(words: Sequence[str], threshold: float = THRESHOLD) -> float:
    """Words a factor. A text in which no word returns has no factor: it counts as if the next word did return, so
    that its value is finite and just above that of a text with one repetition.
    """
    factors, types, tokens = 0.0, set(), 0
    for word in words:
        tokens += 1
        types.add(word)
        if len(types) / tokens <= threshold:
            factors, types, tokens = factors + 1, set(), 0
    if tokens:
        factors += partial_factor(len(types) / tokens, threshold)
    return len(words) / (factors or partial_factor(len(words) / (len(words) + 1), threshold))


def partial_factor(ratio: float, threshold: float = THRESHOLD) -> float:
    """How far a last piece with this type-token ratio has come on the way from 1 down to the threshold."""
    return (1 - ratio) / (1 - threshold)


def mattr(words: Sequence[str], window: int) -> float:
    """Moving-average type-token ratio (Covington and McFall 2010): the mean over all windows of so many words; the
    plain ratio of a shorter text, 0 of an empty one. Raises ValueError for a window below 1.
    """
    if window < 1:
        raise ValueError(f"a window of {window} words")
    if not words:
        return 0.0
    size = min(window, len(words))
    counts: dict[str, int] = {}
    total = 0
    for place, word in enumerate(words):
        counts[word] = counts.get(word, 0) + 1
        if place >= size:
            gone = words[place - size]
            counts[gone] -= 1
            if not counts[gone]:
                del counts[gone]
        if place >= size - 1:
            total += len(counts)
    return total / size / (len(words) - size + 1)


def fog(words: Sequence[str], sentences: int) -> float:
    """Gunning's fog index (1952): 0.4 times words a sentence plus the percentage of words of three or more syllables.
    A text without words has 0; one without a sentence end is one sentence.
    """
    if not words:
        return 0.0
    hard = sum(syllables(word) >= HARD_SYLLABLES for word in words)
    return 0.4 * (len(words) / max(1, sentences) + 100 * hard / len(words))


def rix(words: Sequence[str], sentences: int) -> float:
    """Anderson's readability index (1983): words of more than six letters a sentence."""
    return sum(len(word) > LONG_LETTERS for word in words) / max(1, sentences)
