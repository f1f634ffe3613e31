"""Regularisers on the logits of a batch: consistency with another model, diversity, and the spectrum of the matrix.

BA-LoRA (Chang et al., arXiv 2408.04556) adds the three to the loss; its formulas changed with the versions of text and
code, so each version is a form with a name. Knows matrices; no model, no parameters and no training.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

Logits = Float[Tensor, "places vocab"]
Scalar = Float[Tensor, ""]
MOST_PLACES = 256  # rows whose spectrum is taken: the product of rows costs their square times the vocabulary
TINY = 1e-30


@dataclass(frozen=True)
class Shape:
    """The numbers in the formulas. `temperature` divides logits, `top_entropy` logits of a place and `top_singular`
    singular values of the matrix count; `centred` takes each row's mean away before the spectrum."""

    temperature: float = 2.0
    top_entropy: int = 20
    top_singular: int = 10
    centred: bool = False


@dataclass(frozen=True)
class Form:
    """One version's three terms, each to be minimised: of (logits, the base's logits, rows, shape), (logits, shape)
    and (logits, shape). `rows` is the number of answers that the places belong to."""

    consistency: Callable[[Logits, Logits, int, Shape], Scalar]
    diversity: Callable[[Logits, Shape], Scalar]
    spectrum: Callable[[Logits, Shape], Scalar]


def divergence(z: Logits, base: Logits, temperature: float = 1.0) -> Float[Tensor, " places"]:
    """KL(base || z) of the distributions at each place, in nats, at this temperature. The base has no gradient."""
    target = F.log_softmax(base.detach() / temperature, dim=-1)
    return F.kl_div(F.log_softmax(z / temperature, dim=-1), target, reduction="none", log_target=True).sum(-1)


def entropy(z: Logits, top: int | None = None) -> Float[Tensor, " places"]:
    """The entropy of the distribution over each place's `top` largest logits, or over all, in nats."""
    kept = z if top is None else z.topk(min(top, z.shape[-1]), dim=-1).values
    logs = F.log_softmax(kept, dim=-1)
    return -(logs.exp() * logs).sum(-1)


def singular_values(z: Logits) -> Float[Tensor, " least"]:
    """The singular values, largest first, in float64, as roots of the eigenvalues of the product of the shorter side.

    Four times faster than `svdvals` for 64 rows of 49,152 columns, and within 1e-5 of it: values below about 1e-7 of
    the largest are rounding, and have no gradient. So has every value of a matrix of zeros.
    """
    wide = z.double() if z.shape[0] <= z.shape[1] else z.double().T
    product = wide @ wide.T
    found = torch.linalg.eigvalsh(product).flip(0)
    floor = (found[0].detach() * len(found) * torch.finfo(torch.float64).eps).clamp(min=TINY)
    return torch.where(found > floor, found, floor).sqrt()


def spread_places(z: Logits, most: int = MOST_PLACES) -> Float[Tensor, "kept vocab"]:
    """At most `most` rows, evenly spread over all of them."""
    if len(z) <= most:
        return z
    return z[torch.linspace(0, len(z) - 1, most, device=z.device).long()]


def share_of_top(z: Logits, shape: Shape, norm: str) -> Scalar:
    """The sum of the k largest singular values over the `frobenius` norm, the `nuclear` norm, or their own sum.

    The first is largest, at sqrt(k), for k equal values; the second, at 1, for any matrix of rank k; the `same` is
    always 1. A matrix of zeros gives 0 without a gradient.
    """
    rows = spread_places(z)
    if shape.centred:
        rows = rows - rows.mean(-1, keepdim=True)
    if not rows.any():
        return rows.sum() * 0
    values = singular_values(rows)
    top = values[: shape.top_singular].sum()
    whole = {"frobenius": values.square().sum().sqrt(), "nuclear": values.sum(), "same": top}[norm]
    return (top / whole).to(z.dtype)


def covariance(z: Logits) -> Scalar:
    """The sum of squared covariances of different columns over the rows, divided by the number of columns.

    Taken from the product of rows, so that no matrix of vocabulary by vocabulary is made. One row has none.
    """
    if len(z) < 2:
        return z.sum() * 0
    off = z - z.mean(0)
    everything = (off @ off.T).square().sum()
    same = off.square().sum(0).square().sum()
    return (everything - same) / (len(z) - 1) ** 2 / z.shape[1]


def _by_rows(z: Logits, base: Logits, rows: int, shape: Shape) -> Scalar:
    """KL by PyTorch's `batchmean` over a batch of texts: the sum of all places, divided by the number of texts."""
    return divergence(z, base).sum() / max(rows, 1)


def _at_temperature(z: Logits, base: Logits, rows: int, shape: Shape) -> Scalar:
    """T^2 times the mean KL at temperature T, as in Hinton et al. 2015."""
    return shape.temperature**2 * divergence(z, base, shape.temperature).mean()


def _without_gradient(z: Logits, shape: Shape) -> Scalar:
    with torch.no_grad():
        return -share_of_top(z, shape, "nuclear")


FORMS: dict[str, Form] = {
    # ICLR 2026, arXiv v6 and later; code of llm172 at 2829797, whose places are one too late
    "iclr": Form(
        _at_temperature,
        lambda z, shape: -entropy(z, shape.top_entropy).mean(),
        lambda z, shape: -share_of_top(z, shape, "frobenius"),
    ),
    # its form for classifiers, here on the answer places
    "nlu": Form(_at_temperature, lambda z, shape: covariance(z), lambda z, shape: -share_of_top(z, shape, "nuclear")),
    # arXiv v2 to v5 as written
    "v5": Form(
        lambda z, base, rows, shape: divergence(z, base).mean(),
        lambda z, shape: -entropy(z).mean(),
        lambda z, shape: -share_of_top(z, shape, "nuclear"),
    ),
    # arXiv v1, code at 7ae1804: its entropy has the other sign. The variance it subtracts too has no weight there
    "v1": Form(_by_rows, lambda z, shape: entropy(z).mean(), lambda z, shape: -share_of_top(z, shape, "nuclear")),
    # code of v5 at e119f2f: the spectrum is taken under no_grad
    "no_grad": Form(_by_rows, lambda z, shape: -entropy(z).mean(), _without_gradient),
    # spring 2025: the k values are divided by the sum of the same k, and the entropy has v1's sign
    "same_k": Form(_by_rows, lambda z, shape: entropy(z).mean(), lambda z, shape: -share_of_top(z, shape, "same")),
}
