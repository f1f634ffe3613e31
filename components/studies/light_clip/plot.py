"""A small chart of means with their whiskers, joined by lines, over a few values of x. Numbers in, markup out.

Everything is escaped, and the chart says its numbers in words too. Knows no run and no widget library.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from components.panels import saving
from components.studies.light_clip.reading import Spread
from components.studies.light_clip.words import minus, percent

WIDTH, HEIGHT = 360, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 12, 40
MOST_TICKS = 4
ROOM = 34.0  # of a number below the axis
APART = 6.0  # of two lines, from left to right


@dataclass(frozen=True)
class Line:
    """A line of `(x, mean)`; `kind`, one of made, real, none and their numbers, chooses its colour."""

    name: str
    kind: str
    points: Sequence[tuple[float, Spread]]


@dataclass(frozen=True)
class Words:
    """What stands around a chart: its title, what x and y are, and how x is written below the axis."""

    title: str
    x: str
    y: str
    ticks: Sequence[tuple[float, str]]
    name: str


@dataclass(frozen=True)
class Frame:
    """From which x to which, and from which share to which; what lies outside is drawn at its end."""

    left: float
    right: float
    low: float
    high: float

    @classmethod
    def around(cls, lines: Sequence[Line]) -> "Frame":
        """One that holds all points and whiskers with some room, within 0 to 1."""
        points = [point for line in lines for point in line.points]
        values = [end for _, one in points for end in (one.mean, one.low, one.high) if end is not None]
        low, high = (min(1.0, max(0.0, end)) for end in (min(values), max(values)))
        room = max(0.08 * (high - low), 0.01)
        xs = [x for x, _ in points]
        return cls(min(xs), max(xs), max(0.0, low - room), min(1.0, high + room))

    def at(self, x: float, value: float) -> tuple[float, float]:
        """Where a point lies in the drawing."""
        share = (x - self.left) / (self.right - self.left) if self.right > self.left else 0.5
        fallen = (self.high - min(max(value, self.low), self.high)) / (self.high - self.low)
        return LEFT + 16 + (WIDTH - LEFT - RIGHT - 32) * share, TOP + (HEIGHT - TOP - BOTTOM) * fallen

    def ticks(self) -> list[float]:
        """Round shares within it, at most MOST_TICKS and one."""
        rough = (self.high - self.low) / MOST_TICKS
        size = 10 ** math.floor(math.log10(rough))
        step = next(n * size for n in (1, 2, 5, 10) if n * size >= rough - 1e-12)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]

    def markup(self, said: Words) -> str:
        """The axes with their numbers."""
        floor = HEIGHT - BOTTOM
        drawn = [f'<path class="ds-light-frame" d="M{LEFT} {TOP}V{floor}H{WIDTH - RIGHT}"/>']
        for tick in self.ticks():
            drawn.append(text(LEFT - 6, self.at(self.left, tick)[1] + 4, minus(f"{100 * tick:.4g} %"), "end"))
        free = 0.0  # from where on a number of x hides no other
        for x, name in sorted(said.ticks):
            across = self.at(x, self.low)[0]
            if across >= free:
                drawn.append(text(across, floor + 16, name, "middle"))
                free = across + ROOM
        drawn.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, said.x, "middle"))
        return "".join(drawn)


def plot(said: Words, lines: Sequence[Line]) -> str:
    """The chart as a figure that can be saved; lines without points are left out."""
    lines = [line for line in lines if line.points]
    frame = Frame.around(lines)
    drawn = [frame.markup(said)]
    beside = [APART * (number - (len(lines) - 1) / 2) for number in range(len(lines))]  # or a whisker hides the next
    drawn += [line_markup(line, frame, aside) for line, aside in zip(lines, beside, strict=True)]
    keys = "".join(f'<span class="ds-light-key ds-light-line-{line.kind}">{escape(line.name)}</span>' for line in lines)
    return (
        f'<figure class="ds-light-plot" {numbers(said, lines)}>{saving.MENU}<figcaption><b>{escape(said.title)}</b>'
        f'<span>{escape(said.y)}</span></figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(spoken(lines))}">{"".join(drawn)}</svg><p class="ds-key">{keys}</p></figure>'
    )


def line_markup(line: Line, frame: Frame, aside: float) -> str:
    places = [(across + aside, up) for across, up in (frame.at(x, one.mean) for x, one in line.points)]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    marks = [f'<path class="ds-light-through" d="{path}"/>']
    for (x, one), (across, up) in zip(line.points, places, strict=True):
        if one.known:
            low, high = (frame.at(x, end)[1] for end in (one.low, one.high))
            marks.append(f'<path class="ds-light-whisker" d="M{across:.1f} {low:.1f}V{high:.1f}"/>')
        marks.append(
            f'<circle cx="{across:.1f}" cy="{up:.1f}" r="4.5"><title>{escape(said_of(line, one))}</title></circle>'
        )
    return f'<g class="ds-light-line-{line.kind}">{"".join(marks)}</g>'


def said_of(line: Line, one: Spread) -> str:
    ends = f" (95 %: {percent(one.low)} to {percent(one.high)})" if one.known else ""
    return f"{line.name}: {percent(one.mean)}{ends}"


def spoken(lines: Sequence[Line]) -> str:
    return "; ".join(said_of(line, one) for line in lines for _, one in line.points)


def text(x: float, y: float, said: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'


def numbers(said: Words, lines: Sequence[Line]) -> str:
    heads = ("line", said.x, "mean", "95 % from", "95 % to", "seeds", "n")
    rows = ((line.name, x, one.mean, one.low, one.high, one.seeds, one.n) for line in lines for x, one in line.points)
    return saving.saves(said.name, heads, rows)
