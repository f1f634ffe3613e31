"""Ordinary fine-tuning: AdamW on the trainable parameters, with a linear warm-up and decay.

The loss is passed in, so it may be any sum of terms; this loop never learns a study's name. Yields after every step.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from backend.core.errors import UserError
from backend.core.params import Params, as_leaves


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up over the first tenth, then linear decay to a tenth of the peak."""
    warm = max(1, steps // 10)
    if step < warm:
        return peak * (step + 1) / warm
    return peak * (1 - 0.9 * (step - warm) / max(1, steps - warm))


def finetune(
    loss_at: Callable[[Params, int], Tensor], start: Params, steps: int, lr: float
) -> Iterator[tuple[int, float, Params]]:
    """Yield (step, loss, params) after each of `steps` AdamW updates of a copy of `start`.

    Raises UserError when the loss stops being a number.
    """
    params = as_leaves({name: p.clone() for name, p in start.items()})
    optimizer = torch.optim.AdamW(params.values(), lr=lr, weight_decay=0.0)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, lr)
        loss = loss_at(params, step)
        if not torch.isfinite(loss):
            raise UserError(f"The loss is {loss.item()} at step {step}.", "a finite loss", "Lower the learning rate.")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield step, loss.item(), params
