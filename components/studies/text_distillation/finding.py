"""What a run found, before anything else: one sentence with its uncertainty, one picture, and the texts themselves.

The run's text beside as many random questions and all the data, for each student, trained the ordinary way. Everything
from files is escaped. Knows the run folder's rows; the statistics are backend.core.scoring.compare's.
"""

import math
from html import escape

from backend.core.scoring.compare import Paired, paired
from backend.core.text.prompts import ANSWER_SUFFIX, QUESTION_PREFIX
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.results import scores_of, summarise_results
from components.frame.words import count
from components.panels.paired import signed
from components.panels.results import own_model
from components.studies.text_distillation import words
from components.studies.text_distillation.judge_view import arms_of

ORDER = ("full", "text", "random", "decoded", "base")  # from top to bottom
NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()
MOST = 12  # texts that are shown here; all of them are below


def finding_markup(run: RunDir, rows: list[dict]) -> str:
    """The card; empty while the run's text and as many random questions have not both been scored."""
    config = run.config()["config"]
    table = [row for row in summarise_results(rows) if row["metric"] == "acc" and row["regime"] == "ordinary"]
    own = own_model(words.STUDY, config)
    means = {row["arm"]: row["mean"] for row in table if row["student"] == own}
    if not {"text", "random"} <= set(means):
        return ""
    distilled = run.rows("distilled")
    gains = gains_of(run)
    summary = run.summary() or {}
    total = summary.get("train_questions")
    return (
        f'<section class="ds-finding" data-rows="{len(rows)}"><div class="ds-finding-said">'
        f"<h2>{escape(sentence(means, own, len(distilled), total))}</h2>"
        f'<p class="ds-quiet">{escape(detail(gains, own, summary.get("verbatim")))}</p></div>'
        f'<div class="ds-finding-seen"><div>{pictures(table, own, len(distilled), total)}</div>'
        f"{texts_markup(distilled)}</div></section>"
    )


def number(value: int) -> str:
    """A small number as a word, as it begins a sentence."""
    return NUMBERS[value] if 0 < value < len(NUMBERS) else f"{value:,}"


def sentence(means: dict[str, float], own: str, prompts: int, total: int | None) -> str:
    """What the texts teach the model they were found with, beside random questions and all the data."""
    many, one = number(prompts), prompts == 1
    found = f"{many.capitalize()} text{'' if one else 's'}, found by this program, teach{'es' if one else ''}"
    beside = f"{many} random {'question' if one else 'questions'} {percent(means['random'])}"
    whole = f", all {f'{total:,}' if total else 'the questions'} {percent(means['full'])}" if "full" in means else ""
    return f"{found} {own} to answer {percent(means['text'])} of the test; {beside}{whole}."


def detail(gains: dict[str, Paired], own: str, verbatim: int | None) -> str:
    """How sure that is, what another family makes of the same texts, and how many of them are real questions."""
    said = []
    for student in sorted(gains, key=lambda name: name != own):
        gain = gains[student]
        bounds = f"{signed(gain.difference)} points (95 % interval {signed(gain.low)} to {signed(gain.high)})"
        if student == own:
            asked = f"{gain.n:,} questions, {count(gain.seeds_a, 'student')}"
            said.append(f"Against random questions: {bounds}; {asked}.{doubt(gain)}")
        else:
            said.append(f"{student}, another family that reads the same texts: {bounds}.")
    if verbatim is not None:
        said.append(f"{count(verbatim, 'text')} {'is a real question' if verbatim == 1 else 'are real questions'}.")
    return " ".join(said)


def doubt(gain: Paired) -> str:
    """Why the difference may be luck; empty where it may not."""
    if gain.inside_noise:
        return " The difference is inside the noise."
    few = min(gain.seeds_a, gain.seeds_b) < words.ENOUGH
    return " With so few students it may still be luck." if few else ""


