"""Students written out as dual numbers: the same loss, gradients and second derivatives as transformers' own."""

from dataclasses import replace

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, OPTConfig

from backend.core.models import dual
from backend.core.models.backbones import Backbone, load_backbone
from backend.core.models.dual_students import DualStudent
from backend.core.models.lora import LoraStudent
from backend.core.params import Params, as_leaves, gradients, inner_product
from backend.core.seeding import generator
from backend.core.text.batches import IGNORED, Batch
from tests.double import EXACT, double_backbone, relative

pytestmark = pytest.mark.usefixtures("double")
FAMILIES = ("opt", "llama")


@pytest.fixture(scope="module", params=[*FAMILIES, "opt-pocket", "llama-pocket"])
def pair(request, tiny_models, double) -> tuple[LoraStudent, DualStudent]:
    student = LoraStudent(double_backbone(tiny_models.get(request.param, request.param)), 4, 8)
    return student, DualStudent.of(student)


@pytest.fixture
def case(pair):
    return case_of(pair[0])


def case_of(student: LoraStudent) -> tuple:
    """A padded batch, parameters away from their start, and a direction."""
    rng = torch.Generator().manual_seed(3)
    vocabulary, width = student.table.shape
    ids = torch.randint(vocabulary, (3, 9), generator=rng)
    mask, labels = torch.ones(3, 9, dtype=torch.long), ids[:, -3:].clone()
    mask[1, :4] = 0
    mask[2, -1], labels[2, -1] = 0, IGNORED
    embeds = student.table[ids] + 0.1 * student.table.std() * torch.randn(3, 9, width, generator=rng)
    params = {n: p + 0.05 * torch.randn(p.shape, generator=rng) for n, p in student.initial(0).items()}
    towards = {n: torch.randn(p.shape, generator=rng) for n, p in params.items()}
    return Batch(embeds, mask, labels), params, towards


def test_loss_and_gradient_are_those_of_the_model(pair, case):
    student, written = pair
    batch, params, _ = case
    found, wanted = ([], [])
    for one, kept in ((written, found), (student, wanted)):
        leaves, embeds = as_leaves(params), batch.embeds.clone().requires_grad_()
        loss = one.loss(leaves, replace(batch, embeds=embeds))
        kept += [loss.detach(), *torch.autograd.grad(loss, (embeds, *leaves.values()))]
    assert max(relative(a, b) for a, b in zip(found, wanted, strict=True)) < EXACT


def test_the_derivative_along_a_direction_and_its_gradients_are_those_of_a_double_backward(pair, case):
    same_along_and_gradients(*pair, *case)


SMALL = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 500.0, "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 8}  # fmt: skip
VARIANTS = [
    LlamaConfig(**SMALL, intermediate_size=48, attention_bias=True, mlp_bias=True),
    LlamaConfig(**SMALL, intermediate_size=48, head_dim=12, num_key_value_heads=2),
    LlamaConfig(**SMALL, intermediate_size=48, num_key_value_heads=1, tie_word_embeddings=True),
    LlamaConfig(**SMALL, intermediate_size=48, rope_parameters=LLAMA3),
    OPTConfig(**SMALL, ffn_dim=48, word_embed_proj_dim=32, enable_bias=False),
    OPTConfig(**SMALL, ffn_dim=48, word_embed_proj_dim=32, tie_word_embeddings=False),
]


@pytest.mark.parametrize("config", VARIANTS, ids=lambda config: config.model_type)
def test_variants_of_the_families_are_written_out_too(config, tiny_models):
    tokenizer = load_backbone(str(tiny_models["opt"])).tokenizer
    config._attn_implementation, config.use_cache = "eager", False
    torch.manual_seed(5)
    model = AutoModelForCausalLM.from_config(config).eval().requires_grad_(False)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    for name, p in model.named_parameters():  # norms and biases that are 1 and 0 would hide a mistake
        if p.ndim == 1:
            p.add_(0.1 * torch.randn(p.shape, generator=generator("variant", name)))
    student = LoraStudent(Backbone(model, tokenizer, "variant", config.model_type), 4, 8)
    same_along_and_gradients(student, DualStudent.of(student), *case_of(student))


@pytest.mark.parametrize(
    "change", [{"activation_function": "gelu"}, {"do_layer_norm_before": False}, {"word_embed_proj_dim": 16}]
)
def test_a_variant_that_is_not_written_out_says_so(change, tiny_models):
    tokenizer = load_backbone(str(tiny_models["opt"])).tokenizer
    config = OPTConfig(**SMALL | {"ffn_dim": 48, "word_embed_proj_dim": 32} | change)
    model = AutoModelForCausalLM.from_config(config).eval().requires_grad_(False)
    assert DualStudent.of(LoraStudent(Backbone(model, tokenizer, "variant", "opt"), 4, 8)) is None


def same_along_and_gradients(
    student: LoraStudent, written: DualStudent, batch: Batch, params: Params, towards: Params
) -> None:
    leaves, embeds = as_leaves(params), batch.embeds.clone().requires_grad_()
    slope = gradients(student.loss(leaves, replace(batch, embeds=embeds)), leaves, create_graph=True)
    wanted = inner_product(towards, slope)
    wanted = [wanted.detach(), *torch.autograd.grad(wanted, (embeds, *leaves.values()))]
    leaves, embeds = as_leaves(params), batch.embeds.clone().requires_grad_()
    found = written.along(leaves, replace(batch, embeds=embeds), towards)
    found = [found.detach(), *torch.autograd.grad(found, (embeds, *leaves.values()))]
    assert max(relative(a, b) for a, b in zip(found, wanted, strict=True)) < EXACT


def test_what_is_not_written_out_says_so(tiny_models):
    assert DualStudent.of(LoraStudent(load_backbone(str(tiny_models["gpt2"])), 4, 8)) is None


@pytest.mark.parametrize("parts", [1, 2])
def test_norms_maps_and_relus_are_torchs_own_with_their_derivative_along_the_tangent(parts):
    rng = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    z, weight, bias, matrix, by = drawn(2, 3, 4, 6), drawn(6), drawn(6), drawn(5, 6), drawn(5)
    of_value = {
        "norm": lambda x: torch.nn.functional.layer_norm(x, (6,), weight, bias, 1e-5),
        "map": lambda x: torch.nn.functional.linear(x, matrix, by),
        "relu": torch.relu,
    }
    of_dual = {
        "norm": lambda x: dual.layer_norm(x, weight, bias, 1e-5),
        "map": lambda x: dual.linear(x, matrix, dual.shift(by)),
        "relu": dual.relu,
    }
    for name, function in of_value.items():
        value, tangent = torch.autograd.functional.jvp(function, z[0], z[1])
        found = of_dual[name](z[:parts])
        assert torch.allclose(found[0], value, atol=1e-12), name
        assert parts == 1 or torch.allclose(found[1], tangent, atol=1e-12), name
    assert torch.autograd.gradcheck(of_dual["norm"], z.clone().requires_grad_())
