"""Scoring a model of pictures and captions: classes by their names, and retrieval both ways, an item a row.

The rows are raw, so that whoever reads them can take shares, intervals or paired differences. Knows features and
tokenizers; neither data nor files.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import CLIPModel, PreTrainedTokenizerBase

from backend.core.vision.captions import numbered
from backend.core.vision.models import text_features
from backend.errors import UserError


@dataclass(frozen=True)
class Ranked:
    """One row an item that was looked up for: `rank` of the best right candidate, 1 being the best of all, and the
    `top` candidates, best first. A wrong candidate that ties with the right one counts as better."""

    rank: Int[Tensor, " items"]
    top: Int[Tensor, "items k"]

    def share(self, k: int) -> float:
        """The share of items that have a right candidate among their best `k`."""
        return (self.rank <= k).double().mean().item()

    def rows(self) -> list[dict]:
        """The items as JSON can hold them."""
        return [{"rank": r, "top": t} for r, t in zip(self.rank.tolist(), self.top.tolist(), strict=True)]


def class_features(
    model: CLIPModel, tokenizer: PreTrainedTokenizerBase, names: Sequence[str], templates: Sequence[str]
) -> Float[Tensor, "names joint"]:
    """What each class's prompts say on average, with length 1. A template has `{}` in the place of the name.

    Costs a pass of the text tower over names times templates. Raises UserError for a template without its place.
    """
    bad = [template for template in templates if "{}" not in template]
    if bad or not templates:
        found = f'The template "{bad[0]}" has no place for a name.' if bad else "There is no template."
        raise UserError(found, "{} in every template", 'Write, say, "a picture of {}".')
    texts = [template.replace("{}", name) for name in names for template in templates]
    ids, _ = numbered(tokenizer, texts, model.config.text_config.max_position_embeddings)
    found = text_features(model, ids.to(model.device))
    return F.normalize(found.view(len(names), len(templates), -1).mean(1), dim=-1)


def ranked(
    similarity: Float[Tensor, "items candidates"], right: Bool[Tensor, "items candidates"], k: int = 5
) -> Ranked:
    """Where the best right candidate of each item stands. Every item needs one."""
    best = similarity.masked_fill(~right, -torch.inf).amax(1, keepdim=True)
    ahead = ((similarity >= best) & ~right).sum(1)
    return Ranked(ahead + 1, similarity.topk(min(k, similarity.shape[1]), dim=1).indices)


def classified(
    image: Float[Tensor, "n joint"],
    classes: Float[Tensor, "classes joint"],
    right: Bool[Tensor, "n classes"],
    k: int = 5,
) -> Ranked:
    """Each picture's classes by similarity; several may be right for one."""
    return ranked(image @ classes.T, right, k)


def retrieved(
    image: Float[Tensor, "n joint"],
    text: Float[Tensor, "m joint"],
    right: Bool[Tensor, "n m"] | None = None,
    k: int = 5,
) -> dict[str, Ranked]:
    """Texts for every image and images for every text. Without `right`, image i and text i belong together."""
    similarity = image @ text.T
    right = torch.eye(len(image), dtype=torch.bool, device=image.device) if right is None else right
    return {"image_to_text": ranked(similarity, right, k), "text_to_image": ranked(similarity.T, right.T, k)}
