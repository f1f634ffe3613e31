"""The subspace of long rows is numpy's singular value decomposition, without ever making it."""

import numpy as np
import pytest
import torch

from backend.core.subspace import subspace


def rows_of_rank(rank: int, count: int = 9, length: int = 40) -> torch.Tensor:
    rng = torch.Generator().manual_seed(2)
    draw = {"generator": rng, "dtype": torch.float64}
    sizes = 2.0 ** -torch.arange(rank, dtype=torch.float64)
    return torch.randn(count, rank, **draw) * sizes @ torch.randn(rank, length, **draw)


@pytest.mark.parametrize("directions", [1, 3, 9])
def test_its_columns_are_the_right_singular_vectors_but_for_their_signs(directions):
    rows = rows_of_rank(9)
    found = subspace(rows, directions)
    _, _, right = np.linalg.svd(rows.numpy(), full_matrices=False)
    assert found.shape == (40, directions)
    assert np.allclose(np.abs((found.numpy() * right[:directions].T).sum(axis=0)), 1, atol=1e-9)
    assert torch.allclose(found.T @ found, torch.eye(directions, dtype=torch.float64), atol=1e-9)


def test_rows_of_a_lower_rank_give_fewer_directions_and_zeros_none():
    rows = rows_of_rank(4)
    found = subspace(rows, 9)
    assert found.shape == (40, 4)
    assert torch.allclose(rows @ found @ found.T, rows, atol=1e-9)  # nothing of them is lost
    assert subspace(torch.zeros(3, 40), 2).shape == (40, 0)