def gains_of(run: RunDir) -> dict[str, Paired]:
    """For each student, the run's text against as many random questions; without those whose answers are not here."""
    found = {}
    for student, arms in arms_of(run).items():
        try:
            found[student] = paired(*([scores_of(run, row) for row in arms[arm]] for arm in ("text", "random")))
        except (KeyError, TypeError, ValueError, UserError):
            continue
    return found


def percent(share: float) -> str:
    return f"{100 * share + 1e-9:.0f}\N{NO-BREAK SPACE}%"


# -- the picture ------------------------------------------------------------------------------------------------
def pictures(table: list[dict], own: str, prompts: int, total: int | None) -> str:
    """A row of dots with intervals for each student, the run's own first, on one scale."""
    low = math.floor(10 * min(row["mean"] - row["interval"] for row in table)) / 10
    high = math.ceil(10 * max(row["mean"] + row["interval"] for row in table)) / 10
    scale = (max(0.0, low), min(1.0, max(high, low + 0.1)))
    students = sorted({row["student"] for row in table}, key=lambda name: (name != own, name))
    return "".join(picture(table, student, scale, student == own, prompts, total) for student in students)


def picture(
    table: list[dict], student: str, scale: tuple[float, float], own: bool, prompts: int, total: int | None
) -> str:
    rows = {row["arm"]: row for row in table if row["student"] == student}
    names = called(prompts, total)
    drawn = "".join(dot(names[arm], arm, rows[arm], scale) for arm in ORDER if arm in rows)
    what = "the model they were found with" if own else "another family"
    tenths = range(round(10 * scale[0]), round(10 * scale[1]) + 1)
    step = 2 if len(tenths) > 6 else 1
    ticks = "".join(
        f'<span style="left:{place(tenth / 10, scale)}">{10 * tenth}\N{NO-BREAK SPACE}%</span>'
        for tenth in tenths[::step]
    )
    return (
        f'<figure class="ds-dots"><figcaption><b translate="no">{escape(student)}</b>, {what}</figcaption>'
        f'<ul>{drawn}</ul><div class="ds-dots-axis" aria-hidden="true"><div>{ticks}</div></div></figure>'
    )


def called(prompts: int, total: int | None) -> dict[str, str]:
    """The arms in few words."""
    return {
        "full": f"All {total:,} questions" if total else "All the questions",
        "text": f"{prompts:,} found",
        "random": f"{prompts:,} random",
        "decoded": f"{prompts:,} read off",
        "base": "Untrained",
    }


def dot(name: str, arm: str, row: dict, scale: tuple[float, float]) -> str:
    mean, bound = row["mean"], row["interval"]
    ends = f"left:{place(mean - bound, scale)};right:calc(100% - {place(mean + bound, scale)})"
    return (
        f'<li class="ds-dot ds-dot-{arm}"><span>{escape(name)}</span>'
        f'<div><s style="{ends}"></s><i style="left:{place(mean, scale)}"></i></div>'
        f"<b>{percent(mean)}<small>± {100 * bound:.0f}</small></b></li>"
    )


def place(value: float, scale: tuple[float, float]) -> str:
    return f"{100 * min(1.0, max(0.0, (value - scale[0]) / (scale[1] - scale[0]))):.1f}%"


# -- the texts --------------------------------------------------------------------------------------------------
def texts_markup(distilled: list[dict]) -> str:
    """The texts with their answers, as they are."""
    lines = []
    for row in distilled[:MOST]:
        text = row["prompt"].removeprefix(QUESTION_PREFIX).removesuffix(ANSWER_SUFFIX)
        lines.append(f"<li><span>{escape(text)}</span> <b>{escape(row['answer'])}</b></li>")
    more = f'<p class="ds-quiet">and {len(distilled) - MOST:,} more below</p>' if len(distilled) > MOST else ""
    return f'<div class="ds-finding-texts"><h3>The texts</h3><ol translate="no">{"".join(lines)}</ol>{more}</div>'
