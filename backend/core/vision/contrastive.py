"""Losses on the similarities of a batch: CLIP's own, and mimicking the affinities of a teacher (TinyCLIP).

Radford et al., arXiv 2103.00020; Wu et al., arXiv 2309.12314, after the official code (Cream, `clip_soft_loss.py`).
Knows features of both towers; no model and no training.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from backend.core.vision.models import Outputs

Matrix = Float[Tensor, "images texts"]
Scalar = Float[Tensor, ""]
SCALE = 50.0  # of teacher and student alike in the official scripts, instead of what either has learned


def logits_of(found: Outputs, scale: float | None = None) -> Matrix:
    """The scaled cosine of every image with every text: with the model's own scale, or with a fixed one."""
    return (found.scale if scale is None else scale) * found.image @ found.text.T


def clip_loss(found: Outputs, scale: float | None = None) -> Scalar:
    """The mean cross entropy of finding each image's text and each text's image among all of the batch, in nats."""
    logits = logits_of(found, scale)
    right = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, right) + F.cross_entropy(logits.T, right)) / 2


@dataclass(frozen=True)
class Mimicked:
    """Teacher and student compared, in nats: cross entropies by direction, and the teacher's entropy, which is the
    least that the loss can be."""

    image_to_text: Scalar
    text_to_image: Scalar
    floor: Scalar

    @property
    def loss(self) -> Scalar:
        """What is minimised: the mean of both directions."""
        return (self.image_to_text + self.text_to_image) / 2

    @property
    def divergence(self) -> Scalar:
        """KL(teacher || student), the mean of both directions: what to show, for it ends at 0."""
        return self.loss - self.floor


def affinity(logits: Matrix, direction: str = "image_to_text") -> Matrix:
    """The probability of each text for an image (rows add up to 1), or of each image for a text (columns do)."""
    return logits.softmax(dim=_DIRECTIONS[direction])


def mimicked(student: Outputs, teacher: Outputs, scale: float | None = SCALE) -> Mimicked:
    """The student's affinities against the teacher's, which have no gradient; None leaves each its own scale.

    Both see one batch. Their features may differ in width, because only the matrices are compared.
    """
    ours, theirs = logits_of(student, scale), logits_of(teacher, scale).detach()
    crossed, floors = [], []
    for dim in _DIRECTIONS.values():
        target = theirs.log_softmax(dim)
        crossed.append(-(target.exp() * ours.log_softmax(dim)).sum(dim).mean())
        floors.append(-(target.exp() * target).sum(dim).mean())
    return Mimicked(*crossed, sum(floors) / 2)


_DIRECTIONS = {"image_to_text": 1, "text_to_image": 0}
