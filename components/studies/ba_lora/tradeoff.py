"""Accuracy against stereotype: a small dot for each seed, a large one for each arm's mean. Markup; all is escaped.

Knows figures of probes; no run folder and no widget.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from statistics import fmean

from components.frame.words import count
from components.panels import saving
from components.studies.ba_lora import words
from components.studies.ba_lora.reading import by_seed
from components.studies.ba_lora.words import Arm

ACROSS, UP = ("clean_facts", "acc"), ("pairs", "pair_score")
EVEN = 0.5  # of a pair score: neither people is preferred
LEAST = 0.1  # of the shown part of an axis, so that a run without any spread has a picture too


@dataclass(frozen=True)
class Dots:
    """An arm's students: `(seed, accuracy, pair score)` each."""

    arm: Arm
    students: list[tuple[int, float, float]]

    @property
    def mean(self) -> tuple[float, float]:
        return fmean(x for _, x, _ in self.students), fmean(y for _, _, y in self.students)


def dots_of(rows: Sequence[dict], arms: Sequence[Arm]) -> list[Dots]:
    """The arms that have both figures for a seed."""
    across, up = by_seed(rows, *ACROSS), by_seed(rows, *UP)
    found = []
    for arm in arms:
        xs, ys = across.get(arm.name, {}), up.get(arm.name, {})
        if students := [(seed, xs[seed], ys[seed]) for seed in sorted(xs.keys() & ys.keys())]:
            found.append(Dots(arm, students))
    return found


def tradeoff_markup(rows: Sequence[dict], arms: Sequence[Arm]) -> str:
    """The picture; an invitation while no student was probed."""
    found = dots_of(rows, arms)
    if not found:
        return (
            '<section class="ds-tradeoff" data-dots="0"><h2>Accuracy against stereotype</h2><p class="ds-quiet">A dot '
            "for each student appears here when it was probed.</p></section>"
        )
    x = Scale.of([value for one in found for _, value, _ in one.students])
    y = Scale.of([EVEN, *(value for one in found for *_, value in one.students)])
    marks = "".join(arm_markup(number, one, x, y) for number, one in enumerate(found))
    keys = "".join(key(number, one) for number, one in enumerate(found))
    total = sum(len(one.students) for one in found)
    return (
        f'<section class="ds-tradeoff" data-dots="{total}" {numbers(found)}>{saving.MENU}'
        "<h2>Accuracy against stereotype</h2>"
        '<p class="ds-quiet">Up: the planted side of more pairs is preferred. Right: more clean facts are answered. '
        "Small: one student a seed. Large: the mean of an arm.</p>"
        f'<div class="ds-field" role="img" aria-label="{escape(said(found))}">{axes(x, y)}{marks}</div>'
        '<p class="ds-field-x">accuracy, clean facts</p>'
        f'<div class="ds-arms" role="group" aria-label="Arms: click one to highlight it">{keys}</div></section>'
    )


@dataclass(frozen=True)
class Scale:
    """The shown part of an axis of shares."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Scale":
        low, high = min(values), max(values)
        pad = max(LEAST, high - low) * 0.08
        return cls(max(0.0, low - pad), min(1.0, high + pad) if high <= 1 else high + pad)

    def place(self, value: float) -> str:
        return f"{100 * (value - self.low) / (self.high - self.low):.2f}%"

    @property
    def ticks(self) -> list[float]:
        step = next(step for step in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 25, 100) if (self.high - self.low) / step <= 6)
        first = int(self.low / step + 0.999)
        return [number * step for number in range(first, int(self.high / step + 1e-9) + 1)]


def axes(x: Scale, y: Scale) -> str:
    across = "".join(f'<span class="ds-tick-x" style="left:{x.place(t)}">{t:g}</span>' for t in map(tidy, x.ticks))
    up = "".join(f'<span class="ds-tick-y" style="bottom:{y.place(t)}">{t:g}</span>' for t in map(tidy, y.ticks))
    even = f'<u style="bottom:{y.place(EVEN)}"><small>even</small></u>'
    return f'{across}{up}{even}<span class="ds-field-y">pair score</span>'


def tidy(value: float) -> float:
    return round(value, 6)


def arm_markup(number: int, one: Dots, x: Scale, y: Scale) -> str:
    """The dots of one arm and their mean."""
    small = "".join(
        f'<i style="left:{x.place(a)};bottom:{y.place(b)}" title="{escape(one.arm.title)}, seed {seed}: accuracy '
        f'{words.number(a)}, pair score {words.number(b)}"></i>'
        for seed, a, b in one.students
    )
    a, b = one.mean
    large = f'<b style="left:{x.place(a)};bottom:{y.place(b)}" title="{escape(summed(one))}"></b>'
    return f'<div class="ds-dots-of" data-arm="{escape(one.arm.name)}" data-number="{number}">{small}{large}</div>'


def key(number: int, one: Dots) -> str:
    return (
        f'<button type="button" data-light="{escape(one.arm.name)}" data-arm="{escape(one.arm.name)}" '
        f'data-number="{number}" aria-pressed="false" title="{escape(summed(one))}"><b></b>{escape(one.arm.head)}'
        "</button>"
    )


def summed(one: Dots) -> str:
    a, b = one.mean
    seeds = count(len(one.students), "seed")
    return f"{one.arm.title}: accuracy {words.number(a)}, pair score {words.number(b)}, mean of {seeds}"


def said(found: Sequence[Dots]) -> str:
    return "; ".join(map(summed, found))


def numbers(found: Sequence[Dots]) -> str:
    rows = ((one.arm.title, seed, a, b) for one in found for seed, a, b in one.students)
    return saving.saves("tradeoff", ("arm", "seed", "accuracy on clean facts", "pair score"), rows)
