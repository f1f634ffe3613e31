"""Results as bars with their 95 % intervals: own family and other family apart, one panel for each way of training.

Markup from the table of backend.runs.results; everything from a run folder is escaped. Knows no widget library.
"""

from collections.abc import Iterator
from html import escape

from backend.runs.results import summarise_results
from components.frame import words

METRICS = {"acc": "accuracy", "acc_norm": "accuracy, answers weighed by their length"}  # the first one found is drawn
HOW = "Interval: luck of the questions asked and of the student trained, joined; 95 %."


def results_markup(
    rows: list[dict],
    config: dict,
    unchanged: bool = False,
    bounds: tuple[float, float] | None = None,
    gap: str = "",
) -> str:
    """The sentence, the panels and the table; an invitation when there is nothing yet.

    `unchanged`: the prompts still read as at the start, which a reader has to know to read the bars. `bounds`: of the
    difference between text and random questions, paired by question. `gap`: the markup of gap.py.
    """
    if not rows:
        return (
            '<section class="ds-results" data-rows="0"><h2>Does it teach?</h2><p class="ds-quiet">No scores yet. '
            "After distilling, fresh students are trained on the text and on real questions, and asked what they "
            "know.</p></section>"
        )
    everything = summarise_results(rows)
    metric = next((name for name in METRICS if any(row["metric"] == name for row in everything)), rows[0]["metric"])
    table = [row for row in everything if row["metric"] == metric]
    said = words.verdict(table, config["model"], bounds)
    return (
        f'<section class="ds-results" data-rows="{len(rows)}"><h2>Does it teach?</h2>'
        f'<p class="ds-verdict">{escape(said)}{" " + words.UNCHANGED if unchanged else ""}</p>'
        f'<div class="ds-panels">{"".join(panels(table, config))}</div>'
        f'<p class="ds-key"><span class="ds-key-made">distilled</span><span class="ds-key-real">real questions</span>'
        f'<span class="ds-key-none">untrained (dashed line)</span><span>{escape(METRICS.get(metric, metric))}</span>'
        f"<span>n: questions x students</span><span>{HOW}</span></p>{gap}{table_markup(everything)}</section>"
    )


def panels(table: list[dict], config: dict) -> Iterator[str]:
    """One panel for each way of training and student, the distilling model first."""
    students = sorted({row["student"] for row in table}, key=lambda name: (name != config["model"], name))
    regimes = sorted({row["regime"] for row in table}, reverse=True)  # ordinary first: what a reader would meet outside
    top = scale_top(table)
    for regime in regimes:
        for student in students:
            untrained = next((r for r in table if r["student"] == student and r["arm"] == "base"), None)
            rows = [r for r in table if r["student"] == student and r["regime"] == regime and r["arm"] != "base"]
            if rows:
                yield panel(student, student == config["model"], regime, rows, untrained, top)


def scale_top(table: list[dict]) -> float:
    """Where the axis ends: the next tenth above the longest whisker, the same in every panel."""
    reach = max(row["mean"] + row["interval"] for row in table)
    return min(1.0, (int(reach * 10) + 1) / 10)


def panel(student: str, own: bool, regime: str, rows: list[dict], untrained: dict | None, top: float) -> str:
    order = list(words.ARMS)
    rows = [*rows, untrained] if untrained else rows
    shown = sorted(rows, key=lambda row: order.index(row["arm"]) if row["arm"] in order else len(order))
    title, how = words.REGIMES.get(regime, (regime, ""))
    family = "The model the prompts were learned on" if own else "Another family reads the same text"
    bars = "".join(bar(row, top, untrained["mean"] if untrained else None) for row in shown)
    ticks = "".join(
        f'<i style="left:{100 * t / 10 / top:.2f}%">{t / 10:.1f}</i>' for t in range(0, int(top * 10) + 1, 2)
    )
    return (
        f'<figure class="ds-panel {"ds-own" if own else "ds-other"}"><figcaption><b>{escape(student)}</b>'
        f"<span>{family}</span><small>{escape(title)}, {escape(how)}</small></figcaption>"
        f'<ul>{bars}</ul><div class="ds-axis" aria-hidden="true"><div>{ticks}</div></div></figure>'
    )


def bar(row: dict, top: float, untrained: float | None) -> str:
    """One arm: name, bar, whisker, number. The hover says what the arm is and where the interval comes from."""
    name, what = words.arm(row["arm"]), words.what_is(row["arm"])
    said = f"{name}: {what}. {words.quantity(row)}. {HOW}"

    def place(value: float) -> str:
        return f"{100 * min(max(value, 0.0), top) / top:.2f}%"

    low, high = row["mean"] - row["interval"], row["mean"] + row["interval"]
    mark = f'<u style="left:{place(untrained)}"></u>' if untrained is not None and row["arm"] != "base" else ""
    return (
        f'<li class="ds-bar ds-{words.KINDS.get(row["arm"], "none")} ds-arm-{escape(row["arm"])}" tabindex="0" '
        f'title="{escape(said)}"><span>{escape(name)}</span><div>'
        f'<i style="width:{place(row["mean"])}"></i>{mark}'
        f'<s style="left:{place(low)};right:calc(100% - {place(high)})"></s></div>'
        f"<b>{row['mean']:.2f}<small>± {row['interval']:.2f}</small><em>n = {row['n']:,} x {row['seeds']}</em></b></li>"
    )


def table_markup(table: list[dict]) -> str:
    """Every number, folded away."""
    names = ("Student", "Training", "Trained on", "Metric", "Mean", "± 95 %", "n", "Seeds")
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join(
        f"<tr><td>{escape(r['student'])}</td><td>{escape(r['regime'])}</td>"
        f"<td>{escape(words.arm(r['arm']))}</td><td>{escape(r['metric'])}</td>"
        f"<td>{r['mean']:.3f}</td><td>{r['interval']:.3f}</td><td>{r['n']:,}</td><td>{r['seeds']}</td></tr>"
        for r in table
    )
    return (
        '<details class="ds-table"><summary>All numbers</summary><div><table><thead><tr>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )
