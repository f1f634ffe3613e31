"""Means with their whiskers as rows of dots on one axis, and arrows from before to after. Numbers in, markup out.

Everything is escaped, and every picture says its numbers in words too. Knows no run and no widget library.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from components.frame.words import minus
from components.panels import saving

MOST_TICKS = 5


@dataclass(frozen=True)
class Dot:
    """A row: whose, the value with the ends of its interval (the value itself where there is none), what stands beside
    it and what hovering says. `kind` chooses the mark; a `faint` one is not to be relied on."""

    name: str
    value: float
    low: float
    high: float
    said: str
    bounds: str = ""
    about: str = ""
    kind: str = "none"
    faint: bool = False


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`; what lies outside is drawn at its end. `percent`: the numbers are shares."""

    low: float
    high: float
    percent: bool = False

    def place(self, value: float) -> float:
        """0 to 100, from the left."""
        share = (value - self.low) / (self.high - self.low or 1)
        return 100 * min(max(share, 0.0), 1.0)

    def ticks(self) -> list[float]:
        """Round numbers within it, at most MOST_TICKS."""
        rough = (self.high - self.low) / (MOST_TICKS - 1) or 1.0
        size = 10 ** math.floor(math.log10(rough))
        step = next(n * size for n in (1, 2, 5, 10) if n * size >= rough - 1e-12)
        first = math.ceil(self.low / step - 1e-9)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def name(self, tick: float) -> str:
        return minus(f"{100 * tick:.0f} %" if self.percent else f"{tick:.6g}")


def around(values: Sequence[float], percent: bool = False) -> Axis:
    """An axis that holds all values with some room; a share's stays between 0 and 1."""
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or 0.05 * abs(high) or 0.5
    low, high = low - room, high + room
    return Axis(max(0.0, low), min(1.0, high), True) if percent else Axis(low, high)


def figure(title: str, about: str, dots: Sequence[Dot], axis: Axis, name: str, lines: Sequence[float] = ()) -> str:
    """The rows below their title, with the axis below them. `name`: of the file it is saved as; `lines`: values that
    all rows are compared with."""
    heads = ("", "value", "95 % from", "95 % to")
    numbers = saving.saves(name, heads, ((dot.name, dot.value, dot.low, dot.high) for dot in dots))
    rows = "".join(row(dot, axis, lines) for dot in dots)
    return (
        f'<figure class="ds-measure" {numbers}>{saving.MENU}<figcaption data-terms><b>{escape(title)}</b>'
        f"<span>{escape(about)}</span></figcaption><ul>{rows}</ul>{scale(axis)}</figure>"
    )


def row(dot: Dot, axis: Axis, lines: Sequence[float] = ()) -> str:
    left, right, at = axis.place(dot.low), 100 - axis.place(dot.high), axis.place(dot.value)
    marks = "".join(f'<u style="left:{axis.place(line):.1f}%"></u>' for line in lines)
    whisker = f'<s style="left:{left:.1f}%;right:{right:.1f}%"></s>' if dot.high > dot.low else ""
    bounds = f"<small>{escape(dot.bounds)}</small>" if dot.bounds else ""
    about = f' title="{escape(dot.about)}"' if dot.about else ""
    return (
        f'<li class="ds-mean ds-mean-{dot.kind}{" ds-faint" if dot.faint else ""}"{about}>'
        f"<span>{escape(dot.name)}</span><div>{marks}{whisker}"
        f'<i style="left:{at:.1f}%"></i></div><b>{escape(dot.said)}{bounds}</b></li>'
    )


def scale(axis: Axis) -> str:
    """The numbers below the rows."""
    marks = "".join(f'<i style="left:{axis.place(tick):.1f}%">{axis.name(tick)}</i>' for tick in axis.ticks())
    return f'<div class="ds-mean-axis" aria-hidden="true"><div>{marks}</div></div>'


def arrow(name: str, way: tuple[float, float, float], said: tuple[str, str], axis: Axis, kind: str) -> str:
    """A student's `way`: from where to where, and the talker's place. `said`: what stands beside it and below that."""
    begin, end, goal = way
    from_, to = sorted((axis.place(begin), axis.place(end)))
    points = "ds-back" if end < begin else "ds-forth"
    return (
        f'<li class="ds-mean ds-journey ds-mean-{kind}"><span>{escape(name)}</span><div>'
        f'<em style="left:{axis.place(goal):.1f}%"></em>'
        f'<s class="{points}" style="left:{from_:.1f}%;right:{100 - to:.1f}%"></s>'
        f'<i style="left:{axis.place(begin):.1f}%"></i></div>'
        f"<b>{escape(said[0])}<small>{escape(said[1])}</small></b></li>"
    )
