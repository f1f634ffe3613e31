"""Subspace: the few directions in which many long rows mostly lie, by singular value decomposition.

Knows rows of numbers. The rows are few and long, as gradients are, so it decomposes their inner products: n * n numbers
in 64 bits, where n * length would be too many.
"""

import torch
from jaxtyping import Float
from torch import Tensor

LEAST = 1e-10  # of the largest squared singular value; below that a direction is made of rounding


def subspace(rows: Float[Tensor, "n length"], directions: int) -> Float[Tensor, "length kept"]:
    """The right singular vectors of the largest singular values as columns, at most `directions` of them.

    Fewer where the rows have a lower rank, none where all are zero. Of a vector only its sign is open. Not centred: the
    mean of the rows is a direction like others. On the rows' device and of their type.
    """
    gram = (rows @ rows.T).double().cpu()
    squares, left = torch.linalg.eigh(gram)  # ascending
    squares, left = squares.flip(0)[:directions], left.flip(1)[:, :directions]
    kept = squares > LEAST * squares[0].clamp(min=torch.finfo(torch.float64).tiny)
    weights = left[:, kept] / squares[kept].sqrt()
    return rows.T @ weights.to(rows.device, rows.dtype)
