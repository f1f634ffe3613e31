"""How expert and student turn a gradient into a step. They must share a rule, or the data cannot close the gap.

`direction` is differentiable, the norm included: with the norm detached the outer loop chases gradient size instead of
direction. Knows parameters only.
"""

from torch import Tensor

from backend.core.params import Params

TINY = (
    1e-10  # far below LoRA's small gradients; only keeps the zero gradient of A at the start (B = 0) from dividing by 0
)


def direction(rule: str, gradient: Params, preconditioner: Params | None = None) -> Params:
    """The direction of a step, by the rule's name; a step size multiplies it.

    sgd: the gradient. normalised: each tensor's gradient divided by its own root mean square, so that a step size means
    how far a typical entry moves. preconditioned: times a fixed positive diagonal taken from the expert's Adam state,
    constant within an unroll.
    """
    if rule == "sgd":
        return gradient
    if rule == "normalised":
        return {name: _unit_rms(g) for name, g in gradient.items()}
    return {name: g * preconditioner[name] for name, g in gradient.items()}


def _unit_rms(gradient: Tensor) -> Tensor:
    return gradient / (gradient.square().mean() + TINY**2).sqrt()


def move(params: Params, step_size: Tensor | float, towards: Params) -> Params:
    """The parameters after one step of `step_size` against `towards`."""
    return {name: p - step_size * towards[name] for name, p in params.items()}
