"""Words of captions matched with patches of pictures, and a contrastive loss on how well they match.

LightCLIP (Nie et al., arXiv 2312.00674) aligns the two by a relaxed bipartite matching. Its formulas could not be read:
the ones here, and what "relaxed" means, are our reading of its abstract; the row maximum is FILIP's (Yao et al., arXiv
2111.07783). Knows embeddings of tokens; no model and no ground truth.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from backend.core.vision.soft_labels import Weights, softened_loss

RULES = ("one_to_one", "relaxed", "row_max", "sinkhorn")
Similar = Float[Tensor, "*pairs words patches"]


@dataclass(frozen=True)
class Matching:
    """How a word finds its patch.

    one_to_one: the assignment of the largest sum in which a patch serves one word.
    relaxed: a patch may serve up to `k` words.
    row_max: every word takes its most similar patch, whatever the others take.
    sinkhorn: an entropic transport plan at temperature `epsilon`, after `iterations` rounds of at least one. Each word
    is spread over patches, and all patches serve alike. It makes no call for each pair, so it is the one for a GPU.
    """

    rule: Literal["one_to_one", "relaxed", "row_max", "sinkhorn"] = "relaxed"
    k: int = 2
    epsilon: float = 0.05
    iterations: int = 5

    def capacity(self, words: int, patches: int) -> int:
        """How many words a patch may serve: more than asked where there would be no patch left for some word."""
        if self.rule == "row_max":
            return words
        return max(1 if self.rule == "one_to_one" else self.k, math.ceil(words / patches))


def word_places(mask: Int[Tensor, "n words"]) -> Bool[Tensor, "n words"]:
    """Where the words of right-padded captions are: what the mask keeps, but for its first and its last sign."""
    position = torch.arange(mask.shape[1], device=mask.device)
    return mask.bool() & (position > 0) & (position < mask.sum(-1, keepdim=True) - 1)


def cosines(patches: Float[Tensor, "n patches d"], words: Float[Tensor, "m words d"]) -> Similar:
    """The cosine of every word of every caption and every patch of every picture: [n, m, words, patches]."""
    return torch.einsum("npd,mwd->nmwp", F.normalize(patches, dim=-1), F.normalize(words, dim=-1))


def plan(similar: Similar, places: Bool[Tensor, "*captions words"], matching: Matching) -> Similar:
    """How much of each word goes to each patch: rows of words sum to 1, rows of other signs are 0. No gradient.

    Hard rules put 1 on one patch. `places` says which rows are words; it may lack leading dimensions of `similar`.
    The exact rules call scipy's solver where more words want a patch than it may serve: 10 to 40 microseconds of a
    processor for each such picture and caption, of 8 to 16 words and 16 patches. A batch has its square of them.
    """
    similar = torch.nan_to_num(similar.detach())  # a loss that is no number should end the training, not the solver
    places = places.expand(similar.shape[:-1])
    solve = _transport if matching.rule == "sinkhorn" else _assigned
    return solve(similar, places, matching) * places.unsqueeze(-1)


def token_scores(
    patches: Float[Tensor, "n patches d"],
    words: Float[Tensor, "m words d"],
    places: Bool[Tensor, "m words"],
    matching: Matching,
) -> Float[Tensor, "n m"]:
    """The mean similarity of a caption's words and the patches they are matched with, for every picture and caption.

    The gradient goes through the similarities of matched pairs alone. A caption without words scores 0.
    Memory: n * m * words * patches numbers, two to four times.
    """
    similar = cosines(patches, words)
    matched = (plan(similar, places, matching) * similar).sum((-1, -2))
    return matched / places.sum(-1).clamp(min=1)


def token_loss(
    patches: Float[Tensor, "n patches d"],
    words: Float[Tensor, "n words d"],
    places: Bool[Tensor, "n words"],
    scale: Float[Tensor, ""] | float,
    matching: Matching,
    softness: float = 0.0,
    weights: Weights = "similarity",
) -> Float[Tensor, ""]:
    """The contrastive loss on token scores times `scale`, in nats; labels may be softened as those of whole pairs."""
    return softened_loss(scale * token_scores(patches, words, places, matching), softness, weights)


def _assigned(similar: Similar, places: Bool[Tensor, "*pairs words"], matching: Matching) -> Similar:
    """One-hot rows of the best assignment. Where no patch is over its capacity, every word's own best patch is it."""
    words, patches = similar.shape[-2:]
    flat, real = similar.reshape(-1, words, patches), places.reshape(-1, words)
    best = flat.argmax(-1)
    load = (F.one_hot(best, patches) * real.unsqueeze(-1)).sum(1).amax(-1)
    room = torch.tensor([matching.capacity(count, patches) for count in range(words + 1)], device=load.device)
    crowded = (load > room[real.sum(-1)]).nonzero().flatten()
    if len(crowded):
        best[crowded] = _solved(flat[crowded], real[crowded], matching, best[crowded])
    return F.one_hot(best, patches).to(similar.dtype).view_as(similar)


def _solved(
    similar: Float[Tensor, "crowded words patches"],
    places: Bool[Tensor, "crowded words"],
    matching: Matching,
    best: Int[Tensor, "crowded words"],
) -> Int[Tensor, "crowded words"]:
    """The patch of every word; each patch stands in the solver's table as often as it may serve.

    In numpy: an index into a tensor takes longer than an assignment.
    """
    found, patches = best.cpu().numpy().copy(), similar.shape[-1]
    for row, table, real in zip(found, similar.float().cpu().numpy(), places.cpu().numpy(), strict=True):
        table = table[real]
        table = np.concatenate([table] * matching.capacity(len(table), patches), axis=1)
        row[real] = linear_sum_assignment(table, maximize=True)[1] % patches
    return torch.from_numpy(found).to(best.device)


def _transport(similar: Similar, places: Bool[Tensor, "*pairs words"], matching: Matching) -> Similar:
    """Sinkhorn's iterations on logarithms: a word has mass 1, a patch gets the words' mass divided by the patches."""
    words = places.unsqueeze(-1)
    share = (places.sum(-1).clamp(min=1).to(similar.dtype) / similar.shape[-1]).log()[..., None, None]
    found = similar / matching.epsilon
    for _ in range(matching.iterations):
        received = found.masked_fill(~words, -torch.inf).logsumexp(-2, keepdim=True)
        found = found - received.nan_to_num(neginf=0.0) + share
        found = found.log_softmax(-1)
    return found.exp()
