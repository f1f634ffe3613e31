"""Softened labels for contrastive learning: a little of each picture's label goes to captions that are not its own.

LightCLIP (Nie et al., arXiv 2312.00674) softens the labels of negatives progressively, because pairs of pictures and
captions are not strictly one-to-one. Its formulas could not be read: the ones here are our reading of its abstract.
Knows matrices of similarities; no model and no data.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

Square = Float[Tensor, "n n"]
Scalar = Float[Tensor, ""]
Weights = Literal["uniform", "similarity"]
Schedule = Literal["none", "constant", "linear", "late"]
LATE = 0.5  # share of the steps that the schedule `late` waits for


def softness_at(step: int, steps: int, most: float, schedule: Schedule = "linear") -> float:
    """The part of each label that goes to negatives at update `step`, counted from 0 to `steps` - 1.

    Our reading of "progressively". `linear` grows from 0 to `most`, for at the start similarities mean nothing; `late`
    grows over the second half alone; `constant` is `most` throughout, `none` is 0.
    """
    if schedule in ("none", "constant"):
        return most if schedule == "constant" else 0.0
    done = step / max(1, steps - 1)
    return most * (done if schedule == "linear" else max(0.0, (done - LATE) / (1 - LATE)))


def soft_labels(logits: Square, softness: float, weights: Weights = "similarity") -> Square:
    """Row i is the label of item i: 1 - softness at i, and the softness spread over the others. Without a gradient.

    Our reading: `similarity` spreads it by the softmax of the row's other logits, `uniform` evenly. Logits are
    cosines times the logit scale, so a large scale gives nearly all of it to the nearest negative. A batch of one pair
    has no negatives, and its label is 1.
    """
    with torch.no_grad():
        own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        if len(logits) == 1:
            return own.to(logits.dtype)
        others = (logits if weights == "similarity" else torch.zeros_like(logits)).masked_fill(own, -torch.inf)
        return softness * others.softmax(-1) + (1 - softness) * own.to(logits.dtype)


def softened_loss(logits: Square, softness: float = 0.0, weights: Weights = "similarity") -> Scalar:
    """Cross entropy with softened labels, in nats: the mean of rows (pictures) and columns (captions).

    `logits[i, j]` is the scaled similarity of picture i and caption j. Both directions have labels of their own. At a
    softness of 0 it is CLIP's loss (Radford et al. 2021).
    """
    by_picture = F.cross_entropy(logits, soft_labels(logits, softness, weights))
    by_caption = F.cross_entropy(logits.T, soft_labels(logits.T, softness, weights))
    return (by_picture + by_caption) / 2


def share_on_true(labels: Square, true: Bool[Tensor, "n n"]) -> float | None:
    """Of what the labels give to negatives, the share on captions that are true of the picture all the same.

    `true[i, j]` says whether caption j is true of picture i. Uniform weights give the share of such captions among all
    negatives, which is what a rule has to beat. None where the labels give nothing away.
    """
    given = labels.masked_fill(torch.eye(len(labels), dtype=torch.bool, device=labels.device), 0.0)
    whole = given.sum().item()
    return (given * true).sum().item() / whole if whole > 0 else None
