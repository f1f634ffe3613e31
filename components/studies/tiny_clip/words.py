"""What TinyCLIP's page calls things: arms in the study's order, metrics, shares, points and intervals. No widget."""

from collections.abc import Iterable

from backend.study import Study
from components.frame.words import minus

TEACHER, SCRATCH = "teacher", "scratch"
METRICS = {
    "top5": "zero-shot top-5",
    "top1": "zero-shot top-1",
    "i2t5": "captions of a picture, R@5",
    "t2i5": "pictures of a caption, R@5",
}
BASELINES = {
    "nearest": "Nearest picture by pixels",
    "ridge": "Kernel ridge on pixels",
    "chance": "Chance",
}
HEADLINE = "top5"  # the figure that sentences are about


def arms(study: Study, names: Iterable[str]) -> dict[str, str]:
    """Name -> title, the teacher first, then in the study's order; those of another version last, under their names."""
    titles = {TEACHER: "Teacher"} | {word.name: word.title for word in study.words.arms}
    there = set(names)
    order = [*(name for name in titles if name in there), *sorted(there - titles.keys())]
    return {name: titles.get(name, name) for name in order}


def share(value: float) -> str:
    """'58.3 %'."""
    return minus(f"{100 * value:.1f} %")


def points(value: float) -> str:
    """A difference of shares with its sign: '+5.1'."""
    return minus(f"{100 * value:+.1f}")


def between(low: float, high: float) -> str:
    """Both ends of a share's interval, in percent: '55.0 to 61.6'."""
    return minus(f"{100 * low:.1f} to {100 * high:.1f}")


def moved(low: float, high: float) -> str:
    """Both ends of a difference's interval, in points: '+1.2 to +9.0'."""
    return f"{points(low)} to {points(high)}"
