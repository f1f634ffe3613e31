"""Results as bars with their 95 % intervals: a panel for each student and way of training.

Markup from the table of runs/results.py, in the words of the study; everything from a run folder is escaped. Knows no
study by name and no widget library.
"""

import math
from collections.abc import Iterator
from html import escape

from backend.runs.results import summarise_results
from backend.settings import MODEL, describe
from backend.study import Study, Word
from components.frame import words
from components.panels import saving, tables

HOW = "95 % interval, over the choice of questions and of students."


def results_markup(
    study: Study, rows: list[dict], config: dict, said: str = "", more: str = "", asks: str = "Does it teach?"
) -> str:
    """The panels and the table; an invitation when there is nothing yet.

    `said` is markup above the panels, such as a verdict, `more` markup between them and the table; `asks` is the
    question that they answer.
    """
    if not rows:
        return (
            f'<section class="ds-results" data-rows="0"><h2>{escape(asks)}</h2><p class="ds-quiet">No scores yet. '
            "They appear here one by one during the run's last step.</p></section>"
        )
    everything = summarise_results(rows)
    metrics = {metric.name: metric.title for metric in study.words.metrics}
    drawn = next((name for name in metrics if any(row["metric"] == name for row in everything)), rows[0]["metric"])
    table = [row for row in everything if row["metric"] == drawn]
    return (
        f'<section class="ds-results" data-rows="{len(rows)}" {numbers(study, everything)}>{saving.MENU}'
        f"<h2>{escape(asks)}</h2>{said}"
        f'<div class="ds-panels">{"".join(panels(study, table, config))}</div>'
        f'<p class="ds-key">{key(study, table)}<span>{escape(metrics.get(drawn, drawn))}</span>'
        f"<span>n: questions × students</span><span>{HOW}</span></p>{more}{table_markup(study, everything)}</section>"
    )


def key(study: Study, table: list[dict]) -> str:
    """What the colours mean, of those that are there."""
    there = {arm(study, row["arm"]).kind for row in table}
    made = '<span class="ds-key-made">distilled</span>' if "made" in there else ""
    real = '<span class="ds-key-real">real questions</span>' if "real" in there else ""
    base = any(row["arm"] == "base" for row in table)
    return made + real + ('<span class="ds-key-none">untrained (dashed line)</span>' if base else "")


def arm(study: Study, name: str) -> Word:
    """What an arm is called; its own name where it is of another version."""
    return next((word for word in study.words.arms if word.name == name), Word(name, name))


def regime(study: Study, name: str) -> Word:
    """What a way of training is called; its own name where it is of another version."""
    return next((word for word in study.words.regimes if word.name == name), Word(name, name))


def own_model(study: Study, config: dict) -> str | None:
    """The model of the run itself: its first setting that names one."""
    return next((config.get(item.name) for item in describe(study.config) if item.kind == MODEL), None)


def panels(study: Study, table: list[dict], config: dict) -> Iterator[str]:
    """One panel for each way of training and student, the run's own model first."""
    own = own_model(study, config)
    students = sorted({row["student"] for row in table}, key=lambda name: (name != own, name))
    regimes = sorted({row["regime"] for row in table}, reverse=True)  # ordinary first: what a reader would meet outside
    top = scale_top(table, is_share(study, table))
    for way in regimes:
        for student in students:
            untrained = next((r for r in table if r["student"] == student and r["arm"] == "base"), None)
            rows = [r for r in table if r["student"] == student and r["regime"] == way and r["arm"] != "base"]
            if rows or (untrained and untrained["regime"] == way):
                family = student_said(student == own, len(students))
                yield panel(study, (student, family), way, [*rows, untrained] if untrained else rows, top)


def student_said(own: bool, students: int) -> str:
    """What this student is to the run, where there are several."""
    if students == 1:
        return ""
    return "The model the prompts were learned on" if own else "Another family, trained on the same text"


def is_share(study: Study, table: list[dict]) -> bool:
    """Whether the metric cannot exceed one; where it is of another version, its values tell."""
    unit = next((metric.unit for metric in study.words.metrics if metric.name == table[0]["metric"]), None)
    return unit == "share" if unit else all(row["mean"] <= 1 for row in table)


