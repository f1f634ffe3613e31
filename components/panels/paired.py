"""Two bench runs compared question by question: the difference with its interval, and every answer that flipped.

The statistics are core/scoring/compare.py's. Markup and a small script that pages; everything from files is escaped.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import gradio as gr

from backend.core.scoring.compare import Paired, paired
from backend.core.scoring.scored import Scored
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.studies.bench.files import BASE, TUNED
from components.form.form_values import shown
from components.frame.failure import error_markup
from components.frame.words import ENOUGH
from components.panels.flips import NAMES, flips
from components.panels.questions import questions_of
from components.studies.bench import words
from components.studies.bench.results import two
from components.studies.bench.scores import sides

SCRIPT = Path(__file__).with_suffix(".js")
QUIET = ("data_path", "test_file", "data_dir")  # paths of this machine


def compare_view() -> gr.HTML:
    return gr.HTML("", js_on_load=SCRIPT.read_text(encoding="utf-8"), elem_id="bench-compare", apply_default_css=False)


def compare_markup(a: RunDir, b: RunDir) -> str:
    """`a` against `b` on every task that both were asked; a kind word where there is none."""
    configs = [run.config()["config"] for run in (a, b)]
    found = [sides(run) for run in (a, b)]
    common = [task for task in found[0] if task in found[1]]
    parts = [task_markup(task, configs, [side(each[task]) for each in found]) for task in common]
    if not common:
        parts = [error_markup(_nothing_common(found))]
    names = [name(config, letter) for config, letter in zip(configs, "AB", strict=True)]
    return (
        f'<section class="ds-compare" data-tasks="{len(common)}"><header><h2>A against B</h2>'
        '<button type="button" data-close aria-label="Close the comparison">Close</button></header>'
        f'<ul class="ds-pair">{"".join(names)}</ul>{differing(configs)}{"".join(parts)}</section>'
    )


def side(of_task: dict[str, list[list[Scored]]]) -> list[list[Scored]]:
    """The tuned students of a run, or the untuned one where nothing was tuned."""
    return of_task.get(TUNED) or of_task[BASE]


def name(config: dict, letter: str) -> str:
    kind = words.KINDS.get(config["data"], "none")
    return f'<li class="ds-{kind}"><b>{letter}</b><span>{escape(words.title(config))}</span></li>'


def differing(configs: Sequence[dict]) -> str:
    """The settings in which the two runs differ, and nothing else."""
    a, b = configs
    rows = "".join(
        f"<li><code>{escape(key)}</code> {shown(a.get(key, ''))} | {shown(b.get(key, ''))}</li>"
        for key in a
        if a.get(key) != b.get(key) and key not in QUIET
    )
    return f'<ul class="ds-differ" aria-label="Settings that differ">{rows}</ul>' if rows else ""


# -- one task -------------------------------------------------------------------------------------------------------
def task_markup(task: str, configs: Sequence[dict], answered: Sequence[list[list[Scored]]]) -> str:
    heading = f"<h3>{escape(words.task_name(task))}</h3>"
    try:
        result = paired(*answered)
    except UserError:
        return f'{heading}<div class="ds-notice" role="status"><div><b>{_not_the_same(answered)}</b></div></div>'
    return (
        f'<div class="ds-versus" data-task="{escape(task)}">{heading}{difference(result)}'
        f"{flips(result, answered, {q.id: q for config in configs for q in questions_of(config, task)})}</div>"
    )


def difference(result: Paired, names: Sequence[str] = NAMES) -> str:
    """A dot with its whisker beside the line that means no difference, then the same in words."""
    a, b = (escape(name) for name in names)
    reach = max(0.05, abs(result.low), abs(result.high)) * 1.1

    def place(value: float) -> str:
        return f"{50 + 50 * value / reach:.2f}%"

    said = f"{signed(result.difference)} points, 95 % interval {signed(result.low)} to {signed(result.high)}"
    verdict = "inside the noise" if result.inside_noise else f"in favour of {a if result.difference > 0 else b}"
    if not result.inside_noise and 1 < min(result.seeds_a, result.seeds_b) < ENOUGH:
        verdict += ", if so few students tell"
    chance = f"McNemar p = {result.p_value:.3g}" if result.p_value is not None else seeds(result)
    return (
        f'<figure class="ds-difference" data-noise="{str(result.inside_noise).lower()}"><div role="img" '
        f'aria-label="{a} minus {b}: {said}"><u></u>'
        f'<s style="left:{place(result.low)};right:calc(100% - {place(result.high)})"></s>'
        f'<i style="left:{place(result.difference)}"></i></div>'
        f"<p aria-hidden=true><span>{b} answers more</span><span>{a} answers more</span></p>"
        f"<figcaption><b>{said}: {verdict}.</b><span>{a} {two(result.mean_a)}, {b} {two(result.mean_b)} on the same "
        f"{result.n:,} questions. {escape(chance)}.</span></figcaption></figure>"
    )


def signed(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "\N{MINUS SIGN}")


def seeds(result: Paired) -> str:
    return f"{words.count(result.seeds_a, 'student')} against {words.count(result.seeds_b, 'student')}"


# -- kind words -----------------------------------------------------------------------------------------------------
def _not_the_same(answered: Sequence[list[list[Scored]]]) -> str:
    counts = " and ".join(f"{len(part[0]):,}" for part in answered)
    return (
        f"The two runs were asked different questions ({counts}), so they cannot be paired. "
        "Score both with the same test limit and file."
    )


def _nothing_common(found: Sequence[dict]) -> UserError:
    names = [", ".join(words.task_name(task) for task in each) or "nothing yet" for each in found]
    return UserError(
        f"A was scored on {names[0]}, B on {names[1]}.", "a task that both were asked", "Score both on the same task."
    )
