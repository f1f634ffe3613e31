"""Two curves with intervals: accuracy over the depth of the text tower, and softened labels over false negatives.

Means over seeds, with Student's t; differences are paired by seed. Markup; everything from files is escaped. Knows rows
of depth.jsonl and noise.jsonl; no run folder and no widget.
"""

from collections.abc import Mapping, Sequence
from html import escape
from statistics import fmean

from components.frame.words import count
from components.studies.light_clip import words
from components.studies.light_clip.plot import Line, Words, plot
from components.studies.light_clip.reading import (
    Spread,
    by_seed,
    is_part,
    is_share,
    is_whole,
    most_asked,
    over_seeds,
    paired,
)
from components.studies.light_clip.words import Arm

Rows = Sequence[Mapping]
HEAD = "<h2>How deep a text tower, how soft a label?</h2>"
WAITING = (
    "Curves appear here when a run trains text towers of several depths, or with several shares of loose captions."
)
GONE = "This run trained one text tower and one share of loose captions, so there are no curves."
SHOWN = (("top1", "made"), ("i2t5", "real"), ("t2i5", "real-1"))
MOST = 12  # depths, or shares of loose captions
NOISE = ("top1", "t2i5")  # the figures that are drawn against false negatives
RATES = ("loose", "false_negatives")
KINDS = {words.BASE: "none", words.SOFTENED: "made"}


def curves_markup(depth: Rows, noise: Rows, arms: Sequence[Arm], over: bool) -> str:
    """The panel; an invitation where neither was measured."""
    found = [part for part in (depth_markup(depth), noise_markup(noise, arms)) if part]
    if not found:
        return (
            f'<section class="ds-light-curves" data-curves="0">{HEAD}'
            f'<p class="ds-quiet">{GONE if over else WAITING}</p></section>'
        )
    return f'<section class="ds-light-curves" data-curves="{len(found)}">{HEAD}{"".join(found)}</section>'


# -- depth ----------------------------------------------------------------------------------------------------------
def depth_markup(rows: Rows) -> str:
    """Figures over the number of layers; empty for fewer than two depths."""
    rows = [row for row in rows if is_whole(row.get("depth"))]
    depths = sorted({row["depth"] for row in rows})[:MOST]
    if len(depths) < 2:
        return ""
    at = {depth: [row for row in rows if row["depth"] == depth] for depth in depths}
    lines = [
        Line(words.measure(metric).title, kind, line_of(at, metric)) for metric, kind in SHOWN if line_of(at, metric)
    ]
    if not lines:
        return ""
    ticks = [(depth, str(depth)) for depth in depths]
    said = Words("Depth of the text tower", "layers of the text tower", "share right, on test pictures", ticks, "depth")
    return f'{plot(said, lines)}<p class="ds-fact">{escape(deepest(at))}</p>{parameters(at)}'


def line_of(at: Mapping[float, Rows], metric: str) -> list[tuple[float, Spread]]:
    found = [(x, by_seed(rows, metric), most_asked(rows)) for x, rows in at.items()]
    return [(x, over_seeds(values, n)) for x, values, n in found if values]


def deepest(at: Mapping[int, Rows]) -> str:
    """Whether the deepest tower is better than the shallowest, seed by seed."""
    least, most = min(at), max(at)
    moved = paired(by_seed(at[most], "top1"), by_seed(at[least], "top1"))
    if moved is None:
        return ""
    deep, shallow = count(most, "layer"), count(least, "layer")
    if not moved.known:
        return (
            f"{deep} against {shallow}: {words.points(moved.mean)} points of zero-shot accuracy, without an interval."
        )
    ends = f"{words.points(moved.mean)} points (95 %: {words.bounds(moved.low, moved.high)})"
    if not moved.beyond:
        return f"{deep} against {shallow}: {ends} of zero-shot accuracy, not beyond noise."
    return f"{deep} against {shallow}: {ends} of zero-shot accuracy."


def parameters(at: Mapping[int, Rows]) -> str:
    """How many numbers each tower costs, and what stands behind a dot."""
    known = [
        (depth, row["parameters"]) for depth, rows in at.items() for row in rows[:1] if is_whole(row.get("parameters"))
    ]
    costs = ", ".join(f"{value:,} with {count(depth, 'layer')}" for depth, value in known)
    seeds = max(len(by_seed(rows, "top1")) for rows in at.values())
    n = max(map(most_asked, at.values()))
    cost = f"Parameters: {costs}. " if costs else ""
    return f'<p class="ds-quiet">{cost}Whiskers: 95 % over {count(seeds, "seed")}; n = {n:,}.</p>'


# -- false negatives ------------------------------------------------------------------------------------------------
def noise_markup(rows: Rows, arms: Sequence[Arm]) -> str:
    """Base and softened labels over the share of false negatives; empty for fewer than two shares."""
    rows = [row for row in rows if is_part(row.get("arm")) and all(is_share(row.get(name)) for name in RATES)]
    shares = sorted({row["loose"] for row in rows})[:MOST]
    places = {loose: fmean(row["false_negatives"] for row in rows if row["loose"] == loose) for loose in shares}
    if len(places) < 2:
        return ""
    names = {row["arm"] for row in rows}
    figures = ""
    for metric in NOISE:
        lines = [
            Line(arm.title, KINDS.get(arm.name, "made-1"), noise_line(rows, places, arm.name, metric))
            for arm in arms if arm.name in names
        ]  # fmt: skip
        if any(line.points for line in lines):
            figures += plot(noise_words(metric, places), lines)
    facts = "".join(f"<li>{escape(said)}</li>" for said in noise_facts(rows, places, arms))
    seeds = max(len(by_seed((row for row in rows if row["arm"] == name), "top1")) for name in names)
    return (
        f'<div class="ds-light-plots">{figures}</div><ul class="ds-fact">{facts}</ul>'
        f'<p class="ds-quiet">A false negative: a caption that counts as wrong but is true of the picture. Whiskers: '
        f"95 % over {count(seeds, 'seed')}; n = {most_asked(rows):,}.</p>"
    )


def noise_words(metric: str, places: Mapping[float, float]) -> Words:
    ticks = [(place, rate(place)) for place in places.values()]
    x = "pairs of a batch that are false negatives"
    return Words(words.measure(metric).title, x, "share right, on test pictures", ticks, f"false-negatives-{metric}")


def rate(share: float) -> str:
    """A share that may be very small: '0.14 %', '21 %'."""
    return f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.2g} %"


def noise_line(rows: Rows, places: Mapping[float, float], arm: str, metric: str) -> list[tuple[float, Spread]]:
    at = {
        place: [row for row in rows if row["arm"] == arm and row["loose"] == loose] for loose, place in places.items()
    }
    return line_of(at, metric)


def noise_facts(rows: Rows, places: Mapping[float, float], arms: Sequence[Arm]) -> list[str]:
    """What each softened arm is ahead of base by, at each share, seed by seed."""
    found = []
    for arm in arms:
        for loose, place in places.items():
            mine, base = (
                by_seed((row for row in rows if row["arm"] == name and row["loose"] == loose), "top1")
                for name in (arm.name, words.BASE)
            )
            moved = paired(mine, base) if arm.name != words.BASE else None
            if moved is not None:
                found.append(f"{arm.title} minus base at {rate(place)} false negatives: {told(moved)}")
    return found


def told(moved: Spread) -> str:
    if not moved.known:
        return f"{words.points(moved.mean)} points, without an interval."
    ends = f"{words.points(moved.mean)} points (95 %: {words.bounds(moved.low, moved.high)})"
    return f"{ends}." if moved.beyond else f"{ends}, not beyond noise."
