"""Every way to fine-tune starts at the untouched model, saves what loads anywhere, and gives its backbone back."""

import copy
import json
import math

import peft
import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    OPTConfig,
    OPTForCausalLM,
)

from backend.core.models.adapters import METHODS, make_student
from backend.core.models.backbones import MODELS, Backbone, fingerprint, load_backbone, lora_targets
from backend.core.models.lora import Student
from backend.core.text.examples import Rows, encode
from backend.core.text.prompts import Example, question_prompt
from backend.core.training.finetune import Plan, finetune
from backend.core.training.finetune_state import FinetuneState
from backend.errors import UserError
from tests import tiny
from tests.double import EXACT, double_backbone, in_double

EXAMPLES = [Example(question_prompt(q), options[answer]) for q, options, answer in tiny.FACTS[:6]]
METHODS_AND_FAMILIES = [(method, family) for family in tiny.FAMILIES for method in METHODS]
RANK, ALPHA = 2, 6


@pytest.fixture(scope="module")
def untouched(tiny_models) -> dict[str, Backbone]:
    """A model of each family that no test may change."""
    return {family: load_backbone(str(tiny_models[family])) for family in tiny.FAMILIES}


@pytest.fixture(params=METHODS_AND_FAMILIES, ids="-".join)
def case(request, tiny_models, untouched) -> tuple[Student, Backbone]:
    """A student, and its model untouched."""
    method, family = request.param
    return make_student(load_backbone(str(tiny_models[family])), method, RANK, ALPHA), untouched[family]


def logits_of(model: torch.nn.Module, backbone: Backbone) -> torch.Tensor:
    ids = backbone.tokenizer("Question: What is hot?\nAnswer: the sun", return_tensors="pt").input_ids
    with torch.no_grad():
        return model(input_ids=ids).logits


def train(student: Student, steps: int = 2):
    rows = Rows([encode(student.backbone.tokenizer, example) for example in EXAMPLES], student.table)
    start = FinetuneState.fresh(student.initial(0))
    tuning = finetune(student, start, lambda step: rows.micro_batches(list(range(len(rows)))), Plan(steps, 0.01))
    return list(tuning)[-1].params()


def same(a: torch.Tensor, b: torch.Tensor, exactly: bool) -> bool:
    """To the bit; or, for PiSSA, which takes its directions out of the weights and adds them again, up to the roundings
    of weights below 2, 1e-7 each, times the 32 that a logit of a tiny model sums, in two layers of six maps."""
    return torch.equal(a, b) if exactly else torch.allclose(a, b, atol=2e-4, rtol=1e-4)


def is_pissa(student: Student) -> bool:
    return type(student).__name__ == "PissaStudent"


def test_before_training_and_at_its_start_again_a_student_computes_what_the_untouched_model_does(case):
    student, fresh = case
    untouched = logits_of(fresh.model, fresh)
    assert same(logits_of(student.model, fresh), untouched, exactly=not is_pissa(student))
    before = {name: p.clone() for name, p in student.initial(3).items()}
    train(student)
    assert not same(logits_of(student.model, fresh), untouched, exactly=False)
    start = student.initial(3)
    assert start.keys() == student.shapes.keys() == student.live().keys()
    assert all(torch.equal(start[name], before[name]) for name in before)
    student.put(start)
    assert same(logits_of(student.model, fresh), untouched, exactly=not is_pissa(student))


def test_a_saved_student_loads_anywhere_and_answers_the_same_and_can_be_trained_again(case, tmp_path):
    student, fresh = case
    params = train(student)
    student.save(params, tmp_path / "saved")
    ours = logits_of(student.model, fresh)
    if (tmp_path / "saved" / "adapter_config.json").exists():
        loaded = peft.PeftModel.from_pretrained(copy.deepcopy(fresh.model), str(tmp_path / "saved"))
    else:
        loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "saved", attn_implementation="eager")
        tokenizer = AutoTokenizer.from_pretrained(tmp_path / "saved")
        assert tokenizer("a cow").input_ids == fresh.tokenizer("a cow").input_ids
    assert same(logits_of(loaded.eval(), fresh), ours, exactly=not is_pissa(student))
    assert all(torch.equal(p, params[name]) for name, p in student.live().items())
    again = train(student)
    assert again.keys() == params.keys() and all(torch.equal(again[name], params[name]) for name in params)


