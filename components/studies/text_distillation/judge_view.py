"""Two arms of a distillation run, question by question: the paired difference, and every answer that flipped.

Asked for when it is opened. The statistics are core/scoring/compare.py's, the figures those of paired.py.
Everything from files is escaped.
"""

from html import escape
from pathlib import Path

import gradio as gr

from backend.core.scoring.compare import Paired, against, paired
from backend.core.scoring.scored import JUDGING
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.results import scores_of
from components.frame.failure import error_markup
from components.frame.scripts import script
from components.panels import paired as compare_view
from components.panels.against import against_markup
from components.panels.flips import flips
from components.panels.questions import questions_of
from components.studies.text_distillation import words

SCRIPTS = [Path(compare_view.__file__).with_suffix(".js"), Path(__file__).with_suffix(".js")]
REGIME = "ordinary"  # what a reader would meet outside of this program


def judge_view() -> gr.HTML:
    """The widget. It fires `judge` with `run`, `student`, `a` and `b` when it is opened or a choice is changed."""
    return gr.HTML("", js_on_load=script(*SCRIPTS), elem_id="judge", elem_classes="ds-card", apply_default_css=False)


def closed_markup(run: RunDir, key: str) -> str:
    """The closed panel; empty while there are no two arms to compare."""
    found = arms_of(run)
    student = run.config()["config"].get("model")
    if len(found.get(student, {})) < 2:
        return ""
    return (
        f'<section class="ds-judge" data-run="{escape(key)}"><details><summary>Question by question</summary>'
        '<p class="ds-quiet" data-wait>Pairing the answers</p></details></section>'
    )


def open_markup(run: RunDir, key: str, student: object, a: object, b: object) -> str:
    """Arm `a` against `b` for one student; what makes no sense becomes the run's own student, text and random."""
    found, config = arms_of(run), run.config()["config"]
    student = student if isinstance(student, str) and student in found else config.get("model")
    arms = found.get(student, {})
    if len(arms) < 2:
        return closed_markup(run, key)
    a, b = chosen_arms(list(arms), a, b)
    try:
        sides = [[scores_of(run, row) for row in arms[arm]] for arm in (a, b)]
        asked = {question.id: question for question in questions_of(config, config["task"])}
        result = paired(*sides)
        names = [words.arm(arm) for arm in (a, b)]
        body = compare_view.difference(result, names) + everyone(run, found, student, b)
        body += flips(result, sides, asked, names)
    except UserError as error:
        body = error_markup(error)
    except (KeyError, TypeError, ValueError):
        unread = UserError("The answers of these students cannot be read.", "complete score files", "Score again.")
        body = error_markup(unread)
    return (
        f'<section class="ds-judge ds-compare" data-run="{escape(key)}"><details open><summary>Question by question'
        f"</summary>{choices(found, student, a, b)}{body}</details></section>"
    )


def everyone(run: RunDir, found: dict[str, dict[str, list[dict]]], student: str, arm: str) -> str:
    """All students of the run against those of `arm`, of every model that was asked the same questions."""
    sides = {
        (model, name): [scores_of(run, row) for row in rows]
        for model, arms in found.items()
        for name, rows in arms.items()
    }
    reference = sides.pop((student, arm))
    asked = {item.id for item in reference[0]}
    same = {key: side for key, side in sides.items() if all({item.id for item in seed} == asked for seed in side)}
    named = {(words.arm(name), model): side for (model, name), side in same.items()}
    return against_markup((words.arm(arm), student), against(reference, named))


def bounds_of(run: RunDir) -> tuple[float, float] | None:
    """The 95 % interval of text minus random for the run's own student; None where their answers are not at hand."""
    result = against_random(run)
    return (result.low, result.high) if result else None


def against_random(run: RunDir) -> Paired | None:
    """The run's text against as many random questions, for its own student; None where answers are not at hand."""
    arms = arms_of(run).get(run.config()["config"].get("model"), {})
    try:
        return paired(*([scores_of(run, row) for row in arms[arm]] for arm in ("text", "random")))
    except (KeyError, TypeError, ValueError, UserError):
        return None


def arms_of(run: RunDir) -> dict[str, dict[str, list[dict]]]:
    """Student -> arm -> its rows of results whose scores are at hand, in the order of seeds."""
    found: dict[str, dict[str, list[dict]]] = {}
    for row in sorted(run.rows("results"), key=lambda row: row["seed"]):
        at_hand = row.get("scores") and (run.path / row["scores"]).is_file()
        if at_hand and row["metric"] in JUDGING and row["regime"] == REGIME:
            found.setdefault(row["student"], {}).setdefault(row["arm"], []).append(row)
    return found


def chosen_arms(there: list[str], a: object, b: object) -> tuple[str, str]:
    """Two different arms: the ones asked for, else text against random, else the first that are there."""
    order = sorted(there, key=lambda arm: ["text", "random"].index(arm) if arm in ("text", "random") else 2)
    first = a if isinstance(a, str) and a in there else next(arm for arm in order if arm != b)
    second = b if isinstance(b, str) and b in there and b != first else next(arm for arm in order if arm != first)
    return first, second


def choices(found: dict, student: str, a: str, b: str) -> str:
    """Pickers of the student and of the two arms to compare."""
    arms = {arm: words.arm(arm) for arm in found[student]}
    order = [arm for arm in words.ARMS if arm in arms] + [arm for arm in arms if arm not in words.ARMS]
    named = {arm: arms[arm] for arm in order}
    return (
        '<div class="ds-picks">'
        + picker("student", "Student", {name: name for name in found}, student)
        + picker("a", "Learned from", named, a)
        + picker("b", "against", named, b)
        + "</div>"
    )


def picker(name: str, label: str, options: dict[str, str], chosen: str) -> str:
    listed = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(said)}</option>'
        for value, said in options.items()
    )
    return f'<label>{label}<select data-pick="{name}">{listed}</select></label>'
