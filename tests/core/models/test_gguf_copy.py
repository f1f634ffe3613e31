"""A GGUF file is converted once; its copy is the same model, follows the file, and is never needed."""

import json
import shutil
from pathlib import Path

import gguf
import pytest
import torch

from backend.core.models import backbones, gguf_copy
from backend.core.models.backbones import fingerprint, load_backbone
from backend.errors import UserError
from tests import tiny


def write_gguf(path: Path, seed: int = 0, without: str = "", pre: str = "") -> Path:
    """A tiny Llama with the toy tokenizer as a GGUF file."""
    model, tokens = tiny.toy_model("llama", seed=seed), json.loads(tiny._trained())["model"]
    config, words = model.config, sorted(tokens["vocab"], key=tokens["vocab"].get)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(len(words))
    writer.add_tokenizer_model("gpt2")
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(words)
    writer.add_token_types([3 if word in tiny.SPECIALS else 1 for word in words])
    writer.add_token_merges([" ".join(pair) for pair in tokens["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        theirs = names.get_name(name, (".weight",))
        if theirs != without:
            writer.add_tensor(theirs, tensor.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def file(tmp_path) -> Path:
    return write_gguf(tmp_path / "tiny.gguf")


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """What was loaded, in order: gguf or copy."""
    seen, load = [], backbones._load

    def watched(source, *args):
        seen.append("gguf" if source.gguf_file else "copy")
        return load(source, *args)

    monkeypatch.setattr(backbones, "_load", watched)
    return seen


def copies(home: Path) -> list[Path]:
    return sorted((home / "models").iterdir())


def test_the_copy_is_the_same_model_and_tokenizer_and_spares_the_second_conversion(home, file, read, monkeypatch):
    first, second = load_backbone(str(file)), load_backbone(str(file))
    assert read == ["gguf", "copy", "copy"]
    monkeypatch.setattr(backbones, "converted", lambda *args: None)
    plain = load_backbone(str(file))
    assert read[3:] == ["gguf"]
    weights = plain.model.state_dict()
    for kept in (first, second):
        assert all(torch.equal(weight, weights[name]) for name, weight in kept.model.state_dict().items())
        texts = ["Question: Which animal gives milk?\nAnswer:", "  ice </s> snow", "ä"]
        assert kept.tokenizer(texts).input_ids == plain.tokenizer(texts).input_ids
        assert kept.tokenizer.special_tokens_map == plain.tokenizer.special_tokens_map
    assert fingerprint(first) == fingerprint(second) == fingerprint(plain)
    assert [sorted(path.suffix for path in copies(home)[0].iterdir())] == [[".json"] * 4 + [".safetensors"]]


def test_the_copy_is_float32_whatever_was_asked_for_first(home, file):
    half = load_backbone(str(file), dtype="bfloat16")
    full = load_backbone(str(file))
    assert {p.dtype for p in half.model.parameters()} == {torch.bfloat16}
    assert {p.dtype for p in full.model.parameters()} == {torch.float32}
    assert any((p != p.bfloat16()).any() for p in full.model.parameters())


def test_another_file_in_the_same_place_replaces_the_copy(home, file, read):
    before = fingerprint(load_backbone(str(file)))
    write_gguf(file, seed=1)
    assert fingerprint(load_backbone(str(file))) != before
    assert read == ["gguf", "copy", "gguf", "copy"] and len(copies(home)) == 1


def test_files_of_one_name_in_two_places_keep_a_copy_each(home, file, tmp_path):
    (tmp_path / "other").mkdir()
    other = write_gguf(tmp_path / "other" / "tiny.gguf", seed=1)
    assert fingerprint(load_backbone(str(file))) != fingerprint(load_backbone(str(other)))
    assert len(copies(home)) == 2


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_damaged_copy_is_thrown_away_and_made_again(home, file, read, name):
    before = fingerprint(load_backbone(str(file)))
    (copies(home)[0] / name).write_bytes(b"{")
    assert fingerprint(load_backbone(str(file))) == before
    assert read[2:] == ["copy", "gguf"]
    load_backbone(str(file))
    assert read[4:] == ["gguf", "copy"]


def test_where_nothing_can_be_written_the_file_itself_is_read(file, tmp_path, monkeypatch, read):
    (tmp_path / "blocked").write_text("a file where a folder should be")
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "blocked"))
    assert load_backbone(str(file)).family == "llama"
    assert read == ["gguf", "gguf"]


def test_a_full_disk_leaves_no_half_copy(home, file, monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gguf_copy.Path, "replace", full)
    assert load_backbone(str(file)).family == "llama"
    assert copies(home) == []


def test_a_copy_another_process_finished_first_is_taken(home, file, read, monkeypatch):
    load_backbone(str(file))
    folder = copies(home)[0]
    hidden = folder.rename(folder.with_name("hidden"))

    def overtaken(self, target):
        shutil.copytree(hidden, folder)
        raise OSError(39, "Directory not empty")

    monkeypatch.setattr(gguf_copy.Path, "replace", overtaken)
    load_backbone(str(file))
    assert read[2:] == ["gguf", "copy"] and [path.name for path in copies(home)] == ["hidden", folder.name]


def test_a_file_that_lacks_weights_is_refused_and_not_kept(home, tmp_path):
    file = write_gguf(tmp_path / "torn.gguf", without="blk.1.ffn_up.weight")
    with pytest.raises(UserError, match="lacks the weights"):
        load_backbone(str(file))
    assert not (home / "models").exists()
