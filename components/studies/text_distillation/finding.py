"""What a run found, before anything else: one sentence with its uncertainty, one picture, and the texts themselves.

The run's text beside as many random questions and all the data, for each student, trained the ordinary way. Everything
from files is escaped. Knows the run folder's rows; the statistics are backend.core.scoring.compare's.
"""

import math
from collections.abc import Sequence
from html import escape

from backend.core.scoring.compare import Paired, paired
from backend.core.scoring.scored import JUDGING, LOWER, METRICS
from backend.core.text.prompts import ANSWER_SUFFIX, QUESTION_PREFIX
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.results import scores_of, summarise_results
from backend.runs.seeds import Spread, gains
from backend.studies.text_distillation.decoders import SEARCH
from components.frame.words import change, count, is_better, unit
from components.panels.results import own_model
from components.studies.text_distillation import words
from components.studies.text_distillation.judge_view import arms_of

ORDER = ("full", "text", "random", "soft", "decoded", "base")  # from top to bottom
NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()
MOST = 5  # texts that are shown here; all of them are below


def finding_markup(run: RunDir, rows: list[dict], seeds: Sequence[RunDir] = ()) -> str:
    """The card; empty while the run's text and as many random questions have not both been scored.

    `seeds`: scored runs that differ from it in their seed alone, the run among them.
    """
    config = run.config()["config"]
    table = [row for row in summarise_results(rows) if row["metric"] in JUDGING and row["regime"] == "ordinary"]
    own = own_model(words.STUDY, config)
    means = {row["arm"]: row["mean"] for row in table if row["student"] == own}
    if not {"text", "random"} <= set(means):
        return ""
    distilled, summary = run.rows("distilled"), run.summary() or {}
    total, metric = summary.get("train_questions"), table[0]["metric"]
    said = free_sentence if metric in LOWER else sentence
    several = over_seeds(seeds, own)
    return (
        f'<section class="ds-finding" data-rows="{len(rows)}"><div class="ds-finding-said">'
        f"<h2>{escape(said(means, own, len(distilled), total, config.get('finetune_steps', 0)))}</h2>"
        f"<p>{escape(detail(gains_of(run), own, bool(several)))}{escape(several)}</p>"
        f'<p class="ds-quiet">{escape(how(config, means, metric))}</p>{own_file(run)}</div>'
        f'<div class="ds-finding-seen">{picture(table, own, total)}'
        f"{texts_markup(distilled, summary.get('verbatim'))}</div></section>"
    )


def number(value: int) -> str:
    """A small number as a word, as it begins a sentence."""
    return NUMBERS[value] if 0 < value < len(NUMBERS) else f"{value:,}"


def sentence(means: dict[str, float], own: str, prompts: int, total: int | None, steps: int) -> str:
    """What the texts teach the model they were found with, beside random questions and all the data."""
    many, one = number(prompts), prompts == 1
    found = f"{many.capitalize()} text{'' if one else 's'} found by this program teach{'es' if one else ''}"
    beside = f"{many} random {'question' if one else 'questions'} {percent(means['random'])}"
    whole = (
        f", and all {f'{total:,} questions' if total else 'the questions'} {percent(means['full'])}"
        if "full" in means
        else ""
    )
    long = f"each in {steps:,} steps" if steps else "all trained equally long"
    return f"{found} {own} to answer {percent(means['text'])} of the test, {beside}{whole}, {long}."


def free_sentence(means: dict[str, float], own: str, prompts: int, total: int | None, steps: int) -> str:
    """What the texts teach where answers are free: how many bits each character of a held-out answer then takes."""
    many, one = number(prompts), prompts == 1
    found = f"{many.capitalize()} text{'' if one else 's'} found by this program teach{'es' if one else ''}"
    beside = f"{many} random example{'' if one else 's'} {means['random']:.2f}"
    whole = f", and all {f'{total:,}' if total else 'of them'} {means['full']:.2f}" if "full" in means else ""
    long = f"Each was trained for {steps:,} steps." if steps else "All were trained equally long."
    return (
        f"{found} {own} to predict held-out answers with {means['text']:.2f} bits per character, {beside}{whole}; "
        f"fewer is better. {long}"
    )


