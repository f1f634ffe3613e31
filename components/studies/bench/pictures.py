"""Small pictures of how a student answers: reliability, letters, step sizes. Numbers in, SVG or bars as markup out.

Grey is before, the run's own colour is after. Every picture says its numbers in words too. Knows no widget library.
"""

from collections.abc import Mapping, Sequence
from html import escape

from components.frame.words import letter
from components.studies.bench.scores import SIDES

SIZE = 200  # of the reliability picture's square, in its own units


def reliability(found: Mapping[str, dict]) -> str:
    """Accuracy over confidence for each side; on the dashed line a student is right as often as it is sure."""
    said = " and ".join(
        f"{SIDES[side]} off by {100 * part['calibration']['ece']:.0f} points" for side, part in found.items()
    )
    dots = "".join(_dots(side, part["calibration"]["bins"]) for side, part in found.items())
    return (
        f'<figure class="ds-small"><figcaption><b>As sure as it is right?</b><span>{escape(said.capitalize())} on '
        f"average (ECE).</span></figcaption>"
        f'<svg class="ds-reliability" viewBox="-26 -8 {SIZE + 40} {SIZE + 40}" role="img" '
        f'aria-label="Accuracy over confidence: {escape(said)} on average">'
        f'<path class="ds-frame" d="M0 0V{SIZE}H{SIZE}"/><path class="ds-diagonal" d="M0 {SIZE}L{SIZE} 0"/>{dots}'
        f'<text x="{SIZE / 2}" y="{SIZE + 26}" text-anchor="middle">how sure</text>'
        f'<text x="-14" y="{SIZE / 2}" text-anchor="middle" transform="rotate(-90 -14 {SIZE / 2})">'
        "how often right</text>"
        f'<text x="0" y="{SIZE + 12}">0</text><text x="{SIZE}" y="{SIZE + 12}" text-anchor="end">1</text>'
        "</svg></figure>"
    )


def _dots(side: str, bins: Sequence[dict]) -> str:
    """A dot for each filled bin, its area as the questions in it, joined by a line."""
    filled = [part for part in bins if part["n"]]
    most = max((part["n"] for part in filled), default=1)
    places = [(SIZE * part["confidence"], SIZE * (1 - part["accuracy"]), part) for part in filled]
    joined = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in places) if places else ""
    circles = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 6 * (part["n"] / most) ** 0.5:.1f}"><title>'
        f"{SIDES[side]}: {part['n']} questions, {part['confidence']:.0%} sure, {part['accuracy']:.0%} right"
        "</title></circle>"
        for x, y, part in places
    )
    return f'<g class="ds-side-{side}"><path d="{joined}"/>{circles}</g>'


def letters(found: Mapping[str, dict]) -> str:
    """How often each option was chosen, beside how often it was right: shows a student that always says B."""
    width = max(len(part["letters"]["right"]) for part in found.values())
    shares = {side: _shares(part["letters"]["chosen"], width) for side, part in found.items()}
    right = _shares(next(iter(found.values()))["letters"]["right"], width)
    top = max([*right, *(value for part in shares.values() for value in part), 0.01])
    columns = "".join(
        f"<span><span>{''.join(_column(side, part[i], top) for side, part in shares.items())}"
        f'<u style="bottom:{100 * right[i] / top:.1f}%" title="right answer: {right[i]:.0%}"></u></span>'
        f"<b>{letter(i)}</b></span>"
        for i in range(width)
    )
    said = "; ".join(f"{SIDES[side]}: {_spoken(part)}" for side, part in shares.items())
    spoken = f"Chosen {said}; right: {_spoken(right)}"
    return (
        '<figure class="ds-small"><figcaption><b>Does it favour a letter?</b><span>'
        f"{escape(_favourite(shares, right))}</span></figcaption>"
        f'<div class="ds-letters" role="img" aria-label="{escape(spoken)}">{columns}</div>'
        '<p class="ds-key"><span class="ds-key-line">how often it is right</span></p></figure>'
    )


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
    return f"{SIDES[side].capitalize()}, it says {letter(worst)} {chosen[worst]:.0%} of the time."


def step_sizes(rows: Sequence[dict], chosen: float | None) -> str:
    """Validation accuracy of each step size that was tried, the chosen one filled."""
    if not rows:
        return ""
    top = max(row.get("acc") or 0 for row in rows) or 1
    bars = "".join(
        f'<li class="{"ds-chosen" if row["lr"] == chosen else ""}"><span>{row["lr"]:g}</span>'
        f'<div><i style="width:{100 * (row.get("acc") or 0) / top:.1f}%"></i></div>'
        f"<b>{row.get('acc') or 0:.2f}</b></li>"
        for row in rows
    )
    return (
        '<figure class="ds-small"><figcaption><b>Which step size?</b><span>'
        f"{f'{chosen:g} was chosen' if chosen else 'Chosen'} by {rows[0].get('n') or 0:,} validation questions."
        f'</span></figcaption><ul class="ds-sizes">{bars}</ul></figure>'
    )
