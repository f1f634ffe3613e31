"""The comparison's table as a picture: a dot for each arm with its interval, one panel for each student. SVG text.

Knows rows of the table; no file and no run. Colours say how a data set came to be: chosen, made, or neither.
"""

from html import escape

from backend.comparison.names import BASELINES, COSTLY, LEARNED
from backend.core.scoring.scored import LOWER

Pixels = int | float
ROW, LEFT, PANEL, TOP, GAP = 22, 128, 300, 46, 34  # pixels
MOST_TICKS = 10
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #33415c; } .title { font-weight: 600; }
.quiet { fill: #7a869c; } .grid { stroke: #d7dce5; } .best { stroke: #7a869c; stroke-dasharray: 3 3; }
.chosen { stroke: #2b6cb0; fill: #2b6cb0; } .made { stroke: #c05621; fill: #c05621; }
.other { stroke: #8a94a6; fill: #8a94a6; } line { stroke-width: 1; } .whisker { stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #d7dce5; } .quiet { fill: #97a3b8; } .grid { stroke: #3a4456; } .best { stroke: #97a3b8; }
  .chosen { stroke: #63a4e8; fill: #63a4e8; } .made { stroke: #ed8936; fill: #ed8936; }
}
"""


def picture(rows: list[dict], regime: str = "ordinary") -> str:
    """One regime's rows of `table.table` as SVG. Whiskers are 95 % intervals, the dashed line the best baseline."""
    rows = [row for row in rows if row["regime"] == regime]
    students = list(dict.fromkeys(row["student"] for row in rows))
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    low, high = span(rows)
    height, width = TOP + ROW * len(arms) + 44, LEFT + len(students) * (PANEL + GAP)
    parts = [_text(LEFT - 12, _y(place), arm, "end", "") for place, arm in enumerate(arms)]
    for number, student in enumerate(students):
        mine = {row["arm"]: row for row in rows if row["student"] == student}
        parts += _panel(student, mine, arms, LEFT + number * (PANEL + GAP), (low, high))
    title = "Bits per character" if in_bits(rows) else "Accuracy"
    said = f"{title} of students by data set, with 95 % intervals: {', '.join(students)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'aria-label="{escape(said)}"><style>{STYLE}</style>{"".join(parts)}</svg>\n'
    )


def in_bits(rows: list[dict]) -> bool:
    """Whether the rows are of free answers, which are judged by bits per character: fewer is better."""
    return any(row["metric"] in LOWER for row in rows)


def span(rows: list[dict]) -> tuple[float, float]:
    """Tenths that hold every mean and interval, from 0 on; of shares within 1."""
    low = min((row["mean"] - row["interval"] for row in rows), default=0.0)
    high = max((row["mean"] + row["interval"] for row in rows), default=1.0)
    most = int(high * 10) + 1
    return max(0, int(low * 10)) / 10, (most if in_bits(rows) else min(10, most)) / 10


def ticks(low: float, high: float) -> list[float]:
    """What stands below the axis: every tenth, or of a longer axis at most about ten multiples of a tenth."""
    first, last = round(low * 10), round(high * 10)
    return [tenth / 10 for tenth in range(first, last + 1, -(-(last - first) // MOST_TICKS))]


def kind(arm: str) -> str:
    """How an arm's data came to be: chosen among real questions, made, or neither."""
    if arm in (*BASELINES, *COSTLY, "init"):
        return "chosen"
    return "made" if arm in LEARNED else "other"


def _panel(student: str, mine: dict[str, dict], arms: list[str], left: int, axis: tuple[float, float]) -> list[str]:
    low, high = axis

    def x(value: float) -> float:
        return round(left + PANEL * (value - low) / (high - low), 1)

    bottom = TOP + ROW * len(arms)
    first = next(iter(mine.values()))
    parts = [_text(left, 18, student, "start", "title")]
    measure = "bits per character (fewer is better)" if in_bits([first]) else "accuracy"
    parts += [_text(left, 34, f"{measure}, {first['n']:,} questions", "start", "quiet")]
    for tick in ticks(low, high):
        parts += [_line(x(tick), TOP, x(tick), bottom, "grid")]
        parts += [_text(x(tick), bottom + 16, f"{tick:.1f}", "middle", "quiet")]
    best = mine.get(first["best_baseline"])
    parts += [_line(x(best["mean"]), TOP, x(best["mean"]), bottom, "best")] if best else []
    for place, arm in enumerate(arms):
        if row := mine.get(arm):
            y, ends = _y(place) - 4, (max(low, row["mean"] - row["interval"]), min(high, row["mean"] + row["interval"]))
            said = f"{arm}: {row['mean']:.3f} ± {row['interval']:.3f} (n = {row['n']} x {row['seeds']} seeds)"
            parts.append(
                f"<g><title>{escape(said)}</title>{_line(x(ends[0]), y, x(ends[1]), y, kind(arm) + ' whisker')}"
            )
            parts.append(f'<circle cx="{x(row["mean"])}" cy="{y}" r="4" class="{kind(arm)}"/></g>')
    return parts


def _y(place: int) -> int:
    return TOP + ROW * place + 15


def _text(x: Pixels, y: Pixels, said: str, anchor: str, style: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" class="{style}">{escape(said)}</text>'


def _line(x1: Pixels, y1: Pixels, x2: Pixels, y2: Pixels, style: str) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="{style}"/>'