def how(config: dict, means: dict[str, float], metric: str = METRICS[0]) -> str:
    """Where the texts come from: of learned prompts, or of a search of its own, and whether those teach less here."""
    if config.get("decoder") == SEARCH:
        decoded, soft = means.get("decoded"), means.get("soft")
        told = ""
        if decoded is not None and is_better(means["text"] - decoded, metric):
            told = " Soft prompts, turned into text, teach less."
            if metric not in LOWER and soft is not None and percent(soft) != percent(decoded) and soft > decoded:
                told = f" Soft prompts drop to {percent(decoded)} as text."
        return f"A search tried sets of texts on students and kept the best.{told}"
    return "Soft prompts were learned so that a student follows an expert's training, and were then turned into text."


def own_file(run: RunDir) -> str:
    """How a file of somebody's own was read that the run learned from, and what of it was not used."""
    found = run.document("own_file.json")
    if not found:
        return ""
    splits = found["splits"]
    parts = f"{splits['train']:,} rows to learn from, {splits['validation']:,} to choose by, {splits['test']:,} to test"
    warned = " ".join(found["warnings"])
    return f'<p class="ds-quiet">Your file was read as {escape(found["layout"])}: {parts}. {escape(warned)}</p>'


def detail(gains: dict[str, Paired], own: str, several: bool = False) -> str:
    """How sure that is, and what another family makes of the same texts.

    `several`: what other seeds came to follows, for both families, and tells more than this run.
    """
    said = []
    for student in sorted(gains, key=lambda name: name != own):
        gain = gains[student]
        metric = gain.metric
        moved, bounds = change(gain.difference, metric), f"{change(gain.low, metric)} to {change(gain.high, metric)}"
        if student == own:
            asked = "answer" if metric in LOWER else "question"
            over = f"{count(gain.n, asked)}, {count(gain.seeds_a, 'student')}"
            chance = "random examples" if metric in LOWER else "random questions"
            unsure = " One run cannot tell." if several and gain.inside_noise else doubt(gain)
            said.append(f"Compared with {chance}: {moved} {unit(metric)} (95 % interval {bounds}; {over}).{unsure}")
        elif not several:
            said.append(f"For {student}, trained on the same texts: {moved} ({bounds}).")
    return " ".join(said)


def over_seeds(runs: Sequence[RunDir], own: str) -> str:
    """What several seeds gain on average, for both families, where there are enough to tell; empty otherwise."""
    if len(runs) < words.ENOUGH:
        return ""
    found = [one for one in gains(words.STUDY, runs) if one.regime == "ordinary" and one.metric in JUDGING]
    mine = next((one for one in found if one.student == own), None)
    if mine is None:
        return ""
    metric = mine.metric
    mean = f"{change(mine.mean, metric)} {unit(metric)}"
    mean = f": {mean} on average" if metric in LOWER else f" average {mean}"
    said = f" {number(len(runs)).capitalize()} runs with different seeds{mean} {spread(mine)}"
    for one in found:
        if one.student != own and one.metric == metric:
            said += f", and {change(one.mean, metric)} {spread(one)} on {one.student}"
    return f"{said}."


def spread(one: Spread) -> str:
    """The interval of a mean over seeds."""
    return f"({change(one.low, one.metric)} to {change(one.high, one.metric)})"


