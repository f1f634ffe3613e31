"""A forward pass of our own through both towers, for weights that no CLIPConfig describes.

Shapes are read from the weights, so every layer may have its own number of heads and neurons, none included. On the
weights of a CLIPModel it gives the numbers of that model. Knows no masks, no cutting and no files.
"""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from transformers import CLIPModel
from transformers.activations import ACT2FN

from backend.core.params import Params
from backend.core.vision.models import Outputs
from backend.core.vision.pairs import Pairs

IMAGE, TEXT = "vision_model.", "text_model."
States = Float[Tensor, "n places width"]


@dataclass(frozen=True)
class Recipe:
    """What the weights do not say: the width of a head and the activation of each tower, where a caption ends."""

    image_head: int
    text_head: int
    image_activation: str
    text_activation: str
    epsilon: float
    end: int

    @classmethod
    def of(cls, model: CLIPModel) -> "Recipe":
        """The recipe of a model."""
        image, text = model.config.vision_config, model.config.text_config
        heads = [tower.hidden_size // tower.num_attention_heads for tower in (image, text)]
        return cls(*heads, image.hidden_act, text.hidden_act, text.layer_norm_eps, text.eos_token_id)

    def as_dict(self) -> dict:
        """What JSON can hold of it."""
        return asdict(self)


def own_outputs(weights: Params, recipe: Recipe, pairs: Pairs, tokens: bool = False) -> Outputs:
    """What `models.outputs` gives, of weights by the names of CLIPModel's state."""
    image, text = image_states(weights, recipe, pairs.pixels), text_states(weights, recipe, pairs.ids)
    seen = _norm(weights, IMAGE + "post_layernorm", image, recipe)
    ends = end_of(pairs.ids, recipe.end)
    see, read = weights["visual_projection.weight"], weights["text_projection.weight"]
    return Outputs(
        _features(seen[:, 0], see),
        _features(text[torch.arange(len(text), device=text.device), ends], read),
        _features(seen[:, 1:], see) if tokens else None,
        _features(text, read) if tokens else None,
        weights["logit_scale"].exp(),
    )


def image_states(weights: Params, recipe: Recipe, pixels: Float[Tensor, "n 3 h w"]) -> States:
    """The image tower's last states: the class mark's, then the patches'. The last normalisation is still to come."""
    patch = weights[IMAGE + "embeddings.patch_embedding.weight"]
    seen = F.conv2d(pixels, patch, stride=patch.shape[-1]).flatten(2).transpose(1, 2)
    mark = weights[IMAGE + "embeddings.class_embedding"].expand(len(seen), 1, -1)
    x = torch.cat([mark, seen], dim=1) + weights[IMAGE + "embeddings.position_embedding.weight"]
    x = _norm(weights, IMAGE + "pre_layrnorm", x, recipe)  # spelt so in CLIPModel
    return _layers(weights, IMAGE, x, recipe.image_head, recipe.image_activation, recipe, causal=False)


def text_states(weights: Params, recipe: Recipe, ids: Tensor) -> States:
    """The text tower's last states at every position, normalised."""
    words = F.embedding(ids, weights[TEXT + "embeddings.token_embedding.weight"])
    x = words + weights[TEXT + "embeddings.position_embedding.weight"][: ids.shape[1]]
    x = _layers(weights, TEXT, x, recipe.text_head, recipe.text_activation, recipe, causal=True)
    return _norm(weights, TEXT + "final_layer_norm", x, recipe)


def end_of(ids: Tensor, end: int) -> Tensor:
    """The position that stands for a whole caption. An old mistake is kept as CLIPModel keeps it: where the end has
    number 2, as in OpenAI's own files, it is the position of the highest number."""
    return ids.argmax(-1) if end == 2 else (ids == end).int().argmax(-1)


def _layers(weights: Params, tower: str, x: States, head: int, act: str, recipe: Recipe, *, causal: bool) -> States:
    depth = 0
    while (layer := f"{tower}encoder.layers.{depth}.") + "layer_norm1.weight" in weights:
        x = x + _attention(
            weights, layer + "self_attn.", _norm(weights, layer + "layer_norm1", x, recipe), head, causal
        )
        inner = _linear(weights, layer + "mlp.fc1", _norm(weights, layer + "layer_norm2", x, recipe))
        x = x + _linear(weights, layer + "mlp.fc2", ACT2FN[act](inner))
        depth += 1
    return x


def _attention(weights: Params, name: str, x: States, head: int, causal: bool) -> States:
    """Attention of as many heads as there are rows for; without any, what is left is the output's bias."""
    parts = [_linear(weights, name + part, x).unflatten(-1, (-1, head)).transpose(1, 2) for part in _QKV]
    mixed = F.scaled_dot_product_attention(*parts, is_causal=causal) if parts[0].shape[1] else parts[2]
    return _linear(weights, name + "out_proj", mixed.transpose(1, 2).flatten(2))


_QKV = ("q_proj", "k_proj", "v_proj")


def _linear(weights: Params, name: str, x: Tensor) -> Tensor:
    return F.linear(x, weights[name + ".weight"], weights[name + ".bias"])


def _norm(weights: Params, name: str, x: Tensor, recipe: Recipe) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], weights[name + ".weight"], weights[name + ".bias"], recipe.epsilon)


def _features(x: Tensor, projection: Tensor) -> Tensor:
    return F.normalize(F.linear(x, projection), dim=-1)
