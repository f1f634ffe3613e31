"""The questions that one side answers and the other does not, each with how likely both sides find its options.

Ten a page and one subject at a time, by paired.js. Everything from files is escaped. Knows scores and
questions; no run folder.
"""

from collections.abc import Sequence
from html import escape
from statistics import fmean

from backend.core.scoring.compare import Paired
from backend.core.scoring.metrics import option_probabilities
from backend.core.scoring.scored import METRICS, Scored
from components.frame import words

NAMES = ("Run A", "Run B")  # not A and B alone: options have letters too
MOST_FLIPS = 400
Side = Sequence[dict[str, Scored]]  # a student's answers by id, one for each seed


def flips(
    result: Paired, answered: Sequence[Sequence[Sequence[Scored]]], asked: dict, names: Sequence[str] = NAMES
) -> str:
    """Questions that one side answers and the other does not. `asked`: the questions at hand, by id."""
    a, b = (escape(name) for name in names)
    sides = [[{item.id: item for item in scored} for scored in part] for part in answered]
    both = [("gained", one) for one in result.gained] + [("lost", one) for one in result.lost]
    free = result.metric not in METRICS
    if free:  # nearly every answer differs a little: those that differ most come first
        both.sort(key=lambda pair: -abs(apart(sides, pair[1])))
    if not both:
        return '<p class="ds-quiet">No question flipped.</p>'
    rows = "".join(
        (written if free else flip)(kind, one, sides, asked.get(one), names) for kind, one in both[:MOST_FLIPS]
    )
    unsent = f'<p class="ds-quiet">{len(both) - MOST_FLIPS:,} more are not shown.</p>' if len(both) > MOST_FLIPS else ""
    buttons = (
        ("", f"All {len(both):,} {'answers' if free else 'flips'}"),
        ("gained", f"{side(a, free)} {len(result.gained):,}"),
        ("lost", f"{side(b, free)} {len(result.lost):,}"),
    )
    kinds = "".join(
        f'<button type="button" data-kind="{kind}" aria-pressed="{str(not kind).lower()}">{said}</button>'
        for kind, said in buttons
    )
    return (
        f'<div class="ds-flips" data-flips="{len(both)}"><div class="ds-switch" role="group" aria-label="Which flips">'
        f"{kinds}</div>{subjects({sides[0][0][one].subject for _, one in both[:MOST_FLIPS]})}"
        f'<ol>{rows}</ol><nav aria-label="Pages"><button type="button" data-step="-1">Back</button><output></output>'
        f'<button type="button" data-step="1">Next</button></nav>{unsent}</div>'
    )


def subjects(found: set[str | None]) -> str:
    """A picker, where there is more than one subject."""
    named = sorted(name for name in found if name)
    if len(named) < 2:
        return ""
    options = "".join(f'<option translate="no">{escape(name)}</option>' for name in named)
    return (
        f'<label class="ds-subject">Subject<select data-subject><option value="">all</option>{options}</select></label>'
    )


def flip(kind: str, one: str, sides: Sequence[Side], question, names: Sequence[str]) -> str:
    """One question: its words where they are at hand, and each option with how likely either side finds it."""
    first = sides[0][0][one]
    text = f'<p translate="no">{escape(question.question)}</p>' if question else ""
    texts = question.options if question and len(question.options) == len(first.lengths) else [""] * len(first.lengths)
    likely = [chances([part[one] for part in side]) for side in sides]
    chose = [{part[one].choice for part in side} for side in sides]
    rows = ""
    for number, words_ in enumerate(texts):
        marks = [(shares[number], number in picked) for shares, picked in zip(likely, chose, strict=True)]
        rows += option(number, words_, number == first.answer, marks, names)
    winner, subject = escape(names[kind == "lost"]), escape(first.subject or "")
    return (
        f'<li class="ds-flip ds-{kind}" data-kind="{kind}" data-subject="{subject}"><header><code>{escape(one)}</code>'
        f'<em>correct only with {winner}</em></header>{text}<ul class="ds-chances">{rows}</ul>'
        f'<footer><span class="ds-first">{escape(names[0])}</span>'
        f'<span class="ds-second">{escape(names[1])}</span></footer></li>'
    )


def side(name: str, free: bool) -> str:
    """What a button shows: the questions that this side alone answers, or the answers that it does better on."""
    return f"{name} better" if free else f"Only {name}"


def apart(sides: Sequence[Side], one: str) -> float:
    """By how many bits per character the two sides differ on a free answer."""
    a, b = (fmean(part[one].bits for part in side) for side in sides)
    return a - b


def written(kind: str, one: str, sides: Sequence[Side], question, names: Sequence[str]) -> str:
    """One free answer: the question, the right answer, and what a student of each side wrote by itself."""
    text = f'<p translate="no">{escape(question.question)}</p>' if question else ""
    right = question.options[question.answer] if question else ""
    rows = f'<li><b>Right</b><bdi translate="no">{escape(right)}</bdi></li>' if right else ""
    for name, part in zip(names, sides, strict=True):
        bits, wrote = fmean(seed[one].bits for seed in part), part[0][one].generated or ""
        rows += (
            f'<li><b>{escape(name)}</b><bdi translate="no">{escape(wrote)}</bdi>'
            f"<span>{bits:.2f} bits per character</span></li>"
        )
    winner = escape(names[kind == "lost"])
    return (
        f'<li class="ds-flip ds-{kind}" data-kind="{kind}" data-subject=""><header><code>{escape(one)}</code>'
        f'<em>better with {winner}</em></header>{text}<ul class="ds-written">{rows}</ul></li>'
    )


def chances(answers: Sequence[Scored]) -> list[float]:
    """How likely each option is among the options, 0 to 1, mean over a side's students."""
    return [fmean(each) for each in zip(*(option_probabilities(item) for item in answers), strict=True)]


def option(number: int, text: str, right: bool, marks: Sequence[tuple[float, bool]], names: Sequence[str]) -> str:
    """One option: its letter, a word where it is the right one, and for each side a bar, full where it was chosen."""
    said = ", ".join(f"{name} {share:.0%}" for name, (share, _) in zip(names, marks, strict=True))
    bars = "".join(
        f'<i class="ds-{side}{" ds-chose" if chosen else ""}" style="--p:{share:.3f}"></i>'
        for side, (share, chosen) in zip(("first", "second"), marks, strict=True)
    )
    sign = '<span class="ds-right">right</span>' if right else ""
    return (
        f'<li><b>{words.letter(number)}</b><bdi translate="no">{escape(text)}</bdi>{sign}'
        f'<div role="img" aria-label="{escape(said)}" title="{escape(said)}">{bars}</div></li>'
    )
