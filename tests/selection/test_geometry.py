"""Coresets in a space of vectors, k-center and herding, against plain loops. No model made the vectors."""

from collections import Counter

import numpy as np

from backend.selection.geometry import farthest_points, nearest_means
from backend.selection.quota import Quota, shares


def toy_vectors(rows: int = 30, width: int = 5) -> np.ndarray:
    vectors = np.random.default_rng(1).normal(size=(rows, width))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


LENGTHS = [2] * 20 + [3] * 10


def naive_open(taken: list[int], size: int) -> list[int]:
    left = Counter(shares(LENGTHS, size)) - Counter(LENGTHS[row] for row in taken)
    return [row for row in range(len(LENGTHS)) if row not in taken and left[LENGTHS[row]]]


def test_k_center_takes_the_farthest_open_point():
    x, taken = toy_vectors(), []
    for _ in range(9):
        if taken:
            taken.append(max(naive_open(taken, 9), key=lambda i: min(np.linalg.norm(x[i] - x[j]) for j in taken)))
        else:
            taken.append(min(naive_open(taken, 9), key=lambda i: np.linalg.norm(x[i] - x.mean(0))))
    assert farthest_points(x, Quota(LENGTHS, 9)) == taken


def test_k_center_covers_three_heaps_with_three_points():
    heaps = np.repeat(np.eye(3), 5, axis=0) + 0.01 * np.random.default_rng(0).normal(size=(15, 3))
    assert {row // 5 for row in farthest_points(heaps, Quota([1] * 15, 3))} == {0, 1, 2}


def test_herding_is_wellings_update():
    x, taken = toy_vectors(), []
    weights = x.mean(0)
    for _ in range(9):
        taken.append(max(naive_open(taken, 9), key=lambda i: weights @ x[i]))
        weights = weights + x.mean(0) - x[taken[-1]]
    assert nearest_means(x, Quota(LENGTHS, 9)) == taken


def test_herding_keeps_the_mean_better_than_chance():
    x, rng = toy_vectors(200), np.random.default_rng(2)
    lengths = [1] * 200

    def far(rows) -> float:
        return float(np.linalg.norm(x[rows].mean(0) - x.mean(0)))

    by_chance = [far(rng.choice(200, 10, replace=False)) for _ in range(200)]
    assert far(nearest_means(x, Quota(lengths, 10))) < min(by_chance)
