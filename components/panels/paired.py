"""Two sides paired question by question: a dot with its whisker, and the same in words.

The statistics are core/scoring/compare.py's. Markup, and the script that pages through flips; everything from files is
escaped. Knows no run and no study.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from backend.core.scoring.compare import Paired
from components.frame.words import ENOUGH, change, count, is_better, two, unit
from components.panels import saving
from components.panels.flips import NAMES

SCRIPT = Path(__file__).with_suffix(".js")


def difference(result: Paired, names: Sequence[str] = NAMES) -> str:
    """A dot with its whisker beside the line that means no difference, then the same in words."""
    a, b = (escape(name) for name in names)
    reach = max(0.05, abs(result.low), abs(result.high)) * 1.1

    first = is_better(result.difference, result.metric)
    towards = 1 if is_better(1.0, result.metric) else -1  # the better one's side is the right one

    def place(value: float) -> str:
        return f"{50 + 50 * towards * value / reach:.2f}%"

    low, high = sorted((result.low, result.high), key=lambda value: towards * value)
    bounds = f"{change(result.low, result.metric)} to {change(result.high, result.metric)}"
    said = f"{change(result.difference, result.metric)} {unit(result.metric)}, 95 % interval {bounds}"
    verdict = "within the noise" if result.inside_noise else f"in favour of {a if first else b}"
    if not result.inside_noise and 1 < min(result.seeds_a, result.seeds_b) < ENOUGH:
        verdict += ", but with few students"
    chance = f"McNemar p = {result.p_value:.3g}" if result.p_value is not None else seeds(result)
    return (
        f'<figure class="ds-difference" data-noise="{str(result.inside_noise).lower()}" {numbers(result, names)}>'
        f'{saving.MENU}<div role="img" '
        f'aria-label="{a} minus {b}: {said}"><u></u>'
        f'<s style="left:{place(low)};right:calc(100% - {place(high)})"></s>'
        f'<i style="left:{place(result.difference)}"></i></div>'
        f"<p aria-hidden=true><span>{b} better</span><span>{a} better</span></p>"
        f"<figcaption><b>{said}: {verdict}.</b><span>{a} {two(result.mean_a)}, {b} {two(result.mean_b)} on the same "
        f"{result.n:,} questions. {escape(chance)}.</span></figcaption></figure>"
    )


def numbers(result: Paired, names: Sequence[str]) -> str:
    """The difference and what it is made of, for whoever saves the picture."""
    heads = (
        "first",
        "second",
        "mean of the first",
        "mean of the second",
        "difference",
        "95 % from",
        "95 % to",
        "questions",
    )
    row = (*names, result.mean_a, result.mean_b, result.difference, result.low, result.high, result.n)
    return saving.saves("difference", heads, [row])


def seeds(result: Paired) -> str:
    return f"{count(result.seeds_a, 'student')} against {count(result.seeds_b, 'student')}"