def doubt(gain: Paired) -> str:
    """Why the difference may be luck; empty where it may not."""
    if gain.inside_noise:
        return " This is within the noise."
    return " With so few students this may be luck." if min(gain.seeds_a, gain.seeds_b) < words.ENOUGH else ""


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
def picture(table: list[dict], own: str, total: int | None) -> str:
    """A row for each arm, with a dot and its interval for each student, the run's own above the other."""
    share = table[0]["metric"] not in LOWER
    low = math.floor(10 * min(row["mean"] - row["interval"] for row in table)) / 10
    high = math.ceil(10 * max(row["mean"] + row["interval"] for row in table)) / 10
    scale = (max(0.0, low), min(1.0 if share else math.inf, max(high, low + 0.1)))
    caption = "answered correctly, 95 % interval" if share else "bits per character, fewer is better; 95 % interval"
    students = sorted({row["student"] for row in table}, key=lambda name: (name != own, name))
    names, drawn = called(total), []
    for arm in ORDER:
        rows = [row for student in students for row in table if row["arm"] == arm and row["student"] == student]
        drawn += [arm_markup(names[arm], arm, rows, students, scale)] if rows else []
    keys = "".join(
        f'<span class="ds-found-arms-{lane}"><i></i><b translate="no">{escape(student)}</b></span>'
        for lane, student in enumerate(students)
    )
    return (
        f'<figure class="ds-found-arms"><ul>{"".join(drawn)}</ul>'
        f'<div class="ds-found-arms-axis" aria-hidden="true"><div>{axis(scale, share)}</div></div>'
        f"<figcaption>{keys}<span>{caption}</span></figcaption></figure>"
    )


def axis(scale: tuple[float, float], share: bool) -> str:
    """Every fifth of one; of a longer scale two fifths, a half or the whole: four labels have room."""
    tenths = range(round(10 * scale[0]), round(10 * scale[1]) + 1)
    apart = 2 if len(tenths) <= 8 else 4 if share else 5 if len(tenths) <= 21 else 10
    return "".join(
        f'<span style="left:{place(tenth / 10, scale)}">{percent(tenth / 10) if share else f"{tenth / 10:.1f}"}</span>'
        for tenth in tenths
        if not tenth % apart
    )


def called(total: int | None) -> dict[str, str]:
    """What the arms are called."""
    return {
        **{arm: words.arm(arm) for arm in ORDER},
        **({"full": f"All {total:,} questions"} if total else {}),
    }


def arm_markup(name: str, arm: str, rows: list[dict], students: list[str], scale: tuple[float, float]) -> str:
    """One arm's dots. The title of each says what it stands for."""
    dots, values, free = [], [], rows[0]["metric"] in LOWER
    for row in rows:
        mean, bound, lane = row["mean"], row["interval"], students.index(row["student"])
        ends = f"left:{place(mean - bound, scale)};right:calc(100% - {place(mean + bound, scale)})"
        told = f"{row['student']}: {words.quantity(row)}"
        dots.append(
            f'<p class="ds-found-arms-{lane}" title="{escape(told)}"><s style="{ends}"></s>'
            f'<i style="left:{place(mean, scale)}"></i></p>'
        )
        values.append(f"{mean:.2f}" if free else f"{100 * mean + 1e-9:.0f}")
    return (
        f'<li class="ds-found-arm ds-found-arm-{arm}"><span>{escape(name)}</span><div>{"".join(dots)}</div>'
        f"<b>{' · '.join(values)}{'' if free else chr(160) + '%'}</b></li>"
    )


def place(value: float, scale: tuple[float, float]) -> str:
    return f"{100 * min(1.0, max(0.0, (value - scale[0]) / (scale[1] - scale[0]))):.1f}%"


def bare(prompt: str) -> str:
    return prompt.removeprefix(QUESTION_PREFIX).removesuffix(ANSWER_SUFFIX)


# -- the texts --------------------------------------------------------------------------------------------------
def texts_markup(distilled: list[dict], verbatim: int | None) -> str:
    """The texts with their answers, as they are."""
    lines = []
    for row in distilled[:MOST]:
        text = row["provenance"]["text"] if "between" in row else bare(row["prompt"])
        lines.append(f"<li><span>{escape(text)}</span> <b>{escape(row['answer'])}</b></li>")
    real = "" if verbatim is None else f" ({verbatim} of {len(distilled)} are real questions)"
    more = (
        f'<p class="ds-quiet"><a href="#wall">and {len(distilled) - MOST:,} more</a></p>'
        if len(distilled) > MOST
        else ""
    )
    return (
        f'<div class="ds-finding-texts"><h3>The texts{real}</h3><ol translate="no">{"".join(lines)}</ol>{more}'
        '<p class="ds-finding-next"><a href="#wall">Change one and watch</a></p></div>'
    )
