"""What the runs' students know, in one small picture, and whether two runs' texts differ by more than luck.

Tables and statistics are the backend's, the rows with answers the judge's. Everything from files is escaped.
"""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import combinations

from backend.core.scoring.compare import paired, sentence
from backend.core.scoring.scored import LOWER, Scored
from backend.errors import UserError
from backend.runs.results import scores_of, summarise_results
from backend.studies.text_distillation.study import STUDY
from components.compare.runs import Chosen
from components.frame.words import ENOUGH, minus, quantity
from components.panels import saving, tables
from components.panels.results import scale_top, ticks
from components.studies.text_distillation import words
from components.studies.text_distillation.judge_view import REGIME, arms_of

METRICS = {metric.name: metric.title for metric in STUDY.words.metrics}  # the first one found is drawn
NONE_YET = (
    "None of these runs has scores yet. After distillation, fresh students are trained and tested; their scores "
    "appear here."
)
HOW = "Dot: mean of the students. Whisker: 95 % interval, over the choice of questions and of students."
FEWEST = 20  # shared questions worth pairing
TOGETHER = " The more pairs there are, the wider the intervals between runs, so that they hold simultaneously at 95 %."
FAMILIES = {"model": "The model the prompts were learned on", "other_model": "Another family, trained on the same text"}


def results_markup(chosen: Sequence[Chosen]) -> str:
    """The picture, a sentence for each pair of runs, and all numbers behind a click."""
    summaries = {one.key: summarise_results(one.run.rows("results")) for one in chosen}
    if not chosen:
        return ""
    if not any(summaries.values()):
        return (
            '<section class="ds-vs-results" data-pairs="0"><h2>Does it teach?</h2>'
            f'<p class="ds-quiet">{NONE_YET}</p></section>'
        )
    alone = {one.key: unpaired(one, summaries[one.key]) for one in chosen}
    pairs = list(combinations([one for one in chosen if not alone[one.key]], 2))
    said = [([one], alone[one.key], False) for one in chosen if alone[one.key] and len(chosen) > 1]
    said = [*(([a, b], *judged(a, b, len(pairs))) for a, b in pairs), *said]
    verdicts = "".join(verdict(*each) for each in said)
    panels = "".join(part for family in FAMILIES for part in panels_of(chosen, summaries, family))
    return (
        f'<section class="ds-vs-results" data-pairs="{sum(ok for *_, ok in said)}" {saved(chosen, summaries)}>'
        f"{saving.MENU}<h2>Does it teach?</h2>"
        f'<ul class="ds-vs-verdicts">{verdicts}</ul><div class="ds-panels">{panels}</div>'
        f'<p class="ds-quiet">{HOW}{TOGETHER if len(pairs) > 1 else ""}</p>{numbers(chosen, summaries)}</section>'
    )


# -- two runs, paired by question -----------------------------------------------------------------------------------
def verdict(about: Sequence[Chosen], said: str, ok: bool) -> str:
    badges = "".join(one.badge() for one in about)
    return f'<li data-paired="{str(ok).lower()}"><span>{badges}</span><p>{escape(said)}</p></li>'


def unpaired(one: Chosen, table: list[dict]) -> str:
    """Why a run can be paired with no other; empty where it can."""
    if not any(row["arm"] == "text" for row in table):
        return "This run's text has no scores yet, so there is nothing to pair."
    if not any(row["arm"] == "text" and row["regime"] == REGIME for row in table):
        return "No student was trained on this run's text the ordinary way, so there is nothing to pair."
    if not any("text" in arms for arms in arms_of(one.run).values()):
        return (
            "The answers to individual questions were not kept with this run, so it cannot be paired question by "
            "question. Its means and intervals are below."
        )
    return ""


def judged(a: Chosen, b: Chosen, pairs: int = 1) -> tuple[str, bool]:
    """`(sentence, paired)`: the difference between the two runs' distilled texts, one of `pairs`, or why not."""
    tasks = [one.run.config()["config"]["task"] for one in (a, b)]
    if tasks[0] != tasks[1]:
        return "They were tested on different tasks, so their answers cannot be paired.", False
    found = [{student: arms["text"] for student, arms in arms_of(one.run).items() if "text" in arms} for one in (a, b)]
    student = next((name for name in own_first(a, found[0]) if name in found[1]), None)
    if student is None:
        return "No model was trained on the text of both, so their answers cannot be paired.", False
    return compared(a, b, student, [students[student] for students in found], pairs)


def own_first(one: Chosen, students: dict) -> list[str]:
    return sorted(students, key=lambda name: name != one.run.config()["config"].get("model"))


def compared(a: Chosen, b: Chosen, student: str, rows: Sequence[list[dict]], pairs: int) -> tuple[str, bool]:
    """The paired difference in words. Fewer than `ENOUGH` students a side are never a verdict."""
    try:
        sides = [[scores_of(one.run, row) for row in mine] for one, mine in zip((a, b), rows, strict=True)]
        both = asked_of_both(sides)
        result = paired(*(both or sides), together=pairs)
    except UserError as error:
        return f"They cannot be paired by question. {error.found} {error.next_step}", False
    except (KeyError, TypeError, ValueError):
        return "They cannot be paired by question: a file of answers cannot be read.", False
    said = f"Only the {result.n:,} questions asked of both count here; the means below count all. " if both else ""
    said += f"Distilled text, with student {student}: " + minus(sentence(result, a.letter, b.letter))
    if result.inside_noise:
        return said, True
    if min(result.seeds_a, result.seeds_b) < ENOUGH:
        return f"{said} With fewer than {ENOUGH} students per side, this may still be luck.", True
    return f"{said} This is more than noise.", True


