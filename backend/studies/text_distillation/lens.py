"""The neighbour lens: which real tokens lie near each learned token, how far off it is, and where in the vocabulary.

The map is the first two principal components of the token table, computed once, so that dots do not wander by
themselves; how much of the spread they show is told with them. Knows a token table, a tokenizer and embeddings; no run.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.models.nearest_tokens import NearestTokens
from backend.core.seeding import generator

NEIGHBOURS = 8
MOST_POINTS = 1500  # of the vocabulary's cloud: more make no other picture


class Lens:
    """Looks at embeddings through one token table. Distances are in units of the table, as everywhere."""

    def __init__(self, nearest: NearestTokens, tokenizer):
        self.nearest = nearest
        self.pieces = tokenizer.batch_decode([[i] for i in nearest.ids.tolist()], clean_up_tokenization_spaces=False)
        self._place = {token: place for place, token in enumerate(nearest.ids.tolist())}
        rows = nearest.table[torch.from_numpy(nearest.ids)].detach().double().cpu()
        self._mean = rows.mean(0)
        spread, directions = torch.linalg.eigh((rows - self._mean).T @ (rows - self._mean))
        plane = directions[:, -2:].flip(1)
        largest = plane.gather(0, plane.abs().argmax(0, keepdim=True))
        self._plane = plane * largest.sign()  # an eigenvector's sign is arbitrary: its largest entry is positive
        self.explained = float(spread[-2:].sum() / spread.sum().clamp(min=1e-30))

    def on_map(self, points: Float[Tensor, "points hidden"]) -> list[list[float]]:
        """Where embeddings lie on the map, in units of the table."""
        flat = (points.detach().double().cpu() - self._mean) @ self._plane / self.nearest.scale
        return [[round(x, 3), round(y, 3)] for x, y in flat.tolist()]

    def look(self, points: Float[Tensor, "points hidden"]) -> list[dict]:
        """Of each embedding: `at` on the map, and `near`: [token, distance] of its nearest tokens, nearest first."""
        ids, distances = self.nearest.search(points, min(NEIGHBOURS, len(self.pieces)))
        return [
            {
                "at": at,
                "near": [
                    [self.pieces[self._place[token]], round(distance / self.nearest.scale, 3)]
                    for token, distance in zip(tokens, far, strict=True)
                ],
            }
            for at, tokens, far in zip(self.on_map(points), ids.tolist(), distances.tolist(), strict=True)
        ]

    def vocabulary(self) -> dict:
        """The map's background: `points` and `tokens` of at most MOST_POINTS tokens, `explained`: their share of the
        table's spread, `of`: how many tokens there are."""
        order = torch.randperm(len(self.pieces), generator=generator("vocabulary map"))[:MOST_POINTS].tolist()
        chosen = sorted(order)
        points = self.on_map(self.nearest.table[torch.from_numpy(self.nearest.ids[chosen])])
        tokens = [self.pieces[place] for place in chosen]
        return {"explained": round(self.explained, 4), "of": len(self.pieces), "points": points, "tokens": tokens}
