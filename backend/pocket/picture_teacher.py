"""The bundled model of pictures as it is taught: its sizes, its words, its first weights, and what it is asked.

Beside CLIP's loss it is asked for the names and the widest kinds of what each picture shows, and every patch for the
name of the thing that covers it: labels that no plain CLIP training has, and that its students may profit from. The
two layers that answer for patches and pictures without words are dropped afterwards. Knows the pictures' world and
the building blocks of CLIP models. Does not step (picture_steps.py does) and does not score.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from transformers import CLIPModel, PreTrainedTokenizerFast

from backend.core.seeding import generator
from backend.core.training.finetune_state import FinetuneState
from backend.core.vision.captions import MARKS, numbered, word_tokenizer
from backend.core.vision.contrastive import clip_loss
from backend.core.vision.models import Outputs, Sizes, TowerSize, clip_of
from backend.core.vision.pairs import Pairs
from backend.pocket.lessons import share_at
from backend.pocket.picture_pool import Shown
from backend.pocket.pictures.thing import UNCOUNTED, article
from backend.pocket.pictures.things import KNOWN, THINGS
from backend.pocket.pictures.words import vocabulary

CONTEXT = 32  # the longest caption seen has 25 numbers, its marks among them
TEMPLATES = ("{}", "a picture of {}", "a drawing of {}", "we see {}", "look at {}")
WIDEST = tuple(dict.fromkeys(thing.kinds[-1] for thing in THINGS.values()))  # animal, food, vehicle, ...
KINDS = torch.tensor([[float(THINGS[name].kinds[-1] == kind) for kind in WIDEST] for name in KNOWN])


@dataclass(frozen=True)
class Lesson:
    """What the teacher is taught with. `lr` is the step size of the layers' matrices, `others` that of all else; both
    rise for `warm` steps and then fall to nothing. `seeing` steps go by before the text tower is asked anything. A new
    picture is drawn for every step, `grown` at once, up to `pictures`; `first` are there at the start.
    """

    steps: int = 5000
    lr: float = 0.02
    others: float = 2e-3
    warm: int = 50
    clip: float = 1.0
    seeing: int = 1000
    batch: int = 64
    first: int = 20_000
    grown: int = 8
    pictures: int = 50_000
    loose: float = 0.3
    jitter: float = 0.1
    seed: int = 0

    def as_dict(self) -> dict:
        """What JSON can hold of it."""
        return asdict(self)

    def share_at(self, step: int) -> float:
        """What part of the step sizes this step has, counted from 0."""
        return share_at(step, self.steps, self.warm)


def teacher_sizes() -> Sizes:
    """0.84 million parameters, 1.7 MB in half precision; heads that divide by 2 and 4, for cutting.

    Things in scenes are 12 pixels wide: patches of 4 pixels show their parts, patches of 8 hardly do.
    """
    words = len(vocabulary()) + len(MARKS)
    return Sizes(TowerSize(96, 4, 4, 384), TowerSize(96, 3, 4, 384), words=words, context=CONTEXT, joint=96, patch=4)


def teacher_tokenizer() -> PreTrainedTokenizerFast:
    """One number for every word that captions of the world can have."""
    return word_tokenizer(vocabulary(), CONTEXT)


def untaught(seed: int = 0) -> CLIPModel:
    """The teacher before its first step, its image tower started so that patches attend to their neighbours."""
    return local_start(clip_of(teacher_sizes(), seed), seed)


def named(noun: str) -> str:
    """The noun with its article."""
    return f"some {noun}" if noun in UNCOUNTED else f"{article(noun)} {noun}"


def local_start(model: CLIPModel, seed: int) -> CLIPModel:
    """Weights of the image tower as in "Mimetic initialization of self-attention layers" (Trockman and Kolter, arXiv
    2305.09828): waves of the place as position embeddings, products of queries and keys near the identity, those of
    values and outputs near its negative. Changes the model in place and returns it."""
    tower, rng = model.vision_model, generator("local start", seed)
    width, heads = model.config.vision_config.hidden_size, model.config.vision_config.num_attention_heads
    patch = model.config.vision_config.patch_size
    with torch.no_grad():
        waves = _waves(model.config.vision_config.image_size // patch, width)
        size = tower.embeddings.patch_embedding.weight.std() * (3 * patch**2) ** 0.5  # as large as a patch's own part
        tower.embeddings.position_embedding.weight[1:] = waves * size
        for layer in tower.encoder.layers:
            one = layer.self_attn
            for rows in torch.arange(width).chunk(heads):
                left, right = _factors(0.7, 0.7, width, rng)
                one.q_proj.weight[rows], one.k_proj.weight[rows] = left.T[: len(rows)], right[: len(rows)]
            one.out_proj.weight[:], one.v_proj.weight[:] = _factors(0.4, -0.4, width, rng)
    return model


def _waves(grid: int, width: int) -> Float[Tensor, "patches width"]:
    """Sine and cosine of row and column, in rising wave lengths."""
    frequencies = 100 ** -(torch.arange(width // 4) / (width // 4)) * (32 / grid / 4)
    places = torch.cartesian_prod(torch.arange(grid), torch.arange(grid))
    angles = places[:, :, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=2).flatten(1)


def _factors(noise: float, share: float, width: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two matrices whose product is `share` of the identity and noise, largest singular values first."""
    wanted = noise * torch.randn(width, width, generator=rng) / width**0.5 + share * torch.eye(width)
    left, sizes, right = torch.linalg.svd(wanted)
    return left * sizes.sqrt(), sizes.sqrt()[:, None] * right


