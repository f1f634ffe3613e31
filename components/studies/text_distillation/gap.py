"""What decoding costs: the way from soft prompts over their nearest tokens to text, as steps down or up in accuracy.

For the run's own student, trained the ordinary way, paired question by question. Everything from files is escaped.
Knows the run folder's results; the statistics are backend.core.scoring.compare's.
"""

import math
from html import escape
from itertools import pairwise
from statistics import fmean

from backend.core.scoring.compare import Paired, paired
from backend.core.scoring.scored import LOWER
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.results import scores_of
from components.frame.words import signed
from components.panels import saving
from components.panels.paired import seeds
from components.studies.text_distillation import words
from components.studies.text_distillation.judge_view import arms_of

WAY = ("soft", "projected", "decoded", "text")
NEAREST = "each place moved to its nearest real token"
CHOSEN = "each place moved to the real token that its decoder chose"
WRITTEN = "those tokens written as text and tokenised again"
SEARCHED = "replaced by the texts that the search found"


def gap_markup(run: RunDir) -> str:
    """The picture; empty while there are no answers of students on soft prompts and on text, and for free answers."""
    student = run.config()["config"].get("model")
    there = arms_of(run).get(student, {})
    way = [arm for arm in WAY if arm in there]
    if not {"soft", "text"} <= set(way) or there["text"][0]["metric"] in LOWER:
        return ""
    try:
        answered = {arm: [scores_of(run, row) for row in there[arm]] for arm in way}
        moves = [paired(answered[b], answered[a]) for a, b in pairwise(way)]
        whole = moves[0] if len(moves) == 1 else paired(answered["text"], answered["soft"])
        start = fmean(row["value"] for row in there["init"]) if "init" in there else None
    except (KeyError, TypeError, ValueError, UserError):
        return ""
    return picture(student, way, moves, whole, start, move_words(run, way))


def move_words(run: RunDir, way: list[str]) -> dict[str, str]:
    """What happens on the way to each arm."""
    decoder = run.config()["config"].get("decoder", "nearest")
    token = NEAREST if decoder in ("nearest", "search") else CHOSEN
    if decoder == "search":
        return {"projected": token, "decoded": WRITTEN if "projected" in way else token, "text": SEARCHED}
    reverted = sum(row["provenance"].get("reverted") is True for row in run.rows("distilled"))
    written = WRITTEN if "projected" in way else token
    back = f"; {words.count(reverted, 'prompt')} put back to the real question" if reverted else ""
    return {"projected": token, "text": written + back}


def picture(
    student: str, way: list[str], moves: list[Paired], whole: Paired, start: float | None, told: dict[str, str]
) -> str:
    """Dots for the arms, a bar for each move, and a dashed line where the starting questions are."""
    means = {way[0]: moves[0].mean_b} | {arm: move.mean_a for arm, move in zip(way[1:], moves, strict=True)}
    values = [*means.values(), *([start] if start is not None else [])]
    low, high = math.floor(10 * min(values) - 0.5) / 10, math.ceil(10 * max(values) + 0.5) / 10
    place = _Scale(max(0.0, low), min(1.0, high))
    rows = [stop(way[0], means[way[0]], place, start)]
    for arm, move in zip(way[1:], moves, strict=True):
        rows += [step(move, told[arm], place, start), stop(arm, means[arm], place, start)]
    line = '<span class="ds-gap-start">starting questions</span>' if start is not None else ""
    return (
        f'<section class="ds-gap" data-points="{100 * whole.difference:.1f}" {numbers(means, moves)}>{saving.MENU}'
        "<h3>What decoding costs</h3>"
        f'<p class="ds-quiet">{escape(sentence(whole))}</p><ol>{"".join(rows)}</ol>'
        f'<p class="ds-gap-key"><span>{escape(student)}, {escape(words.METRIC_HERE)}, from {place.low:.1f} to '
        f"{place.high:.1f}</span>{line}<span>{whole.n:,} questions × {seeds(whole)}; 95 %, paired</span></p>"
        "</section>"
    )


def numbers(means: dict[str, float], moves: list[Paired]) -> str:
    """Each arm's mean, and how it differs from the one before, for whoever saves the picture."""
    differences = [(None, None, None), *((move.difference, move.low, move.high) for move in moves)]
    heads = ("trained on", "accuracy", "difference from the one above", "95 % from", "95 % to")
    rows = ((words.arm(arm), mean, *d) for (arm, mean), d in zip(means.items(), differences, strict=True))
    return saving.saves("decoding", heads, rows)


class _Scale:
    def __init__(self, low: float, high: float):
        self.low, self.high = low, high if high > low else low + 0.1

    def __call__(self, value: float) -> str:
        return f"{100 * min(1.0, max(0.0, (value - self.low) / (self.high - self.low))):.2f}%"


def stop(arm: str, mean: float, place: _Scale, start: float | None) -> str:
    name, what = words.ARMS[arm]
    return (
        f'<li class="ds-gap-stop" data-arm="{arm}" title="{escape(what)}"><span>{escape(name)}</span>'
        f'<div>{mark(place, start)}<i style="left:{place(mean)}"></i></div><b>{mean:.2f}</b></li>'
    )


def step(move: Paired, what: str, place: _Scale, start: float | None) -> str:
    """The bar from one mean to the next; pale where the difference may be luck."""
    a, b = sorted((move.mean_a, move.mean_b))
    few = min(move.seeds_a, move.seeds_b) < words.ENOUGH
    kind = "even" if move.inside_noise or few else "down" if move.difference < 0 else "up"
    bounds = f"{signed(move.low)} to {signed(move.high)}"
    return (
        f'<li class="ds-gap-move" data-kind="{kind}"><span>{escape(what)}</span>'
        f'<div>{mark(place, start)}<u style="left:{place(a)};right:calc(100% - {place(b)})"></u></div>'
        f"<b>{signed(move.difference)}<small>{bounds}</small></b></li>"
    )


def mark(place: _Scale, start: float | None) -> str:
    return "" if start is None else f'<s style="left:{place(start)}"></s>'


def sentence(whole: Paired) -> str:
    """The whole way in words, and no verdict where the noise or too few students forbid one."""
    bounds = f"(95 % interval {signed(whole.low)} to {signed(whole.high)})"
    said = f"From soft prompts to text: {signed(whole.difference)} points {bounds}."
    if whole.inside_noise:
        return f"{said} This is within the noise."
    if min(whole.seeds_a, whole.seeds_b) < words.ENOUGH:
        return f"{said} With {seeds(whole)}, this may still be luck."
    return said
