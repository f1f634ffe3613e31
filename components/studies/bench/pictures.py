"""Small pictures of how a student answers: reliability, letters, step sizes. Numbers in, SVG or bars as markup out.

Grey is before, the run's own colour is after. Every picture says its numbers in words too. Knows no widget library.
"""

import math
from collections.abc import Mapping, Sequence
from html import escape

from components.frame.words import letter
from components.panels import saving
from components.studies.bench.scores import SIDES

TICKS = (0, 0.5, 1)
SIZE = 200  # of the reliability picture's square, in its own units


def reliability(found: Mapping[str, dict]) -> str:
    """Accuracy over confidence for each side; on the dashed line a student is right as often as it is sure."""
    said = " and ".join(
        f"{SIDES[side]} off by {100 * part['calibration']['ece']:.0f} points" for side, part in found.items()
    )
    dots = "".join(_dots(side, part["calibration"]["bins"]) for side, part in found.items())
    return (
        f'<figure class="ds-small" {_bins(found)}>{saving.MENU}<figcaption><b>Is its confidence calibrated?</b>'
        f"<span>{escape(said.capitalize())} on "
        "average (ECE).</span></figcaption>"
        f'<svg class="ds-reliability" viewBox="-40 -8 {SIZE + 54} {SIZE + 44}" role="img" '
        f'aria-label="Accuracy over confidence: {escape(said)} on average">'
        f'<path class="ds-frame" d="M0 0V{SIZE}H{SIZE}"/><path class="ds-diagonal" d="M0 {SIZE}L{SIZE} 0"/>{dots}'
        f'<text x="{SIZE / 2}" y="{SIZE + 32}" text-anchor="middle">confidence</text>'
        f'<text x="-29" y="{SIZE / 2}" text-anchor="middle" transform="rotate(-90 -29 {SIZE / 2})">'
        "accuracy</text>"
        f"{''.join(_tick(share) for share in TICKS)}"
        "</svg></figure>"
    )


def _tick(share: float) -> str:
    """A share's place on both axes."""
    there, up = SIZE * share, SIZE * (1 - share)
    return (
        f'<path class="ds-frame" d="M-4 {up:g}H0M{there:g} {SIZE}V{SIZE + 4}"/>'
        f'<text x="-7" y="{up + 4:g}" text-anchor="end">{share:g}</text>'
        f'<text x="{there:g}" y="{SIZE + 16}" text-anchor="middle">{share:g}</text>'
    )


def _bins(found: Mapping[str, dict]) -> str:
    heads = ("student", "confidence", "accuracy", "questions")
    bins = ((SIDES[side], part) for side, each in found.items() for part in each["calibration"]["bins"] if part["n"])
    return saving.saves("calibration", heads, ((s, p["confidence"], p["accuracy"], p["n"]) for s, p in bins))


def _dots(side: str, bins: Sequence[dict]) -> str:
    """A dot for each filled bin, its area as the questions in it, joined by a line."""
    filled = [part for part in bins if part["n"]]
    most = max((part["n"] for part in filled), default=1)
    places = [(SIZE * part["confidence"], SIZE * (1 - part["accuracy"]), part) for part in filled]
    joined = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in places) if places else ""
    circles = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 6 * (part["n"] / most) ** 0.5:.1f}"><title>'
        f"{SIDES[side]}: {part['n']} questions, confidence {part['confidence']:.0%}, accuracy {part['accuracy']:.0%}"
        "</title></circle>"
        for x, y, part in places
    )
    return f'<g class="ds-side-{side}"><path d="{joined}"/>{circles}</g>'


