"""The ladder of stages: 100 % to the last size in one leap or several, at equal updates. Rows in, markup out.

Knows ladder.jsonl and summary.json. Everything from files is escaped. Knows no widget.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from statistics import fmean

from components.frame.words import count
from components.panels import saving
from components.studies.tiny_clip import reading, words

HEAD = "<h2>One leap or several?</h2>"
WAITING = "The stages appear here when a student that is cut more than once, or as small in one leap, has been cut."
HOW = (
    "The height is the share of the teacher's blocks. Below it: zero-shot top-5 before the cut and right after it. "
    "Every stage has the original teacher."
)
LADDERS = ("progressive", "one_leap")  # one beside the other, in this order; other arms are cut once, at their start
NUMBERS = ("asked", "reached")


@dataclass(frozen=True)
class Leap:
    """A cut: shares of the blocks asked and reached, at which step, and zero-shot top-5 around it; means over seeds."""

    number: int
    asked: float
    reached: float
    step: float
    before: float | None
    after: float | None
    seeds: int


def ladders(rows: Sequence[Mapping]) -> dict[str, list[Leap]]:
    """Arm -> its cuts in order, means over seeds. Of a student with several step sizes the last row's counts."""
    last: dict[tuple, dict[int, Mapping]] = {}
    for row in rows:
        whole = all(type(row.get(name)) is int for name in ("seed", "leap"))
        if row.get("arm") in LADDERS and whole and all(reading.is_number(row.get(name)) for name in NUMBERS):
            last.setdefault((row["arm"], row["leap"]), {})[row["seed"]] = row
    found: dict[str, list[Leap]] = {}
    for (arm, number), mine in sorted(last.items()):
        found.setdefault(arm, []).append(leap(number, list(mine.values())))
    return {arm: found[arm] for arm in LADDERS if arm in found}


def leap(number: int, rows: Sequence[Mapping]) -> Leap:
    def mean(name: str) -> float | None:
        values = [row[name] for row in rows if reading.is_number(row.get(name))]
        return fmean(values) if values else None

    asked, reached, step = (mean(name) or 0.0 for name in (*NUMBERS, "step"))
    return Leap(number, asked, reached, step, mean("top5_before"), mean("top5_after_cut"), len(rows))


def ladder_markup(rows: Sequence[Mapping], summary: Mapping, titles: Mapping[str, str], over: bool = False) -> str:
    """A staircase for each arm, then what they came to. `over`: nothing more comes."""
    found = ladders(rows)
    if not found:
        said = "No student of this run is cut more than once." if over else WAITING
        return f'<section class="ds-tiny ds-tiny-ladder" data-leaps="0">{HEAD}<p class="ds-quiet">{said}</p></section>'
    stairs = "".join(staircase(titles.get(arm, arm), arm, mine, summary) for arm, mine in found.items())
    leaps = sum(map(len, found.values()))
    return (
        f'<section class="ds-tiny ds-tiny-ladder" data-leaps="{leaps}" {numbers(found, titles)}>{saving.MENU}{HEAD}'
        f'<p class="ds-quiet" data-terms>{HOW}</p><div class="ds-tiny-stairs">{stairs}</div>'
        f"{verdict(summary)}</section>"
    )


def staircase(title: str, arm: str, leaps: Sequence[Leap], summary: Mapping) -> str:
    """The teacher, then a step down for each cut, then where the student ended."""
    steps = step_markup("teacher", 1.0, "", "whole")
    for one in leaps:
        steps += step_markup(f"{100 * one.asked:.0f} % asked", one.reached, around(one), f"update {one.step:.0f}")
    end = reading.figures(summary).get((arm, words.HEADLINE))
    said = f"{words.share(end.mean)} at the end" if end else "not at its end yet"
    if end and end.known:
        said += f" ({words.between(end.low, end.high)}, {count(end.seeds, 'seed')})"
    return (
        f'<figure data-arm="{escape(arm)}"><figcaption><b>{escape(title)}</b><span>top-5: {escape(said)}</span>'
        f"</figcaption><ol>{steps}</ol></figure>"
    )


def step_markup(name: str, part: float, said: str, when: str) -> str:
    """One step of the stairs."""
    height = f"{100 * min(max(part, 0.0), 1.0):.1f}"
    return (
        f'<li><div class="ds-tiny-stair"><i style="height:{height}%"></i></div><b>{100 * part:.1f} %</b>'
        f"<span>{escape(name)}</span><small>{escape(when)}</small>{f'<em>{escape(said)}</em>' if said else ''}</li>"
    )


def around(one: Leap) -> str:
    """'61.0 % → 22.5 %', which may break before the arrow."""
    before, after = ("none" if value is None else words.share(value) for value in (one.before, one.after))
    return f"{before} → {after}".replace(" %", "\N{NO-BREAK SPACE}%").replace("→ ", "→\N{NO-BREAK SPACE}")


def verdict(summary: Mapping) -> str:
    """What the stages are worth, paired over seeds; whichever way it went."""
    one = reading.differences(summary).get((*LADDERS, words.HEADLINE))
    if one is None or not one.known:
        return ""
    bounds = f"{words.points(one.mean)} points of top-5 ({words.moved(one.low, one.high)}, {count(one.seeds, 'seed')})"
    said = "Several stages against one leap, at equal updates: " + bounds
    said += ", not beyond noise." if one.holds_zero else "."
    return f'<p class="ds-verdict">{escape(said)}</p>'


def numbers(found: Mapping[str, Sequence[Leap]], titles: Mapping[str, str]) -> str:
    heads = ("arm", "leap", "step", "asked", "reached", "top-5 before", "top-5 after the cut", "seeds")
    rows = (
        (titles.get(arm, arm), one.number, one.step, one.asked, one.reached, one.before, one.after, one.seeds)
        for arm, mine in found.items()
        for one in mine
    )
    return saving.saves("ladder", heads, rows)
