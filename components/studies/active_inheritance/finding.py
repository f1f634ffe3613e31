"""What a finished run found, in plain sentences with their uncertainty, for the head of the run.

Knows summary.json's `inherited`. Knows no widget and no markup.
"""

from collections.abc import Mapping

from components.frame.words import count, minus
from components.studies.active_inheritance import words
from components.studies.active_inheritance.inherited import rows_of
from components.studies.active_inheritance.words import BY_NAME, Attribute


def sentences(summary: Mapping, config: Mapping) -> list[str]:
    """A sentence for each objective that has one attribute, then what stands behind them; none without figures."""
    rows = [row for row in rows_of(summary) if row["arm"] == "best"]
    said, cut = [], False
    for objective in dict.fromkeys(row["objective"] for row in rows):
        aims = list(words.weights_of(objective, config))
        mine = [row for row in rows if row["objective"] == objective and [row["metric"]] == aims]
        if mine and aims[0] in BY_NAME:
            row, attribute = max(mine, key=lambda row: row["k"]), BY_NAME[aims[0]]
            said.append(sentence(row, attribute, len(said) == 0))
            cut |= is_cut(row, attribute)
    if said:
        seeds = max(row.get("seeds") or 0 for row in rows)
        bounds = "95 % intervals, cut at 0 and 100 %" if cut else "95 % intervals"
        said.append(f"In brackets: {bounds}; {count(seeds, 'student')} an arm.")
    return said


def sentence(row: Mapping, attribute: Attribute, first: bool) -> str:
    """'Students taught the longest of 8 texts write 82 % more words (74 to 90) than students taught random texts.'"""
    who = f"Students taught {words.chosen(row['objective'])} of {row['k']} texts"
    if row["low"] <= 0 <= row["high"]:
        moved, ends = words.move(row["student_move"], attribute), words.bounds(row["low"], row["high"], attribute)
        return f"{who} cannot be told from students taught random texts by {attribute.title}: {moved} ({ends})."
    if attribute.share and has_base(row):
        return f"{who} {share_of(row, attribute)}."
    beside = " than students taught random texts" if first else ""
    return f"{who} {moved_by(row, attribute)}{beside}."


def has_base(row: Mapping) -> bool:
    return isinstance(row.get("base"), (int, float))


def ends_of(row: Mapping) -> list[float]:
    """The interval of the difference, laid at what students of random texts do."""
    return [row["base"] + row[end] for end in ("low", "high")]


def is_cut(row: Mapping, attribute: Attribute) -> bool:
    """Whether a sentence says less than its whole interval, which leaves what a share can be."""
    clear = not row["low"] <= 0 <= row["high"]
    return clear and attribute.share and has_base(row) and not all(0 <= end <= 1 for end in ends_of(row))


def share_of(row: Mapping, attribute: Attribute) -> str:
    """'write 3 % rude texts (0 to 15), students taught random texts 65 %': a share has no more than all of itself."""
    low, high = (f"{100 * min(1.0, max(0.0, end)):.0f}" for end in ends_of(row))
    part, base = (f"{100 * share:.0f} %" for share in (row["base"] + row["student_move"], row["base"]))
    return f"{attribute.much.format(part)} ({low} to {high}), students taught random texts {base}"


def moved_by(row: Mapping, attribute: Attribute) -> str:
    """'write 82 % more words (74 to 90)': in percent of what students of random texts do, where that is not 0."""
    up, base = row["student_move"] > 0, row.get("base")
    ends = sorted(abs(row[end]) for end in ("low", "high"))
    if has_base(row) and base > 0:
        part, near, far = (f"{100 * part / base:.0f}" for part in (abs(row["student_move"]), *ends))
        part += " %"
    elif attribute.share:
        part, near, far = (f"{100 * part:.0f}" for part in (abs(row["student_move"]), *ends))
        part += " points"
    else:
        part, near, far = (f"{part:.{attribute.digits}f}" for part in (abs(row["student_move"]), *ends))
    verb = (attribute.more if up else attribute.less).format(part)
    return minus(f"{verb} ({near} to {far})")
