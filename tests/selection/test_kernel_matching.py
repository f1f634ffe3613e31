"""Kernel mean matching: the greedy set is the one that plain sums of kernels find, and it is chosen jointly."""

from collections import Counter

import numpy as np

from backend.selection.kernel_matching import nearest_embedding, squared_distances
from backend.selection.quota import Quota, shares


def toy(rows: int, seed: int, width: int = 6) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, width))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


LENGTHS = [2] * 20 + [3] * 10


def naive(rows: np.ndarray, wanted: np.ndarray, size: int) -> list[int]:
    """Every open row is tried, and the whole distance between mean embeddings is summed anew."""
    width = np.median([np.sum((a - b) ** 2) for a in rows for b in wanted])

    def kernel(a, b) -> float:
        return float(np.exp(-np.sum((a - b) ** 2) / width))

    def distance(chosen: list[int]) -> float:
        among = np.mean([kernel(rows[i], rows[j]) for i in chosen for j in chosen])
        return among - 2 * np.mean([kernel(rows[i], v) for i in chosen for v in wanted])

    taken: list[int] = []
    while len(taken) < size:
        left = Counter(shares(LENGTHS, size)) - Counter(LENGTHS[row] for row in taken)
        open_ = [row for row in range(len(rows)) if row not in taken and left[LENGTHS[row]]]
        taken.append(min(open_, key=lambda row: distance([*taken, row])))
    return taken


def test_each_row_brings_the_mean_embedding_nearest_to_the_queries():
    rows, wanted = toy(30, 1), toy(8, 2)
    assert nearest_embedding(rows, wanted, Quota(LENGTHS, 9)) == naive(rows, wanted, 9)


def test_two_heaps_of_queries_are_both_served_though_one_is_better_row_by_row():
    """Nine queries in one place and three in another: the best four single rows are all in the first."""
    here, there, far = np.eye(3)
    rows = np.stack([here] * 6 + [there] * 6 + [far] * 6) + 1e-3 * toy(18, 3, 3)
    wanted = np.stack([here] * 9 + [there] * 3)
    taken = nearest_embedding(rows, wanted, Quota([1] * 18, 4))
    assert Counter(row // 6 for row in taken) == {0: 3, 1: 1}


def test_a_pool_that_holds_the_queries_gives_them_back():
    wanted = np.eye(5)
    rows = np.concatenate([wanted, -wanted])
    assert set(nearest_embedding(rows, wanted, Quota([1] * 10, 5))) == set(range(5))


def test_squared_distances_are_those_of_pairs():
    rows, others = toy(4, 5).astype(np.float32), toy(3, 6).astype(np.float32)
    expected = [[np.sum((a - b) ** 2) for b in others] for a in rows]
    assert np.allclose(squared_distances(rows, others), expected, atol=1e-6)
    assert squared_distances(rows, rows).min() >= 0
