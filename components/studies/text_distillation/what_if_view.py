"""What an edit changed, as markup: a picture of accuracy before and after for each model, and the flipped questions.
Of free answers it is bits per character, and the answers that differ most.

Everything from files and from the visitor is escaped. Knows what the desk answers; no run folder and no event.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

from backend.core.scoring.compare import Paired
from backend.core.scoring.scored import LOWER, METRICS, from_row
from components.frame.words import change, count, is_better, unit
from components.panels.flips import flips

NAMES = ("changed texts", "unchanged texts")
STEP = 0.05  # the axis begins and ends at a multiple
JUDGED = "Judged by bits per character of the right answers: fewer is better."
INTERVAL = "95 % interval of the change, over questions and students"
FEW = "So few changed texts may matter less than this test can show. Try changing or removing several."


def figures(found: dict) -> list[dict]:
    """Each model's name and by how much it changed, for the list of changes."""
    results = [(one["name"], Paired(**one["paired"])) for one in found["readers"]]
    return [{"name": name, "points": changed(result)} for name, result in results]


def changed(result: Paired) -> str:
    """By how much, in points or in bits."""
    return change(result.difference, result.metric) + (" bits" if result.metric in LOWER else "")


def bounds(result: Paired) -> str:
    """The interval of the change."""
    return f"95 % interval {change(result.low, result.metric)} to {change(result.high, result.metric)}"


def answer_markup(found: dict, asked: Mapping, key: str, edits: Sequence[Mapping]) -> str:
    """The picture, what it says in words, the flipped questions and how to repeat it, the last two folded away."""
    results = [Paired(**one["paired"]) for one in found["readers"]]
    low, high = ends(results)
    pairs = list(zip(found["readers"], results, strict=True))
    said = "".join(f"<p>{sentence(one['name'], result)}</p>" for one, result in pairs)
    rows = "".join(row(one["name"], number, result, low, high) for number, (one, result) in enumerate(pairs))
    return (
        f'<div class="ds-whatif-said">{said}</div><figure class="ds-moved"><ul>{rows}</ul>'
        f'<div class="ds-moved-axis" aria-hidden="true"><div>{ticks(low, high, results[0].metric)}</div></div>'
        f'<figcaption><span class="ds-moved-before">{NAMES[1]}</span><span class="ds-moved-after">{NAMES[0]}</span>'
        f'<span class="ds-moved-interval">{INTERVAL}</span></figcaption></figure>'
        f'<p class="ds-quiet">{how(found, results[0])}{few(found, results, edits)}</p>'
        f"{flipped(found, results, asked)}{repeated(key, edits)}"
    )


def sentence(name: str, result: Paired) -> str:
    """One model's change in words."""
    noise = ": within the noise" if result.inside_noise else ""
    return f'<b translate="no">{escape(name)}</b> <span>{moved(result)} ({bounds(result)}{noise}).</span>'


def moved(result: Paired) -> str:
    """Which way, and how far."""
    if result.metric in LOWER:
        said = f"{abs(result.difference):.3f} {unit(result.metric)}"
        fewer = "fewer" if is_better(result.difference, result.metric) else "more"
        return f"needs {said} {fewer}" if result.difference else f"needs as many {unit(result.metric)}"
    more = "higher" if is_better(result.difference, result.metric) else "lower"
    return f"scores {abs(100 * result.difference):.1f} points {more}" if result.difference else "scores the same"


def row(name: str, number: int, result: Paired, low: float, high: float) -> str:
    """A model's two dots, and the interval of the change around the second one."""

    def place(value: float) -> str:
        return f"{100 * (value - low) / (high - low):.2f}%"

    before, after = result.mean_b, result.mean_a
    least, most = before + result.low, before + result.high
    of_all = f"{change(result.difference, result.metric)} {unit(result.metric)}, {bounds(result)}"
    said = f"{100 * before:.1f} % with unchanged texts, {100 * after:.1f} % with changed ones; {of_all}"
    short = f"{100 * before:.1f} to {100 * after:.1f} %"
    if result.metric in LOWER:
        said = f"{before:.3f} with unchanged texts, {after:.3f} with changed ones; {of_all}"
        short = f"{before:.2f} to {after:.2f} bits"
    kind = "the model the texts were made with" if number == 0 else "another family"
    return (
        f'<li data-noise="{str(result.inside_noise).lower()}"><span><b translate="no">{escape(name)}</b>'
        f'<small>{kind}</small></span><div role="img" aria-label="{said}" title="{said}">'
        f'<s style="left:{place(least)};right:calc(100% - {place(most)})"></s>'
        f'<u style="left:{place(before)}"></u><i style="left:{place(after)}"></i></div>'
        f"<b>{change(result.difference, result.metric)}<small>{short}</small></b></li>"
    )


