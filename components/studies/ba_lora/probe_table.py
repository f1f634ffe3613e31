"""The table of probes: a row for each figure, a column for each arm, a cell that opens the answers behind it.

Grey is what does not differ from PiSSA: its paired 95 % interval holds zero. Markup; everything from files is escaped.
Knows figures; no run folder and no widget.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from components.frame.words import count
from components.panels import saving
from components.panels.notices import notices
from components.studies.ba_lora import words
from components.studies.ba_lora.reading import Cell, Key, Spread, is_number
from components.studies.ba_lora.words import Arm, Measure

Cells = Mapping[Key, Cell]
BROKEN = {  # where a long word of a narrow column may end its line
    "smoothing": "smooth\u00ading",
    "consistency": "consis\u00adtency",
    "diversity": "diver\u00adsity",
    "spectrum": "spec\u00adtrum",
}


def table_markup(key: str, arms: Sequence[Arm], found: Cells, summary: Mapping, live: bool) -> str:
    """The panel; an invitation while nothing was probed."""
    if not found:
        return (
            '<section class="ds-probing" data-cells="0"><h2>What was inherited?</h2><p class="ds-quiet">No probe was '
            "answered yet. Every arm is asked the same questions when it has learned.</p></section>"
        )
    heads = "".join(map(head, arms))
    body = "".join(group(title, rows, arms, found) for title, rows in grouped(found))
    return (
        f'<section class="ds-probing" data-run="{escape(key)}" data-cells="{len(found)}" {numbers(arms, found)}>'
        f"{saving.MENU}<h2>What was inherited?</h2>{how(found, summary, live)}"
        f'<table class="ds-probes" style="--arms:{len(arms)}"><thead><tr><th scope="col">Probe</th>{heads}</tr></thead>'
        f"{body}</table>{notes(summary, arms)}</section>"
    )


def grouped(found: Cells) -> Iterator[tuple[str, list[Measure]]]:
    """The figures that are there, in their groups; those of another version last."""
    there = {(probe, metric) for _, probe, metric in found}
    for title, measures in words.GROUPS:
        if rows := [one for one in measures if (one.probe, one.metric) in there]:
            yield title, rows
    if strange := sorted(there - words.MEASURES.keys()):
        yield "Others", [words.measure(*one) for one in strange]


def head(arm: Arm) -> str:
    mark = "<small>refer\u00adence</small>" if arm.name == words.REFERENCE else ""
    said = " ".join(BROKEN.get(part, part) for part in arm.head.split(" "))
    return f'<th scope="col" title="{escape(arm.title)}"><span>{escape(said)}</span>{mark}</th>'


def group(title: str, rows: Sequence[Measure], arms: Sequence[Arm], found: Cells) -> str:
    body = "".join(row(one, arms, found) for one in rows)
    fold = f'<button type="button" aria-expanded="true">{title}</button>'
    return f'<tbody><tr class="ds-group"><th scope="rowgroup" colspan="{len(arms) + 1}">{fold}</th></tr>{body}</tbody>'


def row(one: Measure, arms: Sequence[Arm], found: Cells) -> str:
    mine = {arm.name: found.get((arm.name, one.probe, one.metric)) for arm in arms}
    n = max(cell.n for cell in mine.values() if cell)
    asked = f"<small>n = {n:,}</small>" if n else ""
    there = "".join(cell(one, arm, mine[arm.name]) for arm in arms)
    return f'<tr><th scope="row"><span>{escape(one.title)}</span>{asked}</th>{there}</tr>'


def cell(one: Measure, arm: Arm, of: Cell | None) -> str:
    """A figure as a button. Grey, bold or plain: it holds zero, it does not, or it is compared with nothing."""
    if of is None:
        return "<td></td>"
    look = "" if of.against is None or not of.against.known else "even" if of.against.holds_zero else "apart"
    said, half = described(of), half_width(of.value)
    return (
        f'<td data-look="{look}"><button type="button" data-column="{escape(arm.head)}" data-who="{escape(arm.name)}" '
        f'data-probe="{escape(one.probe)}" data-metric="{escape(one.metric)}" title="{escape(said)}">'
        f"{words.number(of.value.mean)}{f'<small>± {half}</small>' if half else ''}</button></td>"
    )


def half_width(value: Spread) -> str:
    return "" if value.low is None else f"{(value.high - value.low) / 2:.2f}"


def described(of: Cell) -> str:
    """A figure in words: its interval and what that is over, n, seeds, and the difference from PiSSA."""
    value = words.number(of.value.mean)
    if of.value.low is not None:
        value += f" (95 %: {words.number(of.value.low)} to {words.number(of.value.high)}, over {of.over})"
    seeds = f", {count(of.seeds, 'seed')}" if of.over == "seeds" else ""
    said = f"{value}; {count(of.n, 'question')}{seeds}"
    if of.against is None or of.against.low is None:
        return f"{said}."
    apart = f"{words.change(of.against.mean)} ({words.bounds(of.against.low, of.against.high)}, paired by seed)"
    return f"{said}. Minus PiSSA: {apart}."


def how(found: Cells, summary: Mapping, live: bool) -> str:
    """What the intervals are over, how many comparisons were looked at, and what a click does."""
    seeds = max(cell.seeds for cell in found.values())
    if not any(cell.against for cell in found.values()):
        so_far = "Means of the seeds that were probed so far" if live else "This run has no summary"
        return f'<p class="ds-quiet">{so_far}: there is no interval and no comparison.</p>{CLICK}'
    compared = [cell.against for cell in found.values() if cell.against and cell.against.known]
    apart = sum(not one.holds_zero for one in compared)
    looked = summary["looks"] if type(summary.get("looks")) is int else len(compared)
    return (
        f'<p class="ds-verdict">In {apart} of {looked} comparisons with PiSSA the interval excludes zero.</p>'
        f'<p class="ds-quiet">{looked} comparisons were looked at, without correction: in about {0.05 * looked:.0f} of '
        "them luck alone would do that.</p>"
        f'<p class="ds-quiet">± is half of the 95 % interval{over(found)}. Grey: the difference from PiSSA, paired by '
        f"seed over {count(seeds, 'seed')}, has an interval that holds zero. Bold: it does not. Plain: there is "
        f"no such interval.</p>{CLICK}"
    )


def over(found: Cells) -> str:
    """What the intervals are over: of the arms that learned, and of the two models that did not."""
    there = [(who in words.UNTOUCHED, cell.over) for (who, _, _), cell in found.items() if cell.value.low is not None]
    learned, untouched = ({kind for mine, kind in there if mine is wanted} for wanted in (False, True))
    said = f" over {' and '.join(sorted(learned))}" if learned else ""
    return said + (f", of the untouched models over {' and '.join(sorted(untouched))}" if untouched else "")


def notes(summary: Mapping, arms: Sequence[Arm]) -> str:
    """What to beware of, which probes there are none of, and what the arms cost."""
    skipped, beyond = summary.get("skipped"), summary.get("beyond_pissa")
    told = [str(one) for one in skipped] if isinstance(skipped, list) else []
    if isinstance(beyond, Mapping):
        heads = {arm.name: arm.head for arm in arms if arm.name != words.REFERENCE}
        took = [f"{heads[name]} {beyond[name]:.2f}" for name in heads if is_number(beyond.get(name))]
        told += [f"Processor time of a student, in times PiSSA's: {', '.join(took)}."] if took else []
    return notices(summary.get("warnings")) + "".join(f'<p class="ds-fact">{escape(one)}</p>' for one in told)


CLICK = '<p class="ds-quiet">A click on a figure opens the answers behind it.</p>'


def numbers(arms: Sequence[Arm], found: Cells) -> str:
    """Every figure, for whoever saves the table."""
    titles = {arm.name: arm.title for arm in arms}
    heads = ("arm", "probe", "metric", "mean", "95 % from", "95 % to", "over", "questions", "seeds", "minus PiSSA")
    heads += ("95 % from", "95 % to")
    rows = (
        (
            titles[who], probe, metric, cell.value.mean, cell.value.low, cell.value.high, cell.over, cell.n,
            cell.seeds, *((d.mean, d.low, d.high) if (d := cell.against) else (None, None, None)),
        )
        for (who, probe, metric), cell in found.items()
    )  # fmt: skip
    return saving.saves("probes", heads, rows)
