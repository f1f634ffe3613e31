"""Models come frozen and ready for double backward, and tokens are the harness's."""

import dataclasses
import subprocess
import sys

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from backend.core.models.backbones import Backbone, context_length, fingerprint, load_backbone, lora_targets
from backend.core.text.token_ids import encode_pairs, prompt_ids, special_counts
from backend.errors import UserError
from tests import tiny

PROMPT = "Question: Which animal gives milk?\nAnswer:"
TARGETS = {"gpt2": ["c_attn"]}
FIRST = {"opt": ["</s>"], "llama": ["<s>"], "gemma": ["<s>"], "gpt2": [], "qwen2": []}


@pytest.fixture(scope="module", params=tiny.FAMILIES)
def backbone(request, tiny_models) -> Backbone:
    return load_backbone(str(tiny_models[request.param]))


def test_a_loaded_model_is_frozen_calm_and_exact(backbone):
    model = backbone.model
    assert not model.training and not any(p.requires_grad for p in model.parameters())
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert model.config._attn_implementation == "eager"
    assert model.config.use_cache is False
    assert backbone.family == model.config.model_type in tiny.FAMILIES
    assert backbone.tokenizer.pad_token_id is not None


def test_training_mode_brings_no_dropout_back(backbone):
    ids = torch.tensor([prompt_ids(backbone.tokenizer, PROMPT)])
    with torch.no_grad():
        calm = backbone.model(input_ids=ids).logits
        busy = backbone.model.train()(input_ids=ids).logits
    backbone.model.eval()
    assert torch.equal(calm, busy)


def test_the_model_can_be_differentiated_twice(backbone):
    embeds = backbone.model.get_input_embeddings()(torch.tensor([[5, 6, 7]])).detach().requires_grad_()
    loss = backbone.model(inputs_embeds=embeds).logits.square().mean()
    (first,) = torch.autograd.grad(loss, embeds, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), embeds)
    assert second.isfinite().all() and second.abs().sum() > 0


def test_the_context_is_the_one_of_the_config(backbone):
    assert context_length(backbone) == context_length(backbone.model) == tiny.CONTEXT
    assert context_length(torch.nn.Linear(1, 1)) == 2048  # without a config, what the harness takes


def test_lora_targets_are_those_of_peft(backbone):
    assert lora_targets(backbone) == TARGETS.get(backbone.family, ["q_proj", "v_proj"])


def test_an_unknown_family_gets_the_usual_lora_names(tiny_models):
    opt = load_backbone(str(tiny_models["opt"]))
    assert lora_targets(dataclasses.replace(opt, family="never_heard_of")) == ["q_proj", "v_proj"]


def test_a_model_without_attention_names_has_no_lora_targets(tiny_models):
    opt = load_backbone(str(tiny_models["opt"]))
    odd = dataclasses.replace(opt, model=torch.nn.Sequential(torch.nn.Linear(2, 2)), family="odd")
    with pytest.raises(UserError, match="no LoRA targets"):
        lora_targets(odd)


def test_the_fingerprint_is_stable_and_sees_a_changed_weight_or_config(tiny_models):
    first, second = (load_backbone(str(tiny_models["llama"])) for _ in range(2))
    before = fingerprint(first)
    assert before == fingerprint(second) and len(before) == 12
    with torch.no_grad():
        second.model.get_input_embeddings().weight[3, 3] += 1e-3
    assert fingerprint(second) != before
    first.model.config.max_position_embeddings += 1
    assert fingerprint(first) != before


def test_weights_come_in_bfloat16_where_that_is_asked_for(tiny_models):
    half, full = (load_backbone(str(tiny_models["llama"]), dtype=dtype) for dtype in ("bfloat16", "float32"))
    assert {p.dtype for p in half.model.parameters()} == {torch.bfloat16}
    pairs = zip(half.model.parameters(), full.model.parameters(), strict=True)
    assert all(torch.equal(ours, theirs.bfloat16()) for ours, theirs in pairs)
    assert fingerprint(half) != fingerprint(full)


def test_a_precision_that_is_not_offered_is_refused(tiny_models):
    with pytest.raises(UserError, match="float32, bfloat16"):
        load_backbone(str(tiny_models["llama"]), dtype="int8")


def test_the_model_goes_to_the_device_that_was_asked_for_else_to_cuda_where_there_is_one(tiny_models):
    """The meta device stands for CUDA: nothing is computed here."""
    asked = load_backbone(str(tiny_models["opt"]), device="meta")
    assert {p.device.type for p in asked.model.parameters()} == {"meta"}
    own = load_backbone(str(tiny_models["opt"]))
    assert own.model.device.type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_loading_is_silent(tiny_models, capfd):
    load_backbone(str(tiny_models["opt"]))
    assert capfd.readouterr() == ("", "")


def test_loading_works_without_warnings_in_a_process_that_never_saw_the_tests(tiny_models):
    """Nothing above may depend on what conftest.py imported first."""
    code = (
        f"from backend.core.models.backbones import *; print(fingerprint(load_backbone({str(tiny_models['opt'])!r})))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert len(done.stdout.strip()) == 12 and done.stderr == ""


def test_a_prompt_begins_as_the_tokenizer_has_it_and_never_ends(backbone):
    ids = prompt_ids(backbone.tokenizer, PROMPT)
    first = FIRST[backbone.family]
    assert backbone.tokenizer.convert_ids_to_tokens(ids[: len(first)]) == first
    assert ids == backbone.tokenizer(PROMPT).input_ids
    assert backbone.tokenizer.decode(ids[len(first) :]) == PROMPT


def test_spaces_at_the_end_of_a_prompt_move_to_the_answer(backbone):
    pair = encode_pairs(backbone.tokenizer, [(f"{PROMPT}  ", "yes"), (PROMPT, "  yes")])
    assert pair[0] == pair[1]


def test_an_empty_prompt_is_one_token_so_that_the_answer_has_something_before_it(backbone):
    prompt, answer = encode_pairs(backbone.tokenizer, [("", "yes")])[0]
    assert len(prompt) == 1 and backbone.tokenizer.decode(answer) == "yes"


def test_a_tokenizer_that_ends_every_text_is_not_allowed_to_end_the_prompt():
    tokenizer = toy_with_both_ends()
    assert special_counts(tokenizer) == (1, 1)
    prompt, answer = encode_pairs(tokenizer, [("b", "c")])[0]
    assert tokenizer.convert_ids_to_tokens(prompt + answer) == ["<s>", "b", "c"]


def toy_with_both_ends() -> PreTrainedTokenizerFast:
    names = ["<s>", "</s>", "a", "b", "c"]
    model = Tokenizer(models.BPE(vocab={name: i for i, name in enumerate(names)}, merges=[]))
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.add_special_tokens(names[:2])
    model.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=model, bos_token="<s>", eos_token="</s>")


@pytest.mark.parametrize(
    ("tokens", "pad"),
    [
        ({"pad_token": None}, "</s>"),
        ({"pad_token": None, "eos_token": None, "bos_token": "<s>"}, "<s>"),
        ({"pad_token": None, "eos_token": None, "bos_token": None}, "<unk>"),
    ],
    ids=["eos", "bos", "unk"],
)
def test_a_tokenizer_without_pad_token_borrows_another(tmp_path, tokens, pad):
    loaded = load_backbone(str(tiny.save_model(tmp_path, "gpt2", **tokens)))
    assert loaded.tokenizer.pad_token == pad
