"""Results of a bench run: before against after as bars, what to beware of, how the student answers, every number.

Markup from a run folder; everything in it is escaped. Knows no widget library.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from backend.core.scoring.metrics import interval
from backend.core.scoring.scored import COUNTED, LOWER
from backend.core.text.tasks import TASKS
from backend.runs.folder import RunDir
from backend.runs.results import summarise_results
from backend.studies.bench.study import STUDY
from backend.studies.bench.words import learned, task_name
from components.frame.words import change, count, duration, two, unit
from components.panels import saving, tables
from components.panels.notices import notices
from components.panels.results import arm, regime, ticks
from components.studies.bench import pictures, scores, words

HEAD = '<section class="ds-results" data-rows="{rows}"{saves}><h2>Does it know more?</h2>'
HOW = "95 % interval, over the choice of questions and of students."


def results_markup(run: RunDir) -> str:
    """The sentence, the notices, a panel for each task; an invitation when there is nothing yet."""
    rows, config, summary = run.rows("results"), run.config()["config"], run.summary()
    if not rows:
        return (
            f'{HEAD.format(rows=0, saves="")}<p class="ds-quiet">No scores yet. The student is asked the same '
            "questions before and after, and each answer is kept.</p></section>"
        )
    answered, kind = scores.sides(run), words.KINDS.get(config["data"], "none")
    judging = {task: judged_by(task, rows) for task in dict.fromkeys(row["task"] for row in rows)}
    compared = comparisons(summary, judging)
    panels = "".join(
        task_markup(task, rows, metric, answered.get(task, {}), config) for task, metric in judging.items()
    )
    metrics = "".join(
        f"<span>{escape(words.METRICS.get(metric, metric))}</span>" for metric in dict.fromkeys(judging.values())
    )
    key = f'<span class="ds-key-none">before</span><span class="ds-key-{kind}">after</span>'
    return (
        f"{HEAD.format(rows=len(rows), saves=numbers(rows))}{saving.MENU}{headlines(compared)}"
        f"{notices(summary.get('warnings'), named)}"
        f'<div class="ds-after-{kind}">{panels}{learning(summary)}</div>'
        f'<p class="ds-key">{key}<span>dots: single students</span>'
        f"{metrics}<span>{HOW}</span></p>{table_markup(rows)}</section>"
    )


def judged_by(task: str, rows: Sequence[dict]) -> str:
    """The metric that a task is drawn by: the first that it has, accuracy or the bits of free answers."""
    there = [row["metric"] for row in rows if row["task"] == task]
    return next((name for name in words.METRICS if name in there), there[0])


def headlines(compared: Sequence[dict]) -> str:
    """One line for each task: before, after, the difference with its interval."""
    return "".join(f'<p class="ds-verdict">{headline(row)}</p>' for row in compared)


def headline(row: dict) -> str:
    metric = row["metric"]
    points = f"{change(row['difference'], metric)} {unit(metric)}"
    bounds = f"95 %: {change(row['low'], metric)} to {change(row['high'], metric)}"
    before, after = two(row["mean_b"]), two(row["mean_a"])
    noise = " Within the noise." if row["inside_noise"] else ""
    return f"On {escape(task_name(row['task']))}, from {before} to <b>{after}</b>: {points} ({bounds}).{noise}"


def comparisons(summary: dict, judging: Mapping[str, str]) -> list[dict]:
    """Tuned against base as the run compared them, where all its figures are there. `judging`: the metric by task."""
    needed = {"task", "metric", "difference", "low", "high", "mean_a", "mean_b", "inside_noise"}
    found = [row for row in summary.get("comparisons") or [] if isinstance(row, dict) and needed <= row.keys()]
    return [row for row in found if row["metric"] == judging.get(row["task"], row["metric"])]


def named(said: object) -> str:
    """A sentence of a run, also of an earlier version, with the tasks called as people call them."""
    return re.sub(rf"\b({'|'.join(map(re.escape, TASKS))})\b", lambda found: task_name(found[0]), str(said))


# -- one task -------------------------------------------------------------------------------------------------------
def task_markup(task: str, rows: Sequence[dict], metric: str, answered: dict, config: dict) -> str:
    mine = [row for row in rows if row["task"] == task and row["metric"] == metric]
    table = summarise_results(mine)
    before = next((row["mean"] for row in table if row["arm"] == "base"), None)
    free = metric in LOWER
    top = scale_top(mine, table) if free else 1.0
    bars = "".join(bar(row, mine, before, config, top) for row in sorted(table, key=lambda row: row["arm"] != "base"))
    marks = "".join(f'<i style="left:{percent(t / top)}">{t:.1f}</i>' for t in ticks(top))
    found = {side: scores.quality(answered[side]) for side in scores.SIDES if side in answered and not free}
    small = pictures.reliability(found) + pictures.letters(found) if found else ""
    below = f'<div class="ds-smalls">{small}</div>' if small else ""
    n = table[0]["n"] if table else 0
    asked = f"{n:,} free answers, fewer bits are better" if free else f"{n:,} questions, the same for everyone"
    return (
        f'<figure class="ds-panel ds-task" data-task="{escape(task)}">'
        f"<figcaption><b>{escape(task_name(task))}</b>"
        f"<span>{asked}</span></figcaption><ul>{bars}</ul>"
        f'<div class="ds-axis" aria-hidden="true"><div>{marks}</div></div>'
        f"{below}</figure>"
    )


def scale_top(rows: Sequence[dict], table: Sequence[dict]) -> float:
    """Where the axis of bits ends: behind the longest whisker and the farthest student."""
    return max([0.1, *(bounds(row)[1] for row in table), *(row["value"] for row in rows)])


def bar(row: dict, rows: Sequence[dict], before: float | None, config: dict, top: float) -> str:
    """One side of a task: name, bar, whisker, a dot for each student, the number. `top`: where the axis ends."""
    base = row["arm"] == "base"
    name = f"{config['student']}, as it is" if base else f"after {learned(config)}"
    low, high = bounds(row)
    values = [r["value"] for r in rows if r["arm"] == row["arm"] and r["regime"] == row["regime"]]
    dots = "".join(f'<em style="left:{percent(v / top)}"></em>' for v in values) if len(values) > 1 else ""
    mark = f'<u style="left:{percent(before / top)}"></u>' if before is not None and not base else ""
    students = count(row["seeds"], "student")
    said = (
        f"{name}: {row['mean']:.3f}, 95 % interval {low:.3f} to {high:.3f}, {row['n']:,} questions, {students}. {HOW}"
    )
    return (
        f'<li class="ds-bar {"ds-none" if base else "ds-after"}" tabindex="0" title="{escape(said)}">'
        f"<span>{escape(name)}</span><div>"
        f'<i style="width:{percent(row["mean"] / top)}"></i>{mark}'
        f'<s style="left:{percent(low / top)};right:calc(100% - {percent(high / top)})"></s>{dots}</div>'
        f"<b>{two(row['mean'])}<small>{low:.2f} to {high:.2f}</small>"
        f"<em>n = {row['n']:,} × {row['seeds']}</em></b></li>"
    )


def bounds(row: dict) -> tuple[float, float]:
    """The 95 % interval: of what is right or wrong Wilson's for one student, which has a width at 0 and 1; else the
    joined one."""
    if row["seeds"] == 1 and row.get("metric", COUNTED[0]) in COUNTED:
        return interval(round(row["mean"] * row["n"]), row["n"])
    low, high = max(0.0, row["mean"] - row["interval"]), row["mean"] + row["interval"]
    return low, high if row.get("metric") in LOWER else min(1.0, high)


def percent(value: float) -> str:
    return f"{100 * min(max(value, 0.0), 1.0):.2f}%"


# -- the rest -------------------------------------------------------------------------------------------------------
def learning(summary: dict) -> str:
    sizes = pictures.step_sizes(list(scores.grid(summary)), summary.get("lr"))
    facts = list(costs(summary))
    said = f'<p class="ds-fact">{escape(", ".join(facts))}.</p>' if facts else ""
    return f'<div class="ds-learning">{sizes}{said}</div>' if sizes or said else ""


def costs(summary: dict) -> Iterator[str]:
    """What the run took."""
    seconds = summary.get("seconds") if isinstance(summary.get("seconds"), dict) else {}
    names = {"tune": "Fine-tuning took", "score": "scoring took"}
    for stage, said in names.items():
        if isinstance(seconds.get(stage), (int, float)) and seconds[stage] > 0:
            yield f"{said} {duration(seconds[stage])}"
    if isinstance(summary.get("peak_memory_mb"), (int, float)):
        yield f"{summary['peak_memory_mb'] / 1000:.1f} GB of memory in its largest process"


def numbers(rows: Sequence[dict]) -> str:
    """Every mean with its interval, for whoever saves the picture."""
    heads = (
        "student",
        "learned from",
        "task",
        "training",
        "metric",
        "mean",
        "95 % from",
        "95 % to",
        "questions",
        "students",
    )
    names = ("student", "arm", "task", "regime", "metric", "mean")
    found = ((*(r[name] for name in names), *bounds(r), r["n"], r["seeds"]) for r in summarise_results(list(rows)))
    return " " + saving.saves("bench", heads, found)


def table_markup(rows: Sequence[dict]) -> str:
    """Every number, folded away."""
    names = ("Student", "Learned from", "Task", "Training", "Metric", "Mean", "95 % interval", "Questions", "Students")
    found = (
        (
            escape(r["student"]),
            escape(arm(STUDY, r["arm"]).title),
            escape(task_name(r["task"])),
            escape(regime(STUDY, r["regime"]).title),
            escape(words.METRICS.get(r["metric"], r["metric"])),
            f"{r['mean']:.3f}",
            "{:.3f} to {:.3f}".format(*bounds(r)),
            f"{r['n']:,}",
            str(r["seeds"]),
        )
        for r in summarise_results(list(rows))
    )
    return tables.folded("All numbers", tables.table(names, found))