def letters(found: Mapping[str, dict]) -> str:
    """How often each option was chosen, beside how often it was right: shows a student that always says B."""
    width = max(len(part["letters"]["right"]) for part in found.values())
    shares = {side: _shares(part["letters"]["chosen"], width) for side, part in found.items()}
    right = _shares(next(iter(found.values()))["letters"]["right"], width)
    most = max([*right, *(value for part in shares.values() for value in part), 0.01])
    top = math.ceil(most * 10 - 1e-9) / 10  # the axis ends at a tenth
    columns = "".join(
        f"<span><span>{''.join(_column(side, part[i], top) for side, part in shares.items())}"
        f'<u style="bottom:{100 * right[i] / top:.1f}%" title="right answer: {right[i]:.0%}"></u></span>'
        f"<b>{letter(i)}</b></span>"
        for i in range(width)
    )
    said = "; ".join(f"{SIDES[side]}: {_spoken(part)}" for side, part in shares.items())
    keys = "".join(f'<span class="ds-key-side ds-side-{side}">{SIDES[side]}</span>' for side in shares)
    spoken = f"Chosen {said}; right: {_spoken(right)}"
    return (
        f'<figure class="ds-small" {_counts(shares, right)}>{saving.MENU}'
        "<figcaption><b>Does it favour a letter?</b><span>"
        f"{escape(_favourite(shares, right))}</span></figcaption>"
        f'<div class="ds-letters" role="img" aria-label="{escape(spoken)}">{_scale(top)}{columns}</div>'
        f'<p class="ds-key">{keys}<span class="ds-key-line">how often it is right</span></p></figure>'
    )


def _scale(top: float) -> str:
    """The axis of y: nothing, half of the way and the top."""
    marks = "".join(f'<i style="bottom:{100 * share:g}%">{share * top:.0%}</i>' for share in (0, 0.5, 1))
    return f'<span class="ds-letters-axis" aria-hidden="true">{marks}</span>'


def _counts(shares: Mapping[str, list[float]], right: Sequence[float]) -> str:
    heads = ("letter", *(f"chosen {SIDES[side]}" for side in shares), "right")
    rows = ((letter(i), *(part[i] for part in shares.values()), its) for i, its in enumerate(right))
    return saving.saves("letters", heads, rows)


def _shares(counts: Sequence[int], width: int) -> list[float]:
    total = sum(counts) or 1
    return [count / total for count in [*counts, *[0] * (width - len(counts))]]


def _column(side: str, share: float, top: float) -> str:
    return (
        f'<i class="ds-side-{side}" style="height:{100 * share / top:.1f}%" '
        f'title="{SIDES[side]}: chosen for {share:.0%}"></i>'
    )


def _spoken(shares: Sequence[float]) -> str:
    return ", ".join(f"{letter(i)} {share:.0%}" for i, share in enumerate(shares))


def _favourite(shares: Mapping[str, list[float]], right: Sequence[float]) -> str:
    """The letter the latest student overdoes most, when that is much."""
    side, chosen = list(shares.items())[-1]
    excess = [mine - its for mine, its in zip(chosen, right, strict=True)]
    worst = max(range(len(excess)), key=excess.__getitem__)
    if excess[worst] < 0.1:
        return f"{SIDES[side].capitalize()}, no letter stands out."
    return f"{SIDES[side].capitalize()}, it picks {letter(worst)} {chosen[worst]:.0%} of the time."


def step_sizes(rows: Sequence[dict], chosen: float | None) -> str:
    """What validation said of each step size that was tried, the chosen one filled: accuracy, or bits of free answers,
    of which fewer are better."""
    if not rows:
        return ""
    free = any(row.get("bits") is not None for row in rows)
    values = [row.get("bits" if free else "acc") for row in rows]
    top = max(value or 0 for value in values) or 1
    bars = "".join(
        f'<li class="{"ds-chosen" if row["lr"] == chosen else ""}"><span>{row["lr"]:g}</span>'
        f'<div><i style="width:{100 * (value or 0) / top:.1f}%"></i></div>'
        f"<b>{'diverged' if free and value is None else f'{value or 0:.2f}'}</b></li>"
        for row, value in zip(rows, values, strict=True)
    )
    asked = f"on {max(row.get('n') or 0 for row in rows):,} validation questions."
    asked = f"{asked[:-1]}: bits per character, fewer are better." if free else asked
    return (
        f'<figure class="ds-small" {_sizes(rows, free)}>{saving.MENU}<figcaption><b>Which step size?</b><span>'
        f"{f'{chosen:g} was chosen' if chosen else 'Chosen'} {asked}"
        f'</span></figcaption><ul class="ds-sizes">{bars}</ul></figure>'
    )


def _sizes(rows: Sequence[dict], free: bool) -> str:
    heads = ("step size", "validation bits per character" if free else "validation accuracy", "questions")
    metric = "bits" if free else "acc"
    return saving.saves("step-sizes", heads, ((row["lr"], row.get(metric), row.get("n")) for row in rows))
