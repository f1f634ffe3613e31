"""Nearest-neighbour projection: each learned embedding to the id of its closest real token, then to text.

Exact search with faiss over the ids that text may contain. Knows a table, a tokenizer and embeddings; not how they were
learned. Source: TTDM (Yao et al. 2025), the decoding of learned prompts to token ids.
"""

import unicodedata
from collections.abc import Sequence

import faiss
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor


def writable_ids(tokenizer, vocabulary: int) -> list[int]:
    """Ids that stand for ordinary text. Left out: special tokens, padding rows past the tokenizer, control characters,
    runs of blanks, and pieces of a character that are no text alone."""
    special, known = set(tokenizer.all_special_ids), min(len(tokenizer), vocabulary)
    pieces = tokenizer.batch_decode([[i] for i in range(known)], clean_up_tokenization_spaces=False)
    return [i for i, piece in enumerate(pieces) if i not in special and _is_text(piece)]


def _is_text(piece: str) -> bool:
    readable = all(c != "\ufffd" and not unicodedata.category(c).startswith("C") for c in piece)
    return readable and (bool(piece.strip()) or piece == " ")  # a single blank is part of ordinary writing


class NearestTokens:
    """The nearest real tokens of any embedding, by Euclidean distance."""

    def __init__(self, table: Float[Tensor, "vocab hidden"], ids: list[int]):
        self.ids = np.asarray(ids)
        self.table = table
        self.scale = float(table.std() * table.shape[1] ** 0.5)  # the length of a typical token's deviation
        self._index = faiss.IndexFlatL2(table.shape[1])
        self._index.add(table[ids].float().cpu().numpy())

    def search(self, points: Float[Tensor, "points hidden"], k: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Ids (points, k) of the k nearest tokens and their Euclidean distances (points, k), nearest first."""
        squared, places = self._index.search(points.detach().float().cpu().contiguous().numpy(), k)
        return self.ids[places], np.sqrt(np.maximum(squared, 0.0))

    def project(self, prompts: Float[Tensor, "slots length hidden"], lengths: list[int]) -> list[tuple[int, ...]]:
        """The nearest id at every place of every prompt."""
        return [
            tuple(self.search(prompt[:length])[0][:, 0].tolist())
            for prompt, length in zip(prompts, lengths, strict=True)
        ]

    def regulariser(self, prompts: Float[Tensor, "slots length hidden"], used: Tensor) -> Float[Tensor, ""]:
        """Mean distance of the prompts' tokens to their nearest real token, in units of `scale`. Differentiable; the
        nearest token is looked up anew and held constant, as in TTDM's neighbour-aware loss."""
        points = prompts[used]
        nearest = self.table[torch.from_numpy(self.search(points)[0][:, 0]).to(self.table.device)]
        return torch.linalg.vector_norm(points - nearest, dim=-1).mean() / self.scale


def to_text(tokenizer, ids: tuple[int, ...]) -> str:
    """The text of a decoded prompt, without the blanks at its ends."""
    return tokenizer.decode(list(ids), clean_up_tokenization_spaces=False).strip()


def as_grid(ids: Sequence[tuple[int, ...]]) -> Int[Tensor, "slots length"]:
    """Ids of unequal numbers as one tensor, filled up with 0."""
    longest = max(len(row) for row in ids)
    return torch.tensor([[*row] + [0] * (longest - len(row)) for row in ids])


def as_rows(grid: Int[Tensor, "slots length"], lengths: list[int]) -> list[tuple[int, ...]]:
    """The ids of each row of a grid that `as_grid` filled up, cut to its own length again."""
    return [tuple(row[:length]) for row, length in zip(grid.tolist(), lengths, strict=True)]
