"""Results: every arm's figures as dots with whiskers beside teacher and baselines, then the tables behind them.

Numbers of summary.json in, markup out; everything from files is escaped. Knows no run folder and no widget.
"""

from collections.abc import Mapping, Sequence
from html import escape

from components.frame.words import count
from components.panels import saving, tables
from components.panels.notices import notices
from components.studies.tiny_clip import reading, words
from components.studies.tiny_clip.reading import Spread

HEAD = "<h2>How good is each student?</h2>"
WAITING = "The results appear here at the end of a run, when all students were asked the same test."
GONE = "This run has no results: it has not come so far, or its summary was not kept."
HOW = (
    "Means over the seeds with 95 % intervals. Lines: what needs no student. The two baselines learn from labelled "
    "pictures, which zero-shot models never get."
)
Figures = Mapping[tuple[str, str], Spread]


def results_markup(summary: Mapping, titles: Mapping[str, str], over: bool = False) -> str:
    """The whole panel. `over`: nothing more comes."""
    found = reading.figures(summary)
    if not found:
        said = GONE if over else WAITING
        return f'<section class="ds-tiny ds-tiny-results" data-rows="0">{HEAD}<p class="ds-quiet">{said}</p></section>'
    lines = reading.baselines(summary)
    pictures = "".join(figure(found, metric, titles, lines) for metric in words.METRICS if has(found, metric))
    return (
        f'<section class="ds-tiny ds-tiny-results" data-rows="{len(found)}">{HEAD}'
        f'<p class="ds-quiet" data-terms>{HOW}</p>'
        f'<div class="ds-tiny-measures">{pictures}</div>{key(lines)}'
        f"{differences_table(summary, titles)}{figures_table(found, titles, summary)}{cut_table(summary)}"
        f"{grid_table(summary, titles)}{notices(summary.get('warnings'))}</section>"
    )


def has(found: Figures, metric: str) -> bool:
    return any(name == metric for _, name in found)


def there(found: Figures, titles: Mapping[str, str]) -> list[str]:
    """The arms that have a figure, in the order of the titles."""
    names = dict.fromkeys(arm for arm, _ in found)
    return [*(arm for arm in titles if arm in names), *(arm for arm in names if arm not in titles)]


# -- dots -------------------------------------------------------------------------------------------------------------
def figure(found: Figures, metric: str, titles: Mapping[str, str], lines: Mapping[str, Mapping]) -> str:
    """One metric: a dot and its whisker for each arm, on an axis from 0."""
    mine = [(arm, found[arm, metric]) for arm in there(found, titles) if (arm, metric) in found]
    marks = {name: row[metric] for name, row in lines.items() if name in words.BASELINES and metric in row}
    top = min(1.0, 1.06 * max([*marks.values(), *(one.high if one.known else one.mean for _, one in mine)]) or 1.0)
    bars = "".join(f'<u data-of="{name}" style="left:{place(value, top)}"></u>' for name, value in marks.items())
    rows = "".join(dot(titles.get(arm, arm), arm, one, top, bars) for arm, one in mine)
    heads = ("arm", words.METRICS[metric], "95 % from", "95 % to", "seeds", "n")
    told = [(titles.get(arm, arm), one.mean, one.low, one.high, one.seeds, one.n) for arm, one in mine]
    told += [(words.BASELINES[name], value, None, None, None, None) for name, value in marks.items()]
    return (
        f'<figure class="ds-tiny-measure" {saving.saves(f"results-{metric}", heads, told)}>{saving.MENU}'
        f"<figcaption data-terms>{escape(words.METRICS[metric])}</figcaption><ul>{rows}</ul></figure>"
    )


def place(value: float, top: float) -> str:
    return f"{100 * min(max(value / top, 0.0), 1.0):.1f}%"


def dot(title: str, arm: str, one: Spread, top: float, bars: str) -> str:
    bounds = f" ({words.between(one.low, one.high)})" if one.known else ""
    whisker = (
        f'<s style="left:{place(one.low, top)};right:calc(100% - {place(one.high, top)})"></s>' if one.known else ""
    )
    about = f"{title}: {words.share(one.mean)}{bounds}, n = {one.n:,} × {count(one.seeds, 'seed')}"
    return (
        f'<li data-arm="{escape(arm)}" title="{escape(about)}"><span>{escape(title)}</span><div>{bars}{whisker}'
        f'<i style="left:{place(one.mean, top)}"></i></div><b>{words.share(one.mean)}</b></li>'
    )


def key(lines: Mapping[str, Mapping]) -> str:
    """What the lines are, with their figures."""
    said = [
        f'<span class="ds-tiny-line" data-of="{name}">{title}: {words.share(lines[name][words.HEADLINE])} top-5</span>'
        for name, title in words.BASELINES.items()
        if words.HEADLINE in lines.get(name, {})
    ]
    return f'<p class="ds-key">{"".join(said)}</p>' if said else ""


