"""What the released code computed: the forms of the spectral term, each with its formula and what a run measured.

The formulas were read in the released code; the lines are measured in the run on one batch while PiSSA trains. A line
is called flat only where the recorded gradient is exactly zero. Markup; everything from files is escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from components.panels import saving
from components.studies.ba_lora.reading import is_number

WIDTH, HEIGHT = 200, 48
Line = list[tuple[int, float]]  # (step, value)


@dataclass(frozen=True)
class Form:
    """A published form: `when` its code is from, the spectral term in it, and what follows from that."""

    name: str
    when: str
    formula: str
    says: str


FORMS = (
    Form("iclr", "2025 and 2026, ICLR", "− (σ₁ + … + σₖ) / ‖Z‖_F",
         "Largest where k singular values are equal: it spreads energy over k directions."),
    Form("v5", "October 2024, versions 2 to 5", "− (σ₁ + … + σₖ) / Σσ",
         "Largest for any matrix of rank k or less: it concentrates energy."),
    Form("v1", "August 2024, version 1", "− ((σ₁ + … + σₖ) / Σσ + a · Var(σ₁ … σₖ))",
         "Its code could not run: two names were undefined. The variance had no weight in it, so the line has none."),
    Form("no_grad", "released with versions 2 to 5", "− (σ₁ + … + σₖ) / Σσ, under no_grad",
         "The number changes, but no gradient flows: the term trains nothing."),
    Form("same_k", "spring 2025", "− (σ₁ + … + σₖ) / (σ₁ + … + σₖ)",
         "Divided by the same k values it is always −1: the term trains nothing."),
)  # fmt: skip


def exhibits_markup(rows: Sequence[dict]) -> str:
    """The panel. Without measurements the formulas stand alone."""
    measured = {form.name: lines_of(rows, form.name) for form in FORMS}
    shown = "".join(exhibit(form, *measured[form.name], entropy_said(rows, form.name)) for form in FORMS)
    flat = sum(bool(gradient) and not any(y for _, y in gradient) for _, gradient in measured.values())
    said = (
        f"Measured here, on one batch while PiSSA trains: {flat} of {len(FORMS)} forms have no gradient at any step."
        if any(value for value, _ in measured.values())
        else "This run did not measure the forms, so only the formulas are shown."
    )
    return (
        f'<section class="ds-exhibits" {numbers(rows)}>{saving.MENU}<h2>What the released code computed</h2>'
        f'<p class="ds-quiet">Formulas: read in the released code. {said}</p><ul>{shown}</ul></section>'
    )


def lines_of(
    rows: Sequence[dict], form: str, term: str = "spectrum"
) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    """A term's value and the norm of its gradient over the steps; of a step that stands twice the later row."""
    found = {}
    for row in rows:
        if row.get("form") == form and row.get("term") == term and type(row.get("step")) is int:
            found[row["step"]] = row
    steps = sorted(found)
    return tuple([(step, found[step][name]) for step in steps if is_number(found[step].get(name))]
                 for name in ("value", "gradient"))  # fmt: skip


def entropy_said(rows: Sequence[dict], form: str) -> str:
    """Which way this form's diversity term moves the entropy: the term is minimised, so its sign tells."""
    value, _ = lines_of(rows, form, "diversity")
    if not value or value[0][1] == 0:
        return ""
    way = "raises" if value[0][1] < 0 else "lowers"
    return f"<p>Its diversity term, {number(value[0][1])} at the start, {way} the entropy.</p>"


def exhibit(form: Form, value: Line, gradient: Line, entropy: str) -> str:
    flat = bool(gradient) and not any(y for _, y in gradient)
    lines = f"{line('value', value)}{line('gradient', gradient)}" if value else ""
    mark = ' <span class="ds-flat">no gradient</span>' if flat else ""
    return (
        f'<li data-form="{form.name}" data-flat="{str(flat).lower()}"><header><code>{form.name}</code>'
        f"<span>{escape(form.when)}</span>{mark}</header>"
        f'<p class="ds-formula" translate="no">{escape(form.formula)}</p>'
        f'<p>{escape(form.says)}</p><div class="ds-lines">{lines}</div>{entropy}</li>'
    )


def line(name: str, points: Line) -> str:
    """A quantity over the steps: a gradient from zero, a value within its own range; nothing moves where it is flat."""
    if not points:
        return ""
    ys, end = [y for _, y in points], max(points[-1][0], 1)
    low, high = (0.0 if name == "gradient" else min(ys)), max(ys)
    reach = high - low
    places = [(WIDTH * x / end, HEIGHT * (0.5 if reach == 0 and name == "value" else 1 - (y - low) / (reach or 1)))
              for x, y in points]  # fmt: skip
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    said = f"{number(ys[0])} to {number(ys[-1])}" if ys[0] != ys[-1] else f"{number(ys[0])} throughout"
    title = "value" if name == "value" else "norm of the gradient"
    return (
        f'<figure><svg viewBox="-3 -3 {WIDTH + 6} {HEIGHT + 6}" role="img" aria-label="{title}: {said}" '
        f'preserveAspectRatio="none"><path d="{path}"/></svg><figcaption>{title}: <b>{said}</b></figcaption></figure>'
    )


def number(value: float) -> str:
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def numbers(rows: Sequence[dict]) -> str:
    heads = ("form", "step", "term", "value", "gradient")
    return saving.saves("forms", heads, ([row.get(name) for name in heads] for row in rows))
