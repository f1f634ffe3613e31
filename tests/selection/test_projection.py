"""Random projections of gradients: inner products stay, on average, and the seed decides the draw."""

import numpy as np

from backend.selection.projection import Projection


def test_a_projection_keeps_inner_products_on_average():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3000)).astype(np.float32)
    b = (a + b) / 2
    found = []
    for seed in range(60):
        project = Projection(3000, 64, seed)
        pa, pb = project(np.stack([a, b]))
        found.append(pa @ pb)
    exact = a @ b
    spread = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - exact) < 3 * spread < 0.1 * exact


def test_a_projection_is_drawn_from_its_seed_and_left_out_where_it_would_not_shorten():
    rows = np.random.default_rng(0).normal(size=(3, 200)).astype(np.float32)
    assert np.array_equal(Projection(200, 50, 1)(rows), Projection(200, 50, 1)(rows))
    assert not np.array_equal(Projection(200, 50, 1)(rows), Projection(200, 50, 2)(rows))
    assert Projection(200, 50)(rows).shape == (3, 50) and Projection(200, 200)(rows) is rows