def asked_of_both(sides: Sequence[list[list[Scored]]]) -> list[list[list[Scored]]]:
    """The answers to the questions that every student was asked, where one run asked only some of the other's; empty
    where all were asked the same, or too few are shared. The limit of a run chooses them, never an answer."""
    asked = [{item.id for item in scored} for side in sides for scored in side]
    shared = set.intersection(*asked)
    if len(shared) < FEWEST or all(each == shared for each in asked):
        return []
    return [[[item for item in scored if item.id in shared] for scored in side] for side in sides]


# -- the picture ----------------------------------------------------------------------------------------------------
def panels_of(chosen: Sequence[Chosen], summaries: dict[str, list[dict]], family: str) -> Iterator[str]:
    """A panel for each metric that judged some of the runs; none where no such student was asked."""
    found = {one.slot: drawn(one, summaries[one.key], family) for one in chosen}
    for metric in dict.fromkeys(row["metric"] for each in found.values() for row in each.values()):
        judged = {
            slot: {arm: row for arm, row in each.items() if row["metric"] == metric} for slot, each in found.items()
        }
        yield panel(chosen, judged, family, metric)


def panel(chosen: Sequence[Chosen], found: dict[int, dict[str, dict]], family: str, metric: str) -> str:
    """Arms as rows, in each a dot with its whisker for every run, by slot; all by one metric."""
    rows = [row for each in found.values() for row in each.values()]
    top, arms = scale_top(rows, metric not in LOWER), {row["arm"]: None for row in rows}
    order = [arm for arm in words.ARMS if arm in arms] + [arm for arm in arms if arm not in words.ARMS]
    lines = "".join(arm_row(arm, [(one, found[one.slot].get(arm)) for one in chosen], top) for arm in order)
    marks = "".join(f'<i style="left:{100 * t / top:.2f}%">{t:.1f}</i>' for t in ticks(top))
    students = ", ".join(dict.fromkeys(row["student"] for row in rows))
    how = ", ".join(dict.fromkeys(words.REGIMES.get(row["regime"], (row["regime"], ""))[0] for row in rows))
    return (
        f'<figure class="ds-panel ds-vs-panel"><figcaption><b translate="no">{escape(students)}</b><span>'
        f"{FAMILIES[family]}</span><small>{escape(how)}; {escape(METRICS.get(metric, metric))}</small></figcaption>"
        f"<ul>{lines}</ul>"
        f'<div class="ds-axis" aria-hidden="true"><div>{marks}</div></div></figure>'
    )


def drawn(one: Chosen, table: list[dict], family: str) -> dict[str, dict]:
    """`arm -> row` of a run: one student, the plainest way of training, the first metric there is."""
    student = one.run.config()["config"].get(family)
    rows = [row for row in table if row["student"] == student]
    metric = next((name for name in METRICS if any(row["metric"] == name for row in rows)), None)
    rows = [row for row in rows if metric is None or row["metric"] == metric]
    return {row["arm"]: row for row in rows if row["regime"] == words.plainest(rows)}


def arm_row(arm: str, rows: Sequence[tuple[Chosen, dict | None]], top: float) -> str:
    name, what = words.arm(arm), words.what_is(arm)
    dots = "".join(dot(one, row, name, top) for one, row in rows if row)
    return f'<li><b title="{escape(what)}">{escape(name)}</b><ul>{dots}</ul></li>'


def dot(one: Chosen, row: dict, name: str, top: float) -> str:
    """One run's mean with its whisker, and the figures beside it."""

    def place(value: float) -> str:
        return f"{100 * min(max(value, 0.0), top) / top:.2f}%"

    low, high = row["mean"] - row["interval"], row["mean"] + row["interval"]
    said = f"{one.letter}, {name}: {quantity(row)}."
    return (
        f'<li class="ds-vs-{one.slot}" tabindex="0" title="{escape(said)}">{one.badge()}<div>'
        f'<s style="left:{place(low)};right:calc(100% - {place(high)})"></s>'
        f'<i style="left:{place(row["mean"])}"></i></div>'
        f"<span>{row['mean']:.2f} <small>± {row['interval']:.2f}</small>"
        f"<em>n = {row['n']:,} × {row['seeds']}</em></span></li>"
    )


def saved(chosen: Sequence[Chosen], summaries: dict[str, list[dict]]) -> str:
    """Every mean with its interval, run by run, for whoever saves the picture."""
    names = ("student", "regime", "arm", "metric", "mean", "interval", "n", "seeds")
    rows = ((one.letter, one.name, *(row[n] for n in names)) for one in chosen for row in summaries[one.key])
    heads = ("run", "name", "student", "training", "trained on", "metric", "mean", "half-width of the 95 % interval")
    return saving.saves("compare-results", (*heads, "questions", "students"), rows)


def numbers(chosen: Sequence[Chosen], summaries: dict[str, list[dict]]) -> str:
    """Every student, way of training, arm and metric, the runs in columns."""
    names = ("student", "regime", "arm", "metric")
    found = {one.key: {tuple(row[name] for name in names): row for row in summaries[one.key]} for one in chosen}
    every = dict.fromkeys(place for rows in found.values() for place in rows)
    heads = ("Student", "Training", "Trained on", "Metric", *(f"{one.letter} {one.name}" for one in chosen))
    rows = (
        (
            f'<span translate="no">{escape(student)}</span>',
            escape(words.REGIMES.get(regime, (regime, ""))[0]),
            escape(words.arm(arm)),
            escape(METRICS.get(metric, metric)),
            *(
                escape(quantity(row)) if row else ""
                for row in (found[one.key].get((student, regime, arm, metric)) for one in chosen)
            ),
        )
        for student, regime, arm, metric in every
    )
    return tables.folded("All numbers", tables.table(heads, rows))
