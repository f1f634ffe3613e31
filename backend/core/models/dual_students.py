"""A LoRA student's loss, and its derivative along a direction of its parameters, written out for two families.

The same numbers as `Student.loss`, without transformers' and peft's bookkeeping, and with the last layer computed only
where an answer is read. A layer is one function of tensors, so that it can be compiled once for all layers. Knows OPT
and Llama as transformers lays them out; nothing of matching.
"""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from backend.core.models import dual
from backend.core.models.lora import A, B, LoraStudent
from backend.core.params import Params
from backend.core.text.batches import Batch, positions

PREFIX = "base_model.model."
Weights = dict[str, Tensor | None]


@dataclass(frozen=True)
class Sizes:
    """What is no tensor: width of a head, heads that share a key, the norms' epsilon, LoRA's scale."""

    depth: int
    groups: int
    eps: float
    scale: float


@dataclass(frozen=True)
class Layer:
    """A layer's frozen tensors, its sizes, and the names of its two adapters, of queries and of values."""

    weights: Weights
    sizes: Sizes
    adapted: tuple[str, str]


@dataclass
class DualStudent:
    """The student's loss as a function of parameters and embeddings. `of` says whether a student can be written so."""

    student: LoraStudent
    layers: list[Layer] = field(init=False)

    def __post_init__(self):
        self.model, self.device = self.student.backbone.model, self.student.device
        self.layers = self._layers(self.student.alpha / self.student.rank)
        self.layer = type(self).written

    @staticmethod
    def of(student: LoraStudent) -> "DualStudent | None":
        """The student written out; None where its family, or a choice of its config, is not written out here."""
        if type(student) is not LoraStudent:
            return None
        config = student.backbone.model.config
        if student.backbone.family == "opt":
            plain = config.do_layer_norm_before and config.activation_function == "relu"
            plain &= config.word_embed_proj_dim == config.hidden_size and not config._remove_final_layer_norm
            return DualOpt(student) if plain and config.layer_norm_elementwise_affine else None
        return DualLlama(student) if student.backbone.family == "llama" and config.hidden_act == "silu" else None

    def compile(self) -> "DualStudent":
        """This student with each layer fused; costs one to two minutes when it is first used. What was compiled
        before, of other students or sizes, is forgotten: dynamo gives up a function that it has compiled too often."""
        torch.compiler.reset()
        self.layer = torch.compile(type(self).written, dynamic=False)
        return self

    def loss(self, params: Params, batch: Batch) -> Float[Tensor, ""]:
        """Mean cross entropy per answer token."""
        return self._run(params, None, batch)

    def along(self, params: Params, batch: Batch, direction: Params) -> Float[Tensor, ""]:
        """<gradient of the loss, direction>; differentiable in parameters and embeddings, once."""
        return self._run(params, direction, batch)

    def _run(self, params: Params, direction: Params | None, batch: Batch) -> Tensor:
        mask, width = batch.mask.to(self.device), batch.labels.shape[1]
        z = self._embedded(batch.embeds, mask)[None]
        if direction is not None:
            z = torch.cat([z, torch.zeros_like(z)])
        seen, around = causal(mask, z.dtype), self._around(mask)
        for layer in self.layers:
            last = width + 1 if layer is self.layers[-1] else 0
            adapters = [adapter(params, direction, name) for name in layer.adapted]
            z = self.layer(z, tail(seen, last), around, layer.weights, adapters, layer.sizes, last)
        logits = F.linear(self._normed(z)[:, :, :-1], self.model.get_output_embeddings().weight)
        return dual.cross_entropy(logits, batch.labels.to(self.device))


def adapter(params: Params, direction: Params | None, name: str) -> list[Tensor]:
    """A and B, and where there is a direction their parts of it."""
    found = [params[f"{name}.{A}"], params[f"{name}.{B}"]]
    return found if direction is None else [*found, direction[f"{name}.{A}"], direction[f"{name}.{B}"]]


def causal(mask: Tensor, dtype: torch.dtype) -> Float[Tensor, "batch 1 seq seq"]:
    """0 where a place may look, the lowest number elsewhere, as transformers' own mask has it."""
    length = mask.shape[1]
    allowed = torch.ones(length, length, dtype=torch.bool, device=mask.device).tril() & mask.bool()[:, None, None]
    return torch.zeros(allowed.shape, dtype=dtype, device=mask.device).masked_fill(~allowed, torch.finfo(dtype).min)


def tail(z: Tensor, last: int) -> Tensor:
    """The last places; all for 0, without a slice, whose backward fills a tensor with zeros first."""
    return z[:, :, -last:] if last else z


def heads(z: Tensor, depth: int) -> Tensor:
    return z.unflatten(-1, (-1, depth)).transpose(-2, -3)


def merged(z: Tensor) -> Tensor:
    return z.transpose(-2, -3).flatten(-2)


