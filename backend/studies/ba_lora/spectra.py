"""What is measured on the logits of one fixed batch: singular values, and each version's terms with their gradients.

Rows of spectra.jsonl and exhibits.jsonl. Knows a matrix and the forms of terms; no model and no file.
"""

import torch

from backend.core.training.logit_terms import FORMS, Logits, Shape, singular_values, spread_places

MOST_VALUES = 32  # of a row; the norms are of all
EXHIBITED = ("iclr", "v5", "v1", "no_grad", "same_k")


def spectrum_row(step: int, steps: int, z: Logits) -> dict:
    """`when` is start, now or end; `nuclear` the sum of all values and `frobenius` the root of their squares' sum, with
    `centred_` before them those of rows whose mean is taken away."""
    rows = spread_places(z)
    values, centred = singular_values(rows), singular_values(rows - rows.mean(-1, keepdim=True))
    when = "start" if step == 0 else "end" if step == steps else "now"
    return {
        "step": step,
        "when": when,
        "values": rounded(values),
        "centred": rounded(centred),
        "nuclear": values.sum().item(),
        "frobenius": values.square().sum().sqrt().item(),
        "centred_nuclear": centred.sum().item(),
        "centred_frobenius": centred.square().sum().sqrt().item(),
    }


def exhibit_rows(step: int, z: Logits, base: Logits, rows: int, shape: Shape) -> list[dict]:
    """Every term in every version's form, and the norm of its gradient with respect to the logits: 0 of those that the
    released code computed without one. `rows`: the answers that the places belong to."""
    found = []
    for form in EXHIBITED:
        terms = FORMS[form]
        for term, compute in (
            ("consistency", lambda leaf, terms=terms: terms.consistency(leaf, base, rows, shape)),
            ("diversity", lambda leaf, terms=terms: terms.diversity(leaf, shape)),
            ("spectrum", lambda leaf, terms=terms: terms.spectrum(leaf, shape)),
        ):
            leaf = z.detach().clone().requires_grad_()
            value = compute(leaf)
            gradient = torch.autograd.grad(value, leaf)[0].norm().item() if value.requires_grad else 0.0
            found.append({"form": form, "step": step, "term": term, "value": value.item(), "gradient": gradient})
    return found


def rounded(values: torch.Tensor) -> list[float]:
    """The largest, to seven digits, which is what float32 logits hold."""
    return [float(f"{value:.7g}") for value in values[:MOST_VALUES].tolist()]
