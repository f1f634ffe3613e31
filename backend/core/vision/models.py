"""CLIP models of any size: made from a few numbers, and what both towers say of a batch of pairs.

transformers' CLIPModel is the model. Knows sizes and features. Does not know losses, files or where pairs come from.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor
from transformers import CLIPConfig, CLIPModel

from backend.core.seeding import generator
from backend.core.vision.captions import BEGIN, END, PAD
from backend.core.vision.pairs import Pairs
from backend.errors import UserError


@dataclass(frozen=True)
class TowerSize:
    """One tower: `width` of the residual stream, `depth` in layers, heads and neurons of each layer."""

    width: int
    depth: int
    heads: int
    neurons: int


@dataclass(frozen=True)
class Sizes:
    """A whole model. `words` numbers in the vocabulary, `context` of a caption, `joint` width of the features."""

    image: TowerSize
    text: TowerSize
    words: int
    context: int
    joint: int
    side: int = 32
    patch: int = 8

    def as_dict(self) -> dict:
        """What JSON can hold of it."""
        return asdict(self)


@dataclass(frozen=True)
class Outputs:
    """What the towers say of a batch. All features have length 1, and `scale` is what similarities are multiplied by.

    `patches` are those of the last image layer, row after row of the grid, `words` those of the text tower at every
    position of `Pairs.ids`, marks and padding included; both go through their tower's own projection.
    """

    image: Float[Tensor, "n joint"]
    text: Float[Tensor, "n joint"]
    patches: Float[Tensor, "n patches joint"] | None
    words: Float[Tensor, "n words joint"] | None
    scale: Float[Tensor, ""]


def clip_of(sizes: Sizes, seed: int = 0) -> CLIPModel:
    """An untrained model of these sizes, in evaluation mode; the seed alone decides its weights.

    Raises UserError where the sizes fit no model.
    """
    _check(sizes)
    image, text = sizes.image, sizes.text
    config = CLIPConfig(
        text_config=_tower(text, sizes.joint)
        | {
            "vocab_size": sizes.words,
            "max_position_embeddings": sizes.context,
            "bos_token_id": BEGIN,
            "eos_token_id": END,
            "pad_token_id": PAD,
        },
        vision_config=_tower(image, sizes.joint) | {"image_size": sizes.side, "patch_size": sizes.patch},
        projection_dim=sizes.joint,
    )
    with seeded("clip", seed):
        return CLIPModel(config).eval()


def sizes_of(model: CLIPModel) -> Sizes:
    """The sizes of a model."""
    image, text = model.config.vision_config, model.config.text_config
    towers = [
        TowerSize(t.hidden_size, t.num_hidden_layers, t.num_attention_heads, t.intermediate_size) for t in (image, text)
    ]
    return Sizes(
        *towers,
        words=text.vocab_size,
        context=text.max_position_embeddings,
        joint=model.config.projection_dim,
        side=image.image_size,
        patch=image.patch_size,
    )


def outputs(model: CLIPModel, pairs: Pairs, tokens: bool = False) -> Outputs:
    """The features of a batch; those of every patch and word where `tokens` asks for them.

    The mask goes to nobody: the text tower is causal and padding stands at the end, so no word ever sees it.
    """
    image = model.vision_model(pixel_values=pairs.pixels)
    text = model.text_model(input_ids=pairs.ids)
    patches = words = None
    if tokens:
        seen = model.vision_model.post_layernorm(image.last_hidden_state[:, 1:])
        patches = F.normalize(model.visual_projection(seen), dim=-1)
        words = F.normalize(model.text_projection(text.last_hidden_state), dim=-1)
    return Outputs(
        F.normalize(model.visual_projection(image.pooler_output), dim=-1),
        F.normalize(model.text_projection(text.pooler_output), dim=-1),
        patches,
        words,
        model.logit_scale.exp(),
    )


def image_features(model: CLIPModel, pixels: Float[Tensor, "n 3 h w"], batch: int = 256) -> Float[Tensor, "n joint"]:
    """The features of pictures, without gradients, `batch` pictures at a time."""
    with torch.no_grad():
        found = [model.vision_model(pixel_values=part).pooler_output for part in pixels.split(batch)]
        return F.normalize(model.visual_projection(torch.cat(found)), dim=-1)


def text_features(model: CLIPModel, ids: Int[Tensor, "n words"], batch: int = 256) -> Float[Tensor, "n joint"]:
    """The features of captions, without gradients, `batch` captions at a time."""
    with torch.no_grad():
        found = [model.text_model(input_ids=part).pooler_output for part in ids.split(batch)]
        return F.normalize(model.text_projection(torch.cat(found)), dim=-1)


@contextmanager
def seeded(*parts: object) -> Iterator[None]:
    """Draw torch's own random numbers from a seed of these parts; the numbers outside go on as if nothing had been."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(generator(*parts).initial_seed())
        yield


def _tower(tower: TowerSize, joint: int) -> dict:
    return {
        "hidden_size": tower.width,
        "num_hidden_layers": tower.depth,
        "num_attention_heads": tower.heads,
        "intermediate_size": tower.neurons,
        "projection_dim": joint,
    }


def _check(sizes: Sizes) -> None:
    for name, tower in (("image", sizes.image), ("text", sizes.text)):
        if min(asdict(tower).values()) < 1 or tower.width % tower.heads:
            raise UserError(
                f"The {name} tower cannot have a width of {tower.width}, {tower.depth} layers and {tower.heads} heads.",
                "a width that the number of heads divides, and at least one layer",
                "Change the width or the heads.",
            )
    if sizes.patch < 1 or sizes.side < sizes.patch or sizes.side % sizes.patch:
        raise UserError(
            f"Patches of {sizes.patch} pixels do not fill a side of {sizes.side}.",
            "a side that is a multiple of the patch",
            "Change the patch or the side.",
        )
