"""The inherited share: how far a student moved for every step that selection moved its data. Rows in, markup out.

Knows summary.json's `inherited` and what the page calls things. Knows no widget library.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from components.frame.words import count, minus
from components.panels import saving, tables
from components.panels.notices import notices
from components.studies.active_inheritance import words
from components.studies.active_inheritance.pictures import Axis, Dot, figure
from components.studies.active_inheritance.words import ATTRIBUTES, BY_NAME, Attribute

HEAD = "<h2>How much is inherited?</h2>"
WAITING = "The shares appear here at the end of a run, when the students have been compared with those of random texts."
GONE = "This run has no shares: it has not come so far, or its summary was not kept."
HOW = (
    "The student's move divided by the data's move, both against random texts: 1 is all of it, 0 is nothing. "
    "Whiskers: 95 %."
)
ENDS = (-0.5, 1.5)  # of the axis at least; a share beyond 3 means that the data hardly moved
MOST = (-1.0, 3.0)
NUMBERS = ("k", "data_move", "student_move", "low", "high")


def rows_of(summary: Mapping) -> list[dict]:
    """The rows that have all that is drawn."""
    found = summary.get("inherited")
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return [
        row
        for row in rows
        if all(isinstance(row.get(name), (int, float)) for name in NUMBERS)
        and all(isinstance(row.get(name), str) for name in ("arm", "objective", "metric"))
    ]


def inherited_markup(summary: Mapping, config: Mapping, over: bool = False) -> str:
    """A figure for each objective and attribute it aims at, then what else changed. `over`: nothing more comes."""
    rows = rows_of(summary)
    if not rows:
        said = GONE if over else WAITING
        return f'<section class="ds-inherited" data-rows="0">{HEAD}<p class="ds-quiet">{said}</p></section>'
    figures = "".join(share_figures(rows, config))
    return (
        f'<section class="ds-inherited" data-rows="{len(rows)}">{HEAD}<p class="ds-quiet" data-terms>{HOW}</p>'
        f'<div class="ds-measures">{figures}</div>{others_markup(rows)}'
        f"{notices(summary.get('warnings'))}{capped_markup(summary)}</section>"
    )


def share_figures(rows: Sequence[Mapping], config: Mapping) -> Iterator[str]:
    for objective in dict.fromkeys(row["objective"] for row in rows):
        for name in words.weights_of(objective, config):
            mine = [row for row in rows if (row["objective"], row["metric"]) == (objective, name)]
            if name in BY_NAME and mine:
                yield share_figure(objective, BY_NAME[name], mine)


def share_figure(objective: str, attribute: Attribute, rows: Sequence[Mapping]) -> str:
    """An arm and a k a row."""
    order = ("best", "worst", "best_of_two")
    mine = sorted(rows, key=lambda row: (order.index(row["arm"]) if row["arm"] in order else 9, row["k"] or 0))
    dots = [share_dot(row, attribute) for row in mine]
    ends = [end for dot in dots for end in (dot.low, dot.high)]
    axis = Axis(max(MOST[0], min(ENDS[0], *ends)), min(MOST[1], max(ENDS[1], *ends)))
    return figure(words.button(objective), attribute.title, dots, axis, f"inherited-{objective}", (0.0, 1.0))


def share_dot(row: Mapping, attribute: Attribute) -> Dot:
    """The share; where the data did not move, there is none."""
    called = {"best": "best of {}", "worst": "worst of {}", "best_of_two": "best of {}, both talkers"}
    # a name from a file is text, braces included
    name = called[row["arm"]].format(row["k"]) if row["arm"] in called else row["arm"]
    data = words.move(row["data_move"], attribute)
    student, ends = words.move(row["student_move"], attribute), words.bounds(row["low"], row["high"], attribute)
    about = f"Data {data}, student {student} ({ends}); {count(row.get('seeds') or 0, 'student')}"
    if row.get("share") is None:
        return Dot(name, 0.0, 0.0, 0.0, "none", "the data did not move", about, "none", True)
    low, high = row.get("share_low"), row.get("share_high")
    if low is None or high is None:
        return Dot(name, row["share"], row["share"], row["share"], minus(f"{row['share']:.2f}"), "", about, row["arm"])
    low, high = sorted((low, high))
    said = minus(f"{low:.2f} to {high:.2f}")
    return Dot(name, row["share"], low, high, minus(f"{row['share']:.2f}"), said, about, row["arm"], low <= 0 <= high)


# -- what else changed ----------------------------------------------------------------------------------------------
def others_markup(rows: Sequence[Mapping]) -> str:
    """What choosing by one attribute did to all others: student minus student of random texts."""
    most: dict[str, int] = {}
    for row in rows:
        if row["arm"] == "best":
            most[row["objective"]] = max(most.get(row["objective"], 0), row["k"])
    mine = [row for row in rows if row["arm"] == "best" and row["k"] == most.get(row["objective"])]
    there = [one for one in ATTRIBUTES if any(row["metric"] == one.name for row in mine)]
    if not mine:
        return ""
    heads = ("Attribute", *(f"{words.chosen(objective)} of {k}" for objective, k in most.items()))
    lines = ([escape(one.title), *(change(mine, objective, one) for objective in most)] for one in there)
    table = tables.table(heads, lines)
    looks = len(mine)
    heads = ("taught", "attribute", "data moved", "student moved", "95 % from", "95 % to", "students")
    columns = ("metric", "data_move", "student_move", "low", "high", "seeds")
    named = ((f"{words.chosen(r['objective'])} of {r['k']}", *(r.get(name) for name in columns)) for r in mine)
    numbers = saving.saves("moves", heads, named)
    return (
        f'<section class="ds-others" {numbers}>{saving.MENU}<h3>What else changed</h3>'
        '<p class="ds-quiet">Students of chosen texts minus students of random ones, with 95 % intervals; grey where '
        f"an interval holds 0. Of {looks} such differences about {max(1, round(looks / 20))} would be clear of 0 by "
        f'luck.</p><div class="ds-table"><div>{table}</div></div></section>'
    )


def change(rows: Sequence[Mapping], objective: str, attribute: Attribute) -> str:
    row = next((r for r in rows if (r["objective"], r["metric"]) == (objective, attribute.name)), None)
    if row is None:
        return ""
    noise = ' class="ds-faint"' if row["low"] <= 0 <= row["high"] else ""
    ends = words.bounds(row["low"], row["high"], attribute)
    return f"<span{noise}>{escape(words.move(row['student_move'], attribute))} <small>{escape(ends)}</small></span>"


def capped_markup(summary: Mapping) -> str:
    """How many texts the cap on tokens cut, of each writer: a cap decides which text is the longest."""
    found = summary.get("capped")
    shares: dict[str, list[float]] = {}
    for who, share in found.items() if isinstance(found, dict) else ():
        if isinstance(share, (int, float)):
            shares.setdefault(str(who).partition("-seed")[0], []).append(share)
    if not shares:
        return ""
    rows = ((escape(who), f"{100 * sum(mine) / len(mine):.0f} %", str(len(mine))) for who, mine in shares.items())
    table = tables.table(("Whose texts", "Cut", "Students or talkers"), rows)
    return tables.folded("Texts cut off by the cap on tokens", table)
