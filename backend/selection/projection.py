"""Random projection: long gradients made short, with their inner products kept on average.

Knows rows of numbers. Johnson and Lindenstrauss 1984; sparse signs after Li, Hastie and Church 2006, by scikit-learn.
LESS itself uses dense Rademacher signs on a GPU; sparse ones have the same mean and cost 1/sqrt(features) of the work.
"""

import numpy as np
from jaxtyping import Float
from sklearn.random_projection import SparseRandomProjection

from backend.core.seeding import generator

DIMENSIONS = 8192  # LESS's


class Projection:
    """From `features` numbers a row to at most `dimensions`, the same for the same seed; as they are if not longer.

    460,800 features keep a matrix of 5.6 million entries, 67 MB; scikit-learn took 19 s to draw it (one CPU core).
    """

    def __init__(self, features: int, dimensions: int = DIMENSIONS, seed: int = 0):
        self.features, self.dimensions = features, min(features, dimensions)
        self._map = None
        if features > dimensions:
            drawn = int(generator("projection", seed).initial_seed() % 2**32)
            self._map = SparseRandomProjection(dimensions, dense_output=True, random_state=drawn)
            self._map.fit(np.zeros((1, features), np.float32))  # only the shape and the type are read

    def __call__(self, rows: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "n dimensions"]:
        """The projected rows, float32."""
        rows = np.asarray(rows, np.float32)
        return rows if self._map is None else self._map.transform(rows)


def unit(rows: Float[np.ndarray, "n dimensions"]) -> Float[np.ndarray, "n dimensions"]:
    """Rows of length 1; a row of zeros stays one."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
