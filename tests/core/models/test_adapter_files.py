"""An adapter arrives whole or is refused: by name and count, for score, bench and ask alike."""

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path

import peft
import pytest
import torch
from safetensors.torch import load_file, save_file

from backend.commands import score
from backend.core.models.adapter_files import with_adapter
from backend.core.models.backbones import load_backbone
from backend.desk.ask import Shelf, ask
from backend.errors import UserError
from backend.studies.bench.config import BenchConfig
from backend.studies.bench.students import Student
from tests import tiny
from tests.tiny_students import ASKED

# peft asks transformers for an old name
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
FILE = "adapter_model.safetensors"
KINDS = (
    {},
    {"use_dora": True},
    {"use_rslora": True},
    {"modules_to_save": ["lm_head"]},
    {"target_modules": ["q_proj", "embed_tokens"]},
    {"trainable_token_indices": [5, 6]},
)


def saved(folder: Path, more: int = 0, **options) -> Path:
    """An adapter of a tiny Llama whose vocabulary has `more` tokens than the folder's model."""
    model = tiny.toy_model("llama", 360 + more)
    options = {"target_modules": ["q_proj", "v_proj"], "init_lora_weights": False} | options
    made = peft.get_peft_model(model, peft.LoraConfig(r=2, task_type="CAUSAL_LM", **options))
    made.save_pretrained(folder, save_embedding_layers=False)
    return folder


def changed(folder: Path, change: Callable[[dict], dict]) -> Path:
    save_file(change(load_file(folder / FILE)), folder / FILE)
    return folder


@pytest.mark.parametrize("options", KINDS, ids=str)
def test_every_weight_of_what_peft_saves_arrives(tmp_path, options):
    folder = saved(tmp_path, **options)
    adapted = with_adapter(tiny.toy_model("llama"), folder)
    there = peft.get_peft_model_state_dict(adapted, save_embedding_layers=False)
    for name, weight in load_file(folder / FILE).items():
        assert torch.equal(there[name], weight)


def without_half(weights: dict) -> dict:
    return {name: weight for name, weight in weights.items() if "layers.1" not in name}


def renamed(weights: dict) -> dict:
    return {name.replace("model.model", "model.model.model"): weight for name, weight in weights.items()}


def one_strange(weights: dict) -> dict:
    return weights | {"base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight": torch.ones(2, 16)}


def with_nan(weights: dict) -> dict:
    return {name: weight * float("nan") if "lora_B" in name else weight for name, weight in weights.items()}


def with_infinity(weights: dict) -> dict:
    first = min(weights)
    return weights | {first: weights[first].clone().fill_(float("inf"))}


REFUSED = {
    renamed: r"of its 8 weights none fit, and base_model\.model\.model\.model\.layers\S+ is unknown.*8 of the 8",
    without_half: r"4 of the 8 that the model needs are missing, such as \S+layers\.1\.",
    one_strange: r"of its 9 weights 8 fit, and \S+layers\.9\S+ is unknown",
    with_nan: r"4 of the 8 weights .* hold NaN or infinity: \S+layers\.0.\S+lora_B",
    with_infinity: r"1 of the 8 weights .* hold NaN or infinity",
}


@pytest.mark.parametrize(("change", "said"), REFUSED.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_weights_that_did_not_arrive_or_are_no_numbers_are_refused_by_name_and_count(tmp_path, change, said):
    with pytest.raises(UserError, match=said):
        with_adapter(tiny.toy_model("llama"), changed(saved(tmp_path), change))


@pytest.mark.parametrize(
    ("options", "more", "how"),
    [
        ({"modules_to_save": ["lm_head", "embed_tokens"]}, 3, "3 more"),
        ({"target_modules": ["q_proj", "embed_tokens"]}, -60, "60 fewer"),
        ({"target_modules": ["q_proj", "lm_head"]}, 3, "3 more"),
        ({"trainable_token_indices": [361, 362]}, 3, "3 more"),
    ],
    ids=["saved whole", "embedding", "head", "single tokens"],
)
def test_an_adapter_for_a_resized_vocabulary_says_how_many_tokens_it_has_more(tmp_path, options, more, how):
    with pytest.raises(UserError, match=re.escape(f"is for {360 + more} tokens, {how} than the model's 360.")):
        with_adapter(tiny.toy_model("llama"), saved(tmp_path, more, **options))


@pytest.mark.parametrize("change", [renamed, without_half, with_nan])
def test_score_bench_and_ask_refuse_such_a_student_alike(tiny_models, tiny_tasks, tmp_path, change):
    model, folder = str(tiny_models["llama"]), changed(saved(tmp_path / "adapter"), change)
    file = tmp_path / "scores.jsonl"
    parser = argparse.ArgumentParser()
    score.add_arguments(parser)
    flags = ["--model", model, "--task", "arc_easy", "--data-dir", str(tiny_tasks), "--adapter", str(folder)]
    args = parser.parse_args([*flags, "--scores", str(file)])
    ways = (
        lambda: score.run(args),
        lambda: Student(BenchConfig(student=model)).become(folder),
        lambda: ask(Shelf(), model, str(folder), ASKED),
    )
    said = set()
    for way in ways:
        with pytest.raises(UserError) as refused:
            way()
        said.add(str(refused.value))
    assert len(said) == 1 and not file.exists()


def test_a_model_whose_weights_are_no_numbers_is_refused(tmp_path):
    folder = tiny.save_model(tmp_path, "llama")
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"][3] = float("nan")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(UserError, match=r"1 of the weights of the model .* NaN or infinity: model\.norm\.weight"):
        load_backbone(str(folder))


def test_no_scores_file_holds_a_number_that_is_none(tiny_models, tiny_tasks, tmp_path, monkeypatch):
    """Weights may be numbers, and what they compute none."""
    name = str(tiny_models["llama"])
    real = load_backbone(name)
    real.model.get_output_embeddings().weight.data.fill_(3e38)
    monkeypatch.setattr("backend.core.models.backbones.load_backbone", lambda *_: real)
    parser, file = argparse.ArgumentParser(), tmp_path / "scores.jsonl"
    score.add_arguments(parser)
    flags = ["--model", name, "--task", "arc_easy", "--data-dir", str(tiny_tasks), "--scores", str(file)]
    with pytest.raises(UserError, match="no finite numbers"):
        score.run(parser.parse_args(flags))
    assert not file.exists()


def test_the_vocabulary_is_not_judged_by_what_an_adapter_does_not_say(tmp_path):
    folder = saved(tmp_path)
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["trainable_token_indices"] is None
    assert with_adapter(tiny.toy_model("llama", 400), folder)
