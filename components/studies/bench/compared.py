"""Two bench runs compared question by question: the difference with its interval, and every answer that flipped.

The statistics are core/scoring/compare.py's, the figures those of panels/paired.py. Everything from files is escaped.
"""

from collections.abc import Sequence
from html import escape

import gradio as gr

from backend.core.scoring.compare import paired
from backend.core.scoring.scored import Scored
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.studies.bench.files import BASE, TUNED
from backend.studies.bench.words import task_name
from backend.studies.bench.words import title as run_title
from components.form.form_values import shown
from components.frame.failure import error_markup
from components.frame.scripts import script
from components.panels.flips import flips
from components.panels.paired import SCRIPT, difference
from components.panels.questions import questions_of
from components.studies.bench import words
from components.studies.bench.scores import sides

QUIET = ("data_path", "test_file", "data_dir")  # paths of this machine


def compare_view() -> gr.HTML:
    return gr.HTML(
        "", js_on_load=script(SCRIPT), elem_id="bench-compare", elem_classes="ds-card", apply_default_css=False
    )


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
    return f'<li class="ds-{kind}"><b>{letter}</b><span>{escape(run_title(config))}</span></li>'


def differing(configs: Sequence[dict]) -> str:
    """The settings in which the two runs differ, and nothing else."""
    a, b = configs
    rows = "".join(
        f"<li><code>{escape(key)}</code> {shown(a.get(key, ''))} | {shown(b.get(key, ''))}</li>"
        for key in a
        if a.get(key) != b.get(key) and key not in QUIET
    )
    return f'<ul class="ds-differ" aria-label="Settings that differ">{rows}</ul>' if rows else ""


def task_markup(task: str, configs: Sequence[dict], answered: Sequence[list[list[Scored]]]) -> str:
    heading = f"<h3>{escape(task_name(task))}</h3>"
    try:
        result = paired(*answered)
    except UserError:
        return f'{heading}<div class="ds-notice" role="status"><div><b>{_not_the_same(answered)}</b></div></div>'
    return (
        f'<div class="ds-versus" data-task="{escape(task)}">{heading}{difference(result)}'
        f"{flips(result, answered, {q.id: q for config in configs for q in questions_of(config, task)})}</div>"
    )


def _not_the_same(answered: Sequence[list[list[Scored]]]) -> str:
    counts = " and ".join(f"{len(part[0]):,}" for part in answered)
    return (
        f"The two runs were asked different questions ({counts}), so they cannot be paired. "
        "Score both with the same test limit and file."
    )


def _nothing_common(found: Sequence[dict]) -> UserError:
    names = [", ".join(task_name(task) for task in each) or "nothing yet" for each in found]
    return UserError(
        f"A was scored on {names[0]}, B on {names[1]}.",
        "a task that both were scored on",
        "Score both on the same task.",
    )