def test_a_removed_student_leaves_the_backbone_as_it_was_ready_for_another(case):
    student, fresh = case
    with pytest.raises(RuntimeError, match="carries a student already"):
        make_student(student.backbone, "lora", RANK, ALPHA)
    train(student)
    student.remove()
    assert fingerprint(student.backbone) == fingerprint(fresh)
    assert torch.equal(logits_of(student.backbone.model, fresh), logits_of(fresh.model, fresh))
    assert not any(p.requires_grad for p in student.backbone.model.parameters())
    second = make_student(student.backbone, "lora", RANK, ALPHA)
    train(second)
    assert not torch.equal(logits_of(second.model, fresh), logits_of(fresh.model, fresh))


@pytest.fixture(params=tiny.FAMILIES)
def folder(request, tiny_models) -> str:
    return str(tiny_models[request.param])


def targeted(backbone: Backbone) -> list[torch.Tensor]:
    """The adapted weights as (out, in), in the order of the modules."""
    names, found = lora_targets(backbone), []
    for name, part in backbone.model.named_modules():
        if name.rpartition(".")[2] in names:
            weight = part.weight.detach()
            found.append(weight.clone() if isinstance(part, torch.nn.Linear) else weight.T.clone())
    return found


@in_double()
def test_rank_stabilised_lora_scales_by_the_root_of_the_rank(folder):
    """alpha / sqrt(r) is sqrt(r) times LoRA's alpha / r: as good as a B that much larger."""
    plain, stable = (make_student(double_backbone(folder), method, 4, 6) for method in ("lora", "rslora"))
    params = {name: p + 0.1 for name, p in plain.initial(0).items()}
    larger = {name: p * (2.0 if "lora_B" in name else 1.0) for name, p in params.items()}
    rows = Rows([encode(plain.backbone.tokenizer, example) for example in EXAMPLES], plain.table)
    batch = rows.batch([0, 1, 2])
    assert math.isclose(stable.loss(params, batch).item(), plain.loss(larger, batch).item(), rel_tol=EXACT)
    assert not math.isclose(stable.loss(params, batch).item(), plain.loss(params, batch).item(), rel_tol=1e-3)


def test_doras_magnitudes_start_as_the_norms_of_the_frozen_weight(folder):
    backbone = load_backbone(folder)
    norms = [weight.norm(dim=1) for weight in targeted(backbone)]
    student = make_student(backbone, "dora", RANK, ALPHA)
    magnitudes = [p for name, p in student.initial(0).items() if "magnitude" in name]
    assert len(magnitudes) == len(norms) > 0
    assert all(torch.allclose(p.flatten(), norm) for p, norm in zip(magnitudes, norms, strict=True))


def test_pissa_starts_from_the_principal_singular_directions(folder):
    backbone = load_backbone(folder)
    weights = targeted(backbone)
    student = make_student(backbone, "pissa", RANK, ALPHA)
    first, other = student.initial(0), student.initial(1)
    assert all(torch.equal(first[name], other[name]) for name in first)
    a, b = ([p for name, p in first.items() if f"lora_{letter}" in name] for letter in "AB")
    for weight, up, down, residual in zip(weights, b, a, targeted_base(student), strict=True):
        u, s, v = torch.linalg.svd(weight)
        principal = u[:, :RANK] * s[:RANK] @ v[:RANK]
        assert torch.allclose(ALPHA / RANK * up @ down, principal, atol=1e-5)
        assert torch.allclose(residual, weight - principal, atol=1e-5)


def targeted_base(student: Student) -> list[torch.Tensor]:
    layers = [part for part in student.model.modules() if isinstance(part, peft.tuners.lora.Linear)]
    return [layer.base_layer.weight.T if layer.fan_in_fan_out else layer.base_layer.weight for layer in layers]


def test_full_fine_tuning_trains_every_weight_the_token_table_too(folder):
    student = make_student(load_backbone(folder), "full", RANK, ALPHA)
    start, after = student.initial(0), train(student)
    assert student.shapes.keys() == dict(student.backbone.model.named_parameters()).keys()
    table = next(name for name in start if name.endswith(("embed_tokens.weight", "wte.weight")))
    changed = (start[table] != after[table]).any(dim=1)
    rows = Rows([encode(student.backbone.tokenizer, example) for example in EXAMPLES], student.table)
    assert changed[sorted({i for e in rows.examples for i in e.prompt})].all()