class Pupil(nn.Module):
    """The model, with a layer that names what covers a patch and one that names what a picture shows."""

    def __init__(self, seed: int):
        super().__init__()
        self.clip = untaught(seed)
        width = self.clip.config.vision_config.hidden_size
        self.patch_names, self.picture_names = nn.Linear(width, len(KNOWN) + 1), nn.Linear(width, len(KNOWN))
        for layer in (self.patch_names, self.picture_names):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def loss(self, pairs: Pairs, shown: Shown, prompts: Tensor | None) -> Tensor:
        """The sum of the losses, in nats; without prompts, those of the image tower alone."""
        image = self.clip.vision_model(pixel_values=pairs.pixels)
        patches = self.clip.vision_model.post_layernorm(image.last_hidden_state[:, 1:])
        loss = F.cross_entropy(self.patch_names(patches).float().flatten(0, 1), shown.cover.flatten(0, 1))
        loss = loss + F.cross_entropy(self.picture_names(image.pooler_output).float(), _shares(shown.names))
        if prompts is None:
            return loss
        features = F.normalize(self.clip.visual_projection(image.pooler_output).float(), dim=-1)
        scale = self.clip.logit_scale.exp()
        answers = scale * features @ self._texts(prompts).T
        names, kinds = answers.split([len(KNOWN), len(WIDEST)], dim=1)
        there = (shown.names @ KINDS > 0).float()
        loss = loss + F.cross_entropy(names, _shares(shown.names)) + 0.5 * F.cross_entropy(kinds, _shares(there))
        return loss + clip_loss(Outputs(features, self._texts(pairs.ids), None, None, scale))

    def _texts(self, ids: Tensor) -> Float[Tensor, "n joint"]:
        found = self.clip.text_projection(self.clip.text_model(input_ids=ids).pooler_output)
        return F.normalize(found.float(), dim=-1)


def prompts_of(tokenizer: PreTrainedTokenizerFast, step: int) -> Tensor:
    """Word numbers of all names and then of all widest kinds, in the template of this step."""
    template = TEMPLATES[step % len(TEMPLATES)]
    ids, _ = numbered(tokenizer, [template.replace("{}", named(noun)) for noun in (*KNOWN, *WIDEST)], CONTEXT)
    return ids


def jittered(pairs: Pairs, amount: float, rng: torch.Generator) -> Pairs:
    """Contrast and brightness of each picture changed by so many standard deviations of colours, and half as much
    noise on every pixel."""
    contrast, light = (amount * torch.randn(len(pairs), 1, 1, 1, generator=rng) for _ in range(2))
    noise = amount / 2 * torch.randn(pairs.pixels.shape, generator=rng)
    return Pairs(pairs.pixels * (1 + contrast) + light + noise, pairs.ids, pairs.mask)


def _shares(right: Float[Tensor, "n classes"]) -> Float[Tensor, "n classes"]:
    """As a probability: equal shares for all that are right."""
    return right / right.sum(1, keepdim=True)


def start_of(folder: Path, model: CLIPModel) -> FinetuneState | None:
    """Where a teaching that was broken off stood; None where there was none."""
    path = folder / "state.safetensors"
    if not path.exists():
        return None
    state = FinetuneState.load(path)
    state.check_fits({name: p for name, p in model.named_parameters() if p.requires_grad})
    return state