# -- tables -----------------------------------------------------------------------------------------------------------
def figures_table(found: Figures, titles: Mapping[str, str], summary: Mapping) -> str:
    """Every figure in words, with the size of each student; the baselines last."""
    metrics = [metric for metric in words.METRICS if has(found, metric)]
    heads = ("", *(words.METRICS[metric] for metric in metrics), "Blocks", "Seeds", "n")
    size = reading.sizes(summary)
    rows = [arm_row(arm, found, titles, metrics, size) for arm in there(found, titles)]
    for name, row in reading.baselines(summary).items():
        if name in words.BASELINES:
            cells = (words.share(row[metric]) if metric in row else "" for metric in metrics)
            rows.append((words.BASELINES[name], *cells, "", "", f"{row['n']:,.0f}" if "n" in row else ""))
    return tables.folded("All figures, with sizes", tables.table(heads, rows))


def arm_row(
    arm: str, found: Figures, titles: Mapping[str, str], metrics: Sequence[str], size: Mapping[str, Mapping]
) -> tuple[str, ...]:
    mine = [found.get((arm, metric)) for metric in metrics]
    cells = (cell(one) if one else "" for one in mine)
    blocks = size.get(arm, {}).get("blocks", 1.0 if arm == words.TEACHER else None)
    seeds, n = (max(getattr(one, name) for one in mine if one) if any(mine) else 0 for name in ("seeds", "n"))
    part = words.share(blocks) if blocks is not None else ""
    return (escape(titles.get(arm, arm)), *cells, part, f"{seeds}" if seeds else "", f"{n:,}" if n else "")


def cell(one: Spread) -> str:
    bounds = f" <small>{words.between(one.low, one.high)}</small>" if one.known else ""
    return f"{words.share(one.mean)}{bounds}"


def differences_table(summary: Mapping, titles: Mapping[str, str]) -> str:
    """What each part adds, paired over seeds; grey and said where it is not beyond noise."""
    rows = reading.rows_of(summary, "differences", ("arm", "against", "metric"), ("mean",))
    if not rows:
        return ""
    found = {(row["arm"], row["against"], row["metric"]): row for row in rows}
    metrics = [metric for metric in words.METRICS if any(name == metric for *_, name in found)]
    pairs = dict.fromkeys((arm, against) for arm, against, _ in found)
    lines = (
        (
            f"<span>{escape(titles.get(arm, arm))}</span> − <span>{escape(titles.get(against, against))}</span>",
            *(difference(found.get((arm, against, metric))) for metric in metrics),
        )
        for arm, against in pairs
    )
    table = tables.table(("", *(words.METRICS[metric] for metric in metrics)), lines)
    return (
        f'<h3>What each part adds</h3><p class="ds-quiet">Points, paired seed by seed, with 95 % intervals.'
        f'{luck(summary)}</p><div class="ds-table"><div>{table}</div></div>'
    )


def luck(summary: Mapping) -> str:
    looks = summary.get("looks")
    if type(looks) is not int or looks < 2:
        return ""
    return f" Of {looks} such differences about {max(1, round(looks / 20))} would be clear of 0 by luck."


def difference(row: Mapping | None) -> str:
    """One difference: points, interval, in how many seeds the first arm is ahead."""
    if row is None:
        return ""
    one = reading.spread_of(row)
    bounds = f"<small>{words.moved(one.low, one.high)}</small>" if one.known else "<small>one seed: no interval</small>"
    ahead = f"<small>ahead in {row['wins']} of {one.seeds}</small>" if type(row.get("wins")) is int else ""
    noise = "<small>not beyond noise</small>" if one.known and one.holds_zero else ""
    look = "ds-faint" if one.holds_zero else "ds-clear"
    return f'<span class="{look}">{words.points(one.mean)}{bounds}{ahead}{noise}</span>'


def cut_table(summary: Mapping) -> str:
    """Zero-shot right after the cut of automatic inheritance, against cutting a copy that was trained as long."""
    names = ("after_cut", "sliced")
    rows = [row for row in reading.rows_of(summary, "cut", (), names) if type(row.get("seed")) is int]
    if not rows:
        return ""
    heads = ("Seed", "Masks", "First units of a copy trained as long", "Times")
    lines = ((str(row["seed"]), *(words.share(row[name]) for name in names), times(row.get("ratio"))) for row in rows)
    table = tables.table(heads, lines)
    return tables.folded("Zero-shot top-5 right after the cut of automatic inheritance", table)


def times(ratio: object) -> str:
    return f"{ratio:.1f}" if reading.is_number(ratio) else ""


def grid_table(summary: Mapping, titles: Mapping[str, str]) -> str:
    """The step sizes that were tried, chosen on validation pictures."""
    rows = reading.rows_of(summary, "grids", ("arm",), ("lr",))
    if not rows:
        return ""
    lines = (
        (escape(titles.get(row["arm"], row["arm"])), f"{row['lr']:g}", scored(row.get("score")),
         "chosen" if row.get("chosen") is True else "")
        for row in rows
    )  # fmt: skip
    table = tables.table(("", "Step size", "Validation, mean of four figures", ""), lines)
    return tables.folded("Step sizes that were tried", table)


def scored(value: object) -> str:
    """A score; a student that diverged has none."""
    return words.share(value) if reading.is_number(value) else "diverged"