def test_seeds_differ_where_there_is_something_to_draw_and_nowhere_else(tiny_models):
    for method in METHODS:
        student = make_student(load_backbone(str(tiny_models["opt"])), method, RANK, ALPHA)
        differ = any(not torch.equal(p, student.initial(1)[name]) for name, p in student.initial(0).items())
        assert differ == (method in ("lora", "rslora", "dora"))


@pytest.mark.parametrize("method", ["lora", "rslora", "dora", "pissa"])
def test_a_saved_adapter_names_its_model_and_no_place_on_this_machine_and_asks_no_hub(tmp_path, method):
    """peft warns where the hub does not answer, and a warning is an error here."""
    student = make_student(load_backbone("opt-pocket"), method, RANK, ALPHA)
    student.save(student.initial(0), tmp_path)
    assert json.loads((tmp_path / "adapter_config.json").read_text())["base_model_name_or_path"] == "opt-pocket"
    assert not any(str(MODELS) in file.read_text() for file in tmp_path.iterdir() if file.suffix in (".json", ".md"))
    loaded = peft.PeftModel.from_pretrained(load_backbone("opt-pocket").model, str(tmp_path))
    assert same(logits_of(loaded, student.backbone), logits_of(student.model, student.backbone), method != "pissa")


def odd_models(vocabulary: int) -> dict[str, torch.nn.Module]:
    """What the registry lists beyond the five families: Pythia's, and OPT-350M's narrow tokens and late norms."""
    torch.manual_seed(0)
    small = {"vocab_size": vocabulary, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    neox = GPTNeoXConfig(**small, intermediate_size=32, max_position_embeddings=64, initializer_range=0.4)
    opt = OPTConfig(**small, ffn_dim=32, word_embed_proj_dim=8, do_layer_norm_before=False, init_std=0.4)
    return {"pythia": GPTNeoXForCausalLM(neox), "opt-350m": OPTForCausalLM(opt)}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["pythia", "opt-350m"])
def test_the_registrys_odd_models_can_be_tuned_in_every_way(name, method, tmp_path):
    tokenizer = tiny.toy_tokenizer("gpt2")
    tokenizer.save_pretrained(tmp_path)
    odd_models(len(tokenizer))[name].save_pretrained(tmp_path)
    backbone, fresh = (load_backbone(str(tmp_path)) for _ in range(2))
    student = make_student(backbone, method, RANK, ALPHA)
    assert same(logits_of(student.model, fresh), logits_of(fresh.model, fresh), exactly=method != "pissa")
    train(student)
    assert not torch.allclose(logits_of(student.model, fresh), logits_of(fresh.model, fresh), atol=1e-3)
    student.remove()
    assert fingerprint(backbone) == fingerprint(fresh)


@pytest.mark.parametrize("method", ["lora", "rslora", "dora", "pissa"])
def test_adapters_are_trained_in_float32_on_a_model_in_bfloat16(tiny_models, method):
    student = make_student(load_backbone(str(tiny_models["llama"]), dtype="bfloat16"), method, RANK, ALPHA)
    assert {p.dtype for p in student.live().values()} == {torch.float32}
    params = train(student)
    assert all(p.isfinite().all() for p in params.values())


def test_training_all_of_a_model_in_bfloat16_is_refused(tiny_models):
    with pytest.raises(UserError, match="weights in 16 bits, which would round most steps away"):
        make_student(load_backbone(str(tiny_models["llama"]), dtype="bfloat16"), "full", RANK, ALPHA)


def test_more_directions_than_a_weight_has_are_refused(tiny_models):
    with pytest.raises(UserError, match="Rank 9 was asked for, but the smallest adapted weight has 8"):
        make_student(load_backbone(str(tiny_models["llama"])), "pissa", 9, ALPHA)


def test_an_unknown_method_is_refused_with_the_known_ones(tiny_models):
    with pytest.raises(UserError, match="lora, rslora, dora, pissa, full"):
        make_student(load_backbone(str(tiny_models["opt"])), "prefix", RANK, ALPHA)
