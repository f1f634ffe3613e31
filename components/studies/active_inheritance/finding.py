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
    said = []
    for objective in dict.fromkeys(row["objective"] for row in rows):
        aims = list(words.weights_of(objective, config))
        mine = [row for row in rows if row["objective"] == objective and [row["metric"]] == aims]
        if mine and aims[0] in BY_NAME:
            said.append(sentence(max(mine, key=lambda row: row["k"]), BY_NAME[aims[0]], len(said) == 0))
    if said:
        seeds = max(row.get("seeds") or 0 for row in rows)
        said.append(f"In brackets: 95 % intervals; {count(seeds, 'student')} an arm.")
    return said


def sentence(row: Mapping, attribute: Attribute, first: bool) -> str:
    """'Students of the longest of 8 write 82 % more words (74 to 90) than students of random texts.'"""
    who = f"Students of {words.chosen(row['objective'])} of {row['k']}"
    beside = " than students of random texts" if first else ""
    if row["low"] <= 0 <= row["high"]:
        moved, ends = words.move(row["student_move"], attribute), words.bounds(row["low"], row["high"], attribute)
        return f"{who} cannot be told from students of random texts by {attribute.title}: {moved} ({ends})."
    return f"{who} {moved_by(row, attribute)}{beside}."


def moved_by(row: Mapping, attribute: Attribute) -> str:
    """'write 82 % more words (74 to 90)': in percent of what students of random texts do, where that is not 0."""
    up, base = row["student_move"] > 0, row.get("base")
    ends = sorted(abs(row[end]) for end in ("low", "high"))
    if isinstance(base, (int, float)) and base > 0:
        part, near, far = (f"{100 * part / base:.0f}" for part in (abs(row["student_move"]), *ends))
        part += " %"
    elif attribute.share:
        part, near, far = (f"{100 * part:.0f}" for part in (abs(row["student_move"]), *ends))
        part += " points"
    else:
        part, near, far = (f"{part:.{attribute.digits}f}" for part in (abs(row["student_move"]), *ends))
    verb = (attribute.more if up else attribute.less).format(part)
    return minus(f"{verb} ({near} to {far})")
