"""What two methods that see nothing but pixels make of a split: the nearest training picture, and kernel ridge.

They learn from labelled pictures, which a zero-shot model never gets, and so are no small bar. Knows scikit-learn.
"""

import numpy as np
import torch
from jaxtyping import Float, UInt8
from sklearn.kernel_ridge import KernelRidge
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from backend.core.vision.splits import Split
from backend.core.vision.zero_shot import Ranked, ranked

MOST = 6000  # labelled pictures: ridge regression takes the cube of them
NEIGHBOURS = 5  # the nearest decides, others break ties


def pixel_baselines(
    pixels: UInt8[np.ndarray, "pictures side side 3"], labels: Float[Tensor, "pictures classes"], split: Split
) -> dict[str, Ranked]:
    """`nearest` and `ridge` on a split, from labelled pictures of its classes; the first 6,000 of them.

    With 6,000 pictures of 32 pixels about 15 s of one core.
    """
    known, asked = _flat(pixels[:MOST]), _flat(split.pixels)
    wanted = labels[:MOST].numpy()
    ridge = KernelRidge(alpha=1.0, kernel="rbf", gamma=1 / (known.shape[1] * known.var())).fit(known, wanted)
    neighbours = min(NEIGHBOURS, len(known))
    near = NearestNeighbors(n_neighbors=neighbours).fit(known).kneighbors(asked, return_distance=False)
    votes = sum(wanted[near[:, place]] / 10.0**place for place in range(neighbours))
    return {
        "nearest": ranked(torch.from_numpy(votes), split.right),
        "ridge": ranked(torch.from_numpy(ridge.predict(asked)), split.right),
    }


def _flat(pixels: UInt8[np.ndarray, "n side side 3"]) -> Float[np.ndarray, "n colours"]:
    return pixels.reshape(len(pixels), -1).astype(np.float32) / 255