def ends(results: Sequence[Paired]) -> tuple[float, float]:
    """Where the axis begins and ends: at multiples of STEP around all that is drawn."""
    points = [
        value for one in results for value in (one.mean_a, one.mean_b, one.mean_b + one.low, one.mean_b + one.high)
    ]
    return STEP * (min(points) // STEP), STEP * (max(points) // STEP + 1)


def ticks(low: float, high: float, metric: str) -> str:
    """At most six percentages below the axis, or bits."""
    steps = round((high - low) / STEP)
    every = -(-steps // 5)
    marks = ((n, low + n * STEP) for n in range(0, steps + 1, every))
    said = "{:.2f}" if metric in LOWER else "{:.0%}"
    return "".join(f'<i style="left:{100 * n / steps:.2f}%">{spaced(said.format(value))}</i>' for n, value in marks)


def spaced(said: str) -> str:
    return said.replace("%", " %")


def how(found: dict, result: Paired) -> str:
    """Who was trained on what, and asked what."""
    asked = f"the first {found['questions']:,} of {found['of']:,} test questions"
    if found["questions"] >= found["of"]:
        asked = f"all {found['of']:,} test questions"
    students, texts = count(result.seeds_a, "fresh student"), count(len(found["texts"]), "text")
    judged = f" {JUDGED}" if result.metric in LOWER else ""
    return f"{students} of each model, before and after, on {asked}. Now {texts}, {found['before']:,} before.{judged}"


def few(found: dict, results: Sequence[Paired], edits: Sequence[Mapping]) -> str:
    """That noise is no proof that texts do not matter, where less than half of them were changed."""
    touched = len({edit["slot"] for edit in edits})
    return f" {FEW}" if all(one.inside_noise for one in results) and 2 * touched < found["before"] else ""


def flipped(found: dict, results: Sequence[Paired], asked: Mapping) -> str:
    """The questions that flipped, folded away, for each model."""
    parts = []
    for one, result in zip(found["readers"], results, strict=True):
        sides = [[[from_row(answer) for answer in student] for student in side] for side in one["flipped"]]
        told, note = f"{len(result.gained)} gained, {len(result.lost)} lost", ""
        if result.metric not in METRICS:
            told = f"better on {len(result.gained)}, worse on {len(result.lost)}"
            result, note = most_apart(result, {answer.id for answer in sides[0][0]})
        parts.append(
            f'<details class="ds-whatif-flips"><summary><b translate="no">{escape(one["name"])}</b> <span>{told}</span>'
            f"</summary>{note}{flips(result, sides, asked, NAMES)}</details>"
        )
    return "".join(parts)


def most_apart(result: Paired, there: set[str]) -> tuple[Paired, str]:
    """The result with the answers alone that came with it, and a sentence where those are not all."""
    gained, lost = ([name for name in names if name in there] for names in (result.gained, result.lost))
    shown, of = len(gained) + len(lost), len(result.gained) + len(result.lost)
    note = f'<p class="ds-quiet">The {shown:,} answers that differ most are shown.</p>' if shown < of else ""
    return replace(result, gained=gained, lost=lost), note


def repeated(key: str, edits: object) -> str:
    """How to do the same on the command line; a run of one's own lies where its owner knows."""
    place, _, name = key.partition("/")
    run = f"assets/sample_runs/{name}" if place == "recorded" else "RUN"
    text = f"python -m backend what-if {run} --edits edits.json\n\n{json.dumps(edits, ensure_ascii=False, indent=1)}"
    return (
        '<details class="ds-whatif-repeat"><summary>On the command line</summary>'
        '<p class="ds-quiet">Save the list as edits.json.</p>'
        f'<pre translate="no" tabindex="0">{escape(text)}</pre></details>'
    )
