"""What a frozen model says of every view and every caption of a pool, computed once and looked up for each batch.

A teacher then costs nothing while its students train. Knows pools and models; no loss.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import CLIPModel

from backend.core.vision.images import normalised
from backend.core.vision.models import Outputs, image_features, text_features
from backend.core.vision.pair_pool import PairPool, PoolBatch


@dataclass(frozen=True)
class CachedFeatures:
    """`image[i, v]` is view v of picture i, `text[t]` text t of the pool; all have length 1."""

    image: Float[Tensor, "pictures views joint"]
    text: Float[Tensor, "texts joint"]
    scale: Float[Tensor, ""]

    def outputs(self, batch: PoolBatch) -> Outputs:
        """What `models.outputs` gives of the batch, without patches and words."""
        return Outputs(self.image[batch.rows, batch.views], self.text[batch.captions], None, None, self.scale)


def cached_features(model: CLIPModel, pool: PairPool) -> CachedFeatures:
    """One pass of both towers over the pool, without gradients. Memory: 4 bytes a feature."""
    found = []
    for numbers in pool.every_view():
        seen = normalised(pool.seen(numbers[:, 0], numbers[:, 1]), pool.normal)
        found.append(image_features(model, seen.to(model.device)))
    image = torch.cat(found).view(len(pool), pool.views, -1)
    return CachedFeatures(image, text_features(model, pool.ids.to(model.device)), model.logit_scale.detach().exp())
