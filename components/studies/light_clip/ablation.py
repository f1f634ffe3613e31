"""What each part does: every figure of every arm beside base, and whether the difference is beyond noise.

A difference is paired by seed; grey is what its 95 % interval holds zero in. Markup; everything from files is escaped.
Knows figures; no run folder and no widget.
"""

from collections.abc import Mapping, Sequence
from html import escape

from components.frame.words import count
from components.panels import saving, tables
from components.panels.notices import notices
from components.studies.light_clip import words
from components.studies.light_clip.reading import Figure, Spread, is_whole
from components.studies.light_clip.words import Arm, Measure

Found = Mapping[tuple[str, str], Figure]  # (arm, metric)
HEAD = "<h2>What does each part do?</h2>"
WAITING = "The table appears here at the end of a run, when every arm has been compared with base seed by seed."
GONE = "This run has no comparison: it has not come so far, or its summary was not kept."
HEADS = ("Part", "Share right", "Minus base, points", "95 %", "Seeds × n", "Beyond noise?")
FIRST, GAIN = "pointing", "masked_gain"


def ablation_markup(arms: Sequence[Arm], found: Found, summary: Mapping, over: bool) -> str:
    """The panel; an invitation while there is no summary."""
    measures = measures_of(found)
    if not measures:
        return (
            f'<section class="ds-light-ablation" data-cells="0">{HEAD}'
            f'<p class="ds-quiet">{GONE if over else WAITING}</p></section>'
        )
    first = next((one.name for one in measures if one.name == FIRST), measures[0].name)
    heads = "".join(f'<th scope="col" title="{escape(arm.title)}"><span>{escape(arm.head)}</span></th>' for arm in arms)
    body = "".join(line(one, arms, found, one.name == first) for one in measures)
    detail = "".join(detailed(one, arms, found, one.name != first) for one in measures)
    return (
        f'<section class="ds-light-ablation" data-cells="{len(found)}" {numbers(found)}>{saving.MENU}{HEAD}'
        f'{verdict(found, summary)}<table class="ds-light-overview"><thead><tr><th scope="col">Points more or less '
        f"than base</th>{heads}</tr></thead><tbody>{body}</tbody></table>"
        '<p class="ds-key"><span class="ds-light-key-up">more than base, beyond noise</span><span '
        'class="ds-light-key-down">less, beyond noise</span><span class="ds-key-none">not beyond noise</span></p>'
        f"{detail}{costs(summary)}{notices(summary.get('warnings'))}</section>"
    )


def measures_of(found: Found) -> list[Measure]:
    """The figures that are there, in their order; those of another version last."""
    there = {metric for _, metric in found}
    known = [one for one in words.MEASURES if one.name in there]
    return [*known, *(words.measure(name) for name in sorted(there - words.BY_NAME.keys()))]


def verdict(found: Found, summary: Mapping) -> str:
    compared = [one.against for one in found.values() if one.against and one.against.known]
    if not compared:
        return '<p class="ds-quiet">Nothing here has an interval: that needs two seeds.</p>'
    beyond = sum(one.beyond for one in compared)
    looked = summary["looks"] if type(summary.get("looks")) is int else len(compared)
    return (
        f'<p class="ds-verdict">{beyond} of {count(looked, "difference")} to base lie beyond noise.</p>'
        f'<p class="ds-quiet">Beyond noise: the 95 % interval of the difference, paired by seed, excludes zero. '
        f"There is no correction for looking {looked} times: luck alone would do that in about {0.05 * looked:.0f} of "
        "them.</p>"
    )


def costs(summary: Mapping) -> str:
    """What a student weighs when it is used, and what was dropped after training; then what the run remarks."""
    weights, extra = (counted(summary.get(name)) for name in ("parameters", "extra"))
    said = []
    if weights and len(set(weights.values())) == 1:
        dropped = max(extra.values(), default=0)
        more = f", up to {dropped:,} more while it learned, which are dropped" if dropped else ""
        said.append(f"Every arm has {next(iter(weights.values())):,} parameters when it is used{more}.")
    remarks = summary.get("remarks")
    said += [one for one in remarks if isinstance(one, str)] if isinstance(remarks, list) else []
    return "".join(f'<p class="ds-quiet">{escape(one)}</p>' for one in said)


def counted(found: object) -> dict[str, int]:
    return {name: n for name, n in found.items() if is_whole(n)} if isinstance(found, Mapping) else {}