def scale_top(table: list[dict], share: bool = True) -> float:
    """Where the axis ends, the same in every panel: behind the longest whisker, for shares at the next tenth."""
    reach = max(row["mean"] + row["interval"] for row in table)
    return min(1.0, (int(reach * 10) + 1) / 10) if share else reach or 1.0


def ticks(top: float) -> list[float]:
    """What stands below the axis: every fifth of one, or at most six round numbers where the axis is longer."""
    size = 10 ** math.floor(math.log10(top / 5))
    step = 0.2 if top <= 1 else next(n * size for n in (1, 2, 5, 10) if top <= 5 * n * size)
    return [number * step for number in range(int(top / step + 1e-9) + 1)]


def panel(study: Study, student: tuple[str, str], way: str, rows: list[dict], top: float) -> str:
    """One student's bars. `student`: its name and what it is."""
    order = [word.name for word in study.words.arms]
    shown = sorted(rows, key=lambda row: order.index(row["arm"]) if row["arm"] in order else len(order))
    untrained = next((row["mean"] for row in rows if row["arm"] == "base"), None)
    trained = regime(study, way)
    how = ", ".join(escape(part) for part in (trained.title, trained.about) if part)
    bars = "".join(bar(study, row, top, untrained) for row in shown)
    marks = "".join(f'<i style="left:{100 * t / top:.2f}%">{t:.1f}</i>' for t in ticks(top))
    other = "ds-other" if student[1].startswith("Another") else "ds-own"
    return (
        f'<figure class="ds-panel {other}"><figcaption><b>{escape(student[0])}</b>'
        f"<span>{student[1]}</span><small>{how}</small></figcaption>"
        f'<ul>{bars}</ul><div class="ds-axis" aria-hidden="true"><div>{marks}</div></div></figure>'
    )


def bar(study: Study, row: dict, top: float, untrained: float | None) -> str:
    """One arm: name, bar, whisker, number. The hover says what the arm is and where the interval comes from."""
    word = arm(study, row["arm"])
    what = f": {word.about}" if word.about else ""
    said = f"{word.title}{what}. {words.quantity(row)}. {HOW}"

    def place(value: float) -> str:
        return f"{100 * min(max(value, 0.0), top) / top:.2f}%"

    low, high = row["mean"] - row["interval"], row["mean"] + row["interval"]
    mark = f'<u style="left:{place(untrained)}"></u>' if untrained is not None and row["arm"] != "base" else ""
    return (
        f'<li class="ds-bar ds-{word.kind or "none"} ds-arm-{escape(row["arm"])}" tabindex="0" '
        f'title="{escape(said)}"><span>{escape(word.title)}</span><div>'
        f'<i style="width:{place(row["mean"])}"></i>{mark}'
        f'<s style="left:{place(low)};right:calc(100% - {place(high)})"></s></div>'
        f"<b>{row['mean']:.2f}<small>± {row['interval']:.2f}</small><em>n = {row['n']:,} × {row['seeds']}</em></b></li>"
    )


def numbers(study: Study, table: list[dict]) -> str:
    """Every mean with its interval, for whoever saves the picture."""
    heads = (
        "student",
        "training",
        "trained on",
        "metric",
        "mean",
        "half-width of the 95 % interval",
        "questions",
        "students",
    )
    rows = (
        (
            row["student"],
            regime(study, row["regime"]).title,
            arm(study, row["arm"]).title,
            *(row[name] for name in ("metric", "mean", "interval", "n", "seeds")),
        )
        for row in table
    )
    return saving.saves("results", heads, rows)


def table_markup(study: Study, table: list[dict]) -> str:
    """Every number, folded away."""
    names = ("Student", "Training", "Trained on", "Metric", "Mean", "± 95 %", "Questions", "Students")
    metrics = {metric.name: metric.title for metric in study.words.metrics}
    rows = (
        (
            escape(r["student"]),
            escape(regime(study, r["regime"]).title),
            escape(arm(study, r["arm"]).title),
            escape(metrics.get(r["metric"], r["metric"])),
            f"{r['mean']:.3f}",
            f"{r['interval']:.3f}",
            f"{r['n']:,}",
            str(r["seeds"]),
        )
        for r in table
    )
    return tables.folded("All numbers", tables.table(names, rows))
