"""How far the student ended from the expert: the matching loss, its gradient at the student, and the cosine.

Knows parameters only. Source: MTT (Cazenavette et al. 2022), section 3.2, over LoRA parameters.
"""

from jaxtyping import Float
from torch import Tensor

from backend.core.params import Params, inner_product, minus, squared_distance


def matching_loss(student: Params, start: Params, target: Params) -> Float[Tensor, ""]:
    """The student's distance to the target as a share of the expert's own travel: 1 = learned nothing, 0 = arrived."""
    return squared_distance(student, target) / squared_distance(start, target)


def matching_adjoint(student: Params, start: Params, target: Params) -> Params:
    """d matching_loss / d student, in closed form."""
    travel = squared_distance(start, target)
    return {name: 2 * (student[name] - target[name]) / travel for name in student}


def displacement_cosine(student: Params, start: Params, target: Params) -> Float[Tensor, ""]:
    """Cosine between the student's displacement and the expert's. With the best scale the loss would be 1 - cos^2."""
    ours, theirs = minus(student, start), minus(target, start)
    norms = inner_product(ours, ours).sqrt() * inner_product(theirs, theirs).sqrt()
    return inner_product(ours, theirs) / norms.clamp(min=1e-30)
