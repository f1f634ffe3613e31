"""What LightCLIP's page calls arms, rules and figures, and how it writes their numbers. Plain values in, text out.

Knows the names in the files of a LightCLIP run. Knows no run folder, no widget and no markup.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from backend.study import Study

BASE, TOKENS, MASKED, SOFTENED, ALL = "base", "tokens", "masked_words", "softened", "all"
HEADS = {  # of an arm where a column is narrow
    BASE: "base",
    SOFTENED: "softened labels",
    TOKENS: "token matching",
    MASKED: "masked words",
    ALL: "all three",
    "softened_uniform": "softened evenly",
    "one_to_one": "one-to-one",
    "row_max": "row maximum",
    "sinkhorn": "Sinkhorn",
}
RULES = {  # of a word's patch: what each does in two words, and the sentence with its usual name
    "relaxed": (
        "Shared patches",
        "Relaxed matching: a patch may serve several words, as many as the run's settings say.",
    ),
    "one_to_one": (
        "A patch each",
        "One-to-one matching: a patch serves one word; the sum over all words is as large as it can be.",
    ),
    "row_max": ("Nearest patch", "Row maximum: every word takes its most similar patch, whatever the others take."),
    "sinkhorn": (
        "Even spread",
        "Sinkhorn: words are spread over patches so that all patches serve alike; the largest part counts.",
    ),
}


@dataclass(frozen=True)
class Measure:
    """A figure, what it is called, and what it asks. All are shares of 0 to 1."""

    name: str
    title: str
    asks: str


MEASURES = (
    Measure("pointing", "Pointing accuracy", "How often does a word's patch show what the word is about?"),
    Measure("top1", "Zero-shot, first guess", "Is the first guess among the class names right?"),
    Measure("top5", "Zero-shot, first five", "Is the right class name among the first five?"),
    Measure("i2t1", "Picture to caption, first", "Is the first caption found for a picture true of it?"),
    Measure("i2t5", "Picture to caption, first five", "Is one of the first five captions true of the picture?"),
    Measure("t2i1", "Caption to picture, first", "Does the first picture found for a caption fit it?"),
    Measure("t2i5", "Caption to picture, first five", "Does one of the first five pictures fit the caption?"),
    Measure("masked_with", "Hidden word, with the picture", "Is the hidden word guessed when the picture is there?"),
    Measure("masked_without", "Hidden word, without it", "Is the hidden word guessed from the other words alone?"),
    Measure("masked_gain", "What the picture adds", "How many more hidden words are guessed because of the picture?"),
)
BY_NAME = {one.name: one for one in MEASURES}


def measure(name: str) -> Measure:
    """The figure of this name; one of another version is called as the file calls it."""
    return BY_NAME.get(name) or Measure(name, name.replace("_", " "), "")


@dataclass(frozen=True)
class Arm:
    """An arm of the study: its name in files, on screen, and where a column is narrow."""

    name: str
    title: str
    head: str


def arms(study: Study, names: Iterable[str]) -> list[Arm]:
    """Arms in the study's order; those of another version last, called as the files call them."""
    titles = {word.name: word.title for word in study.words.arms}
    there = set(names)
    order = [*(name for name in titles if name in there), *sorted(there - titles.keys())]
    return [Arm(name, titles.get(name, name), HEADS.get(name, titles.get(name, name))) for name in order]


def percent(value: float) -> str:
    return minus(f"{100 * value:.1f} %")


def points(value: float) -> str:
    """A difference of shares, with its sign."""
    return minus(f"{100 * value:+.1f}")


def bounds(low: float, high: float) -> str:
    return f"{points(low)} to {points(high)}"


def minus(said: str) -> str:
    return said.replace("-", "\N{MINUS SIGN}")
