"""Alignment: how the objective changes as a row is trained on, seen inside the subspace of real questions' gradients.

The other geometry beside core/training/influence.py. There each coordinate is weighed by Adam's second moment alone;
LoRA couples coordinates, so here a row's plain gradient and the objective's are compared where the gradients of real
questions lie, as GIST does (Min et al. 2026, arXiv 2602.18584), and lengths do not count. Knows a student, rows and
parameters; not texts.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.models.lora import Student
from backend.core.params import Params, on
from backend.core.subspace import subspace
from backend.core.text.examples import Rows
from backend.core.training.influence import Waypoint
from backend.selection.gradients import example_gradients, flat

DIRECTIONS = 50  # GIST's


def alignment(
    student: Student, waypoints: Sequence[Waypoint], objective: Params, real: Rows, rows: Rows
) -> Float[Tensor, " rows"]:
    """Minus the cosine of each row's gradient and the objective's inside the subspace, summed over waypoints.

    `objective` is dJ/dtheta_K, as in `influence`; lower is better, as there. Costs a gradient of each row and of each
    real question at every waypoint.
    """
    found, wanted = torch.zeros(len(rows)), flat(objective, list(student.shapes)).to(student.device)
    for point in waypoints:
        params = on(point.params, student.device)
        basis = subspace(torch.cat([part for _, part in example_gradients(student, params, real)]), DIRECTIONS)
        target = _unit((wanted @ basis)[None])[0]
        for chosen, gradients in example_gradients(student, params, rows):
            found[chosen] -= (_unit(gradients @ basis) @ target).cpu()
    return found


def _unit(rows: Float[Tensor, "n directions"]) -> Float[Tensor, "n directions"]:
    return rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-12)