# -- all at once ----------------------------------------------------------------------------------------------------
def line(one: Measure, arms: Sequence[Arm], found: Found, chosen: bool) -> str:
    """A figure as a row: base as it is, the others as differences. Its name opens the figure's own table."""
    cells = "".join(cell(arm, found.get((arm.name, one.name)), one.name) for arm in arms)
    return (
        f'<tr><th scope="row"><button type="button" data-metric="{escape(one.name)}" aria-pressed='
        f'"{str(chosen).lower()}">{escape(one.title)}</button></th>{cells}</tr>'
    )


def cell(arm: Arm, one: Figure | None, metric: str) -> str:
    if one is None:
        return "<td></td>"
    column = f'data-column="{escape(arm.head)}"'
    moved = moved_of(one, metric)
    if moved is None:
        return f"<td {column}><span>{words.percent(one.value.mean)}</span></td>"
    look = look_of(moved)
    about = f"{words.points(moved.mean)} points, {interval(moved)}, {verdict_of(moved)}"
    strength = min(1.0, abs(moved.mean) / 0.3)
    return (
        f'<td {column} data-look="{look}" style="--strength:{strength:.2f}" title="{escape(about)}">'
        f"<span>{words.points(moved.mean)}</span></td>"
    )


def moved_of(one: Figure, metric: str) -> Spread | None:
    """What is beyond noise or not: the difference to base, or the figure itself where it is a difference already."""
    return one.value if metric == GAIN else one.against


def look_of(moved: Spread) -> str:
    return "even" if not moved.beyond else "up" if moved.mean > 0 else "down"


def interval(one: Spread) -> str:
    return f"95 %: {words.bounds(one.low, one.high)}" if one.known else "no interval"


def verdict_of(moved: Spread) -> str:
    return ("yes" if moved.beyond else "not beyond noise") if moved.known else "cannot be told"


# -- one figure -----------------------------------------------------------------------------------------------------
def detailed(one: Measure, arms: Sequence[Arm], found: Found, closed: bool) -> str:
    """All arms in one figure, each with its interval and its difference to base."""
    mine = [(arm, found[arm.name, one.name]) for arm in arms if (arm.name, one.name) in found]
    moved = [spread for _, figure in mine if (spread := moved_of(figure, one.name))]
    ends = [abs(end) for spread in moved for end in (spread.mean, spread.low, spread.high) if end is not None]
    reach = max([0.02, *ends]) * 1.05
    rows = [detail(arm, figure, one.name, reach) for arm, figure in mine]
    asks = f'<p class="ds-quiet">{escape(one.asks)}</p>' if one.asks else ""
    return (
        f'<div class="ds-light-detail ds-against" data-of="{escape(one.name)}"{" hidden" if closed else ""}>'
        f"<h3>{escape(one.title)}</h3>{asks}"
        f'<div class="ds-table"><div>{tables.table(HEADS, rows)}</div></div></div>'
    )


def detail(arm: Arm, figure: Figure, metric: str, reach: float) -> tuple[str, ...]:
    value, moved = figure.value, moved_of(figure, metric)
    half = f" <small>± {100 * (value.high - value.low) / 2:.1f}</small>" if value.known else ""
    asked = f"{value.seeds} × {value.n:,}" if value.n else f"{value.seeds}"
    if moved is None:
        return (escape(arm.title), words.percent(value.mean) + half, "", "", asked, "")
    grey = "" if moved.beyond else ' class="ds-faint"'
    return (
        escape(arm.title),
        words.percent(value.mean) + half,
        f"{whisker(moved, reach)}<span{grey}>{words.points(moved.mean)}</span>",
        f"<span{grey}>{words.bounds(moved.low, moved.high)}</span>" if moved.known else "",
        asked,
        f"<span{grey}>{verdict_of(moved)}</span>",
    )


def whisker(moved: Spread, reach: float) -> str:
    """The difference as a dot with its interval; the middle is no difference."""

    def place(value: float) -> float:
        return 50 + 50 * value / reach

    ends = ""
    if moved.known:
        ends = f'<s style="left:{place(moved.low):.1f}%;right:{100 - place(moved.high):.1f}%"></s>'
    return (
        f'<span class="ds-difference" data-noise="{str(not moved.beyond).lower()}" aria-hidden="true"><u></u>{ends}'
        f'<i style="left:{place(moved.mean):.1f}%"></i></span>'
    )


def numbers(found: Found) -> str:
    heads = ("part", "figure", "mean", "95 % from", "95 % to", "minus base", "from", "to", "beyond noise", "seeds", "n")
    rows = []
    for (name, metric), figure in found.items():
        value, moved = figure.value, figure.against
        compared = (moved.mean, moved.low, moved.high, verdict_of(moved)) if moved else ("",) * 4
        rows.append((name, metric, value.mean, value.low, value.high, *compared, value.seeds, value.n))
    return saving.saves("ablation", heads, rows)