def rotated(z: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Su et al. 2021; linear, so the tangent turns alike."""
    half = z.shape[-1] // 2
    return z * cos + torch.cat([-z[..., half:], z[..., :half]], -1) * sin


def linear(z: Tensor, weights: Weights, name: str) -> Tensor:
    return dual.linear(z, weights[name], weights[name + ".bias"])


def frozen(**modules: torch.nn.Module) -> Weights:
    """Weights and biases of norms and maps, or of the maps below an adapter, by name; a map's as dual.shift has it."""
    below = {name: getattr(module, "base_layer", module) for name, module in modules.items()}
    biases = {name: getattr(module, "bias", None) for name, module in below.items()}
    maps = {name for name, module in below.items() if isinstance(module, torch.nn.Linear)}
    return {name: m.weight for name, m in below.items()} | {
        f"{n}.bias": dual.shift(bias) if n in maps else bias for n, bias in biases.items()
    }


def projected(x: Tensor, weights: Weights, adapters: list[list[Tensor]], sizes: Sizes, last: int) -> tuple:
    """Queries at the last places (0 for all), keys and values everywhere, in heads."""
    (qa, qb, *q_dot), (va, vb, *v_dot) = adapters
    asking = tail(x, last)
    q = linear(asking, weights, "q") + dual.lora(asking, qa, qb, sizes.scale, *q_dot)
    v = linear(x, weights, "v") + dual.lora(x, va, vb, sizes.scale, *v_dot)
    return tuple(heads(part, sizes.depth) for part in (q * sizes.depth**-0.5, linear(x, weights, "k"), v))


class DualLlama(DualStudent):
    """Pre-norm with RMS, rotary attention with grouped keys, SwiGLU (Touvron et al. 2023)."""

    @staticmethod
    def written(z, mask, around, weights: Weights, adapters: list[list[Tensor]], sizes: Sizes, last: int) -> Tensor:
        cos, sin = around
        q, k, v = projected(dual.rms_norm(z, weights["norm"], sizes.eps), weights, adapters, sizes, last)
        q, k = rotated(q, tail(cos, last), tail(sin, last)), rotated(k, cos, sin)
        if sizes.groups > 1:
            k, v = (part.repeat_interleave(sizes.groups, 2) for part in (k, v))
        z = tail(z, last) + linear(merged(dual.attention(q, k, v, mask)), weights, "o")
        x = dual.rms_norm(z, weights["after"], sizes.eps)
        return z + linear(dual.swiglu(linear(x, weights, "gate"), linear(x, weights, "up")), weights, "down")

    def _layers(self, scale: float) -> list[Layer]:
        found = []
        for number, layer in enumerate(self.model.model.layers):
            own, mlp = layer.self_attn, layer.mlp
            weights = frozen(
                q=own.q_proj, k=own.k_proj, v=own.v_proj, o=own.o_proj, gate=mlp.gate_proj, up=mlp.up_proj,
                down=mlp.down_proj, norm=layer.input_layernorm, after=layer.post_attention_layernorm,
            )  # fmt: skip
            sizes = Sizes(own.head_dim, own.num_key_value_groups, layer.input_layernorm.variance_epsilon, scale)
            name = f"{PREFIX}model.layers.{number}.self_attn"
            found.append(Layer(weights, sizes, (f"{name}.q_proj", f"{name}.v_proj")))
        return found

    def _embedded(self, embeds: Tensor, mask: Tensor) -> Tensor:
        return embeds

    def _around(self, mask: Tensor) -> tuple[Tensor, Tensor]:
        cos, sin = self.model.model.rotary_emb(self.model.model.norm.weight, position_ids=positions(mask))
        return cos[:, None], sin[:, None]

    def _normed(self, z: Tensor) -> Tensor:
        norm = self.model.model.norm
        return dual.rms_norm(z, norm.weight, norm.variance_epsilon)


class DualOpt(DualStudent):
    """Pre-norm, biases everywhere, learned positions, ReLU (Zhang et al. 2022)."""

    @staticmethod
    def written(z, mask, around, weights: Weights, adapters: list[list[Tensor]], sizes: Sizes, last: int) -> Tensor:
        x = dual.layer_norm(z, weights["norm"], weights["norm.bias"], sizes.eps)
        z = tail(z, last) + linear(
            merged(dual.attention(*projected(x, weights, adapters, sizes, last), mask)), weights, "o"
        )
        x = dual.layer_norm(z, weights["after"], weights["after.bias"], sizes.eps)
        return z + linear(dual.relu(linear(x, weights, "up")), weights, "down")

    def _layers(self, scale: float) -> list[Layer]:
        found = []
        for number, layer in enumerate(self.model.model.decoder.layers):
            own = layer.self_attn
            weights = frozen(
                q=own.q_proj, k=own.k_proj, v=own.v_proj, o=own.out_proj, up=layer.fc1, down=layer.fc2,
                norm=layer.self_attn_layer_norm, after=layer.final_layer_norm,
            )  # fmt: skip
            sizes = Sizes(own.head_dim, 1, layer.final_layer_norm.eps, scale)
            name = f"{PREFIX}model.decoder.layers.{number}.self_attn"
            found.append(Layer(weights, sizes, (f"{name}.q_proj", f"{name}.v_proj")))
        return found

    def _embedded(self, embeds: Tensor, mask: Tensor) -> Tensor:
        return embeds + self.model.model.decoder.embed_positions(mask, position_ids=positions(mask))

    def _around(self, mask: Tensor) -> None:
        return None

    def _normed(self, z: Tensor) -> Tensor:
        norm = self.model.model.decoder.final_layer_norm
        return dual.layer_norm(z, norm.weight, norm.bias, norm.eps)
