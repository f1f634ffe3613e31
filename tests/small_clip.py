"""A CLIP model of a few thousand random weights, pairs for it, and its towers written out naively."""

import math

import torch
import torch.nn.functional as F
from transformers import CLIPConfig, CLIPModel

from backend.core.seeding import generator
from backend.core.vision.pairs import Pairs

WORDS, CONTEXT, SIDE, END = 20, 6, 16, 4


def tower_config(hidden: int, depth: int, heads: int, neurons: int) -> dict:
    return {
        "hidden_size": hidden,
        "num_hidden_layers": depth,
        "num_attention_heads": heads,
        "intermediate_size": neurons,
        "projection_dim": 10,
    }


def small_config(image=(24, 4, 3, 30), text=(16, 3, 2, 20)) -> CLIPConfig:
    marks = {"bos_token_id": 3, "eos_token_id": END, "pad_token_id": 0}
    words = {"vocab_size": WORDS, "max_position_embeddings": CONTEXT} | marks
    picture = {"image_size": SIDE, "patch_size": 8}
    return CLIPConfig(
        text_config=tower_config(*text) | words, vision_config=tower_config(*image) | picture, projection_dim=10
    )


def small_clip(seed: int = 0, config: CLIPConfig | None = None) -> CLIPModel:
    """All weights random, those of LayerNorms and biases too, so that a channel mistaken for another is noticed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = CLIPModel(config or small_config()).eval()
        with torch.no_grad():
            for name, p in model.named_parameters():
                if name != "logit_scale":
                    p.add_(0.3 * torch.randn(p.shape))
    return model


def small_pairs(n: int = 5, seed: int = 0) -> Pairs:
    """Random pictures and captions of different lengths: begin, words, end, padding."""
    rng = generator("small pairs", seed)
    ids = torch.zeros(n, CONTEXT, dtype=torch.long)
    for row in range(n):
        words = 1 + row % (CONTEXT - 2)
        inside = torch.randint(5, WORDS, (words,), generator=rng)
        ids[row, : words + 2] = torch.tensor([3, *inside.tolist(), END])
    return Pairs(torch.randn(n, 3, SIDE, SIDE, generator=rng), ids, (ids != 0).long())


def features(model: CLIPModel, pairs: Pairs) -> torch.Tensor:
    """Both towers' normalised features below each other, by transformers' own forward pass."""
    out = model(input_ids=pairs.ids, pixel_values=pairs.pixels, attention_mask=None)
    return torch.cat([out.image_embeds, out.text_embeds])


def naive_features(model: CLIPModel, pairs: Pairs, masks: dict[str, torch.Tensor]) -> torch.Tensor:
    """The features under masks, one picture and one caption at a time, one head at a time."""
    p = dict(model.named_parameters())
    rows = []
    for picture in pairs.pixels:
        cells = [picture[:, y : y + 8, x : x + 8] for y in range(0, SIDE, 8) for x in range(0, SIDE, 8)]
        patches = [torch.einsum("dchw,chw->d", p["vision_model.embeddings.patch_embedding.weight"], c) for c in cells]
        x = torch.stack([p["vision_model.embeddings.class_embedding"], *patches])
        x = (x + p["vision_model.embeddings.position_embedding.weight"]) * masks["image.hidden"]
        x = _norm(p, "vision_model.pre_layrnorm", x, masks["image.hidden"])
        x = _blocks(model, "image", "vision_model", x, masks, causal=False)
        last = _norm(p, "vision_model.post_layernorm", x[:1], masks["image.hidden"])[0]
        rows.append(F.normalize(p["visual_projection.weight"] @ last, dim=0))
    for ids in pairs.ids:
        x = p["text_model.embeddings.token_embedding.weight"][ids]
        x = (x + p["text_model.embeddings.position_embedding.weight"]) * masks["text.hidden"]
        x = _blocks(model, "text", "text_model", x, masks, causal=True)
        last = _norm(p, "text_model.final_layer_norm", x, masks["text.hidden"])[ids.tolist().index(END)]
        rows.append(F.normalize(p["text_projection.weight"] @ last, dim=0))
    return torch.stack(rows)


def _blocks(model, tower, prefix, x, masks, causal):
    p, hidden = dict(model.named_parameters()), masks[f"{tower}.hidden"]
    for layer in range(len(getattr(model, prefix).encoder.layers)):
        at = f"{prefix}.encoder.layers.{layer}"
        normed = _norm(p, f"{at}.layer_norm1", x, hidden)
        q, k, v = (_linear(p, f"{at}.self_attn.{one}_proj", normed) for one in "qkv")
        width, outs = getattr(model, prefix).encoder.layers[layer].self_attn.head_dim, []
        for head, mask in enumerate(masks[f"{tower}.{layer}.heads"]):
            part = slice(head * width, (head + 1) * width)
            scores = q[:, part] @ k[:, part].T / math.sqrt(width)
            if causal:
                scores = scores + torch.full_like(scores, float("-inf")).triu(1)
            outs.append(scores.softmax(-1) @ v[:, part] * mask)
        x = x + _linear(p, f"{at}.self_attn.out_proj", torch.cat(outs, 1)) * hidden
        inner = _linear(p, f"{at}.mlp.fc1", _norm(p, f"{at}.layer_norm2", x, hidden))
        inner = inner * torch.sigmoid(1.702 * inner) * masks[f"{tower}.{layer}.neurons"]
        x = x + _linear(p, f"{at}.mlp.fc2", inner) * hidden
    return x


def _linear(p, name, x):
    return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]


def _norm(p, name, x, hidden):
    """Mean and variance over channels whose mask is not 0, channel after channel."""
    kept = [c for c in range(len(hidden)) if hidden[c] != 0]
    out = torch.zeros_like(x)
    for row in range(len(x)):
        values = torch.stack([x[row, c] for c in kept])
        spread = torch.sqrt(values.var(correction=0) + 1e-5)
        for c in kept:
            out[row, c] = (x[row, c] - values.mean()) / spread * p[f"{name}.weight"][c] + p[f"{name}.bias"][c]
    return out
