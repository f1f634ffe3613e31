"""The table of small students is exact where it can be, and its estimates are of the size of what was measured."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    OPTConfig,
    PretrainedConfig,
    Qwen2Config,
)

from backend.core.models.backbones import BUNDLED, MODELS, SMOLLM, find_source
from backend.core.models.registry import KNOWN, describe, find, memory_mb
from backend.errors import UserError


def opt(width: int, layers: int, heads: int, **others) -> OPTConfig:
    shape = {"hidden_size": width, "ffn_dim": 4 * width, "num_hidden_layers": layers, "num_attention_heads": heads}
    return OPTConfig(vocab_size=50272, max_position_embeddings=2048, **shape, **{"word_embed_proj_dim": width} | others)


def llama(kind, vocabulary: int, context: int, width: int, inner: int, layers: int, heads: int, shared: int):
    return kind(
        vocab_size=vocabulary,
        max_position_embeddings=context,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=shared,
        tie_word_embeddings=True,
    )


SMALL = llama(LlamaConfig, 49152, 8192, 576, 1536, 30, 9, 3)
# as published on the models' pages
CONFIGS = {
    **{name: AutoConfig.from_pretrained(MODELS / name) for name in BUNDLED},
    SMOLLM: SMALL,
    "HuggingFaceTB/SmolLM2-135M": SMALL,
    "HuggingFaceTB/SmolLM2-135M-Instruct": SMALL,
    "HuggingFaceTB/SmolLM2-360M": llama(LlamaConfig, 49152, 8192, 960, 2560, 32, 15, 5),
    "EleutherAI/pythia-70m": GPTNeoXConfig(
        vocab_size=50304, hidden_size=512, intermediate_size=2048, num_hidden_layers=6, num_attention_heads=8
    ),
    "openai-community/gpt2": GPT2Config(),
    "facebook/opt-125m": opt(768, 12, 12),
    "facebook/opt-350m": opt(1024, 24, 16, word_embed_proj_dim=512, do_layer_norm_before=False),
    "facebook/opt-1.3b": opt(2048, 24, 32),
    "Qwen/Qwen2.5-0.5B": llama(Qwen2Config, 151936, 32768, 896, 4864, 24, 14, 2),
    "meta-llama/Llama-3.2-1B": llama(LlamaConfig, 128256, 131072, 2048, 8192, 16, 32, 8),
}


def parameters(config: PretrainedConfig) -> int:
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    model.tie_weights()
    return sum(p.numel() for p in model.parameters())


def test_every_entry_has_a_config_to_check_it_against():
    assert sorted(CONFIGS) == sorted(entry.id for entry in KNOWN)


@pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: entry.id)
def test_the_numbers_are_those_of_a_model_built_from_the_published_config(entry):
    config = CONFIGS[entry.id]
    assert entry.parameters == parameters(config)
    assert (entry.family, entry.vocabulary, entry.context) == (
        config.model_type,
        config.vocab_size,
        config.max_position_embeddings,
    )
    assert (entry.layers, entry.width) == (config.num_hidden_layers, config.hidden_size)


@pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: entry.id)
def test_every_name_is_one_that_can_be_loaded_and_says_what_it_is(entry):
    assert find_source(entry.id)
    assert find(entry.id) is entry
    text = describe(entry)
    assert entry.licence in text and entry.notes in text and ("gated" in text) == entry.gated


def test_a_model_that_is_not_listed_has_no_entry():
    assert find("nobody/nothing") is None


def test_the_measured_memory_of_smollm2_is_met_within_a_factor_of_one_and_a_half():
    """docs/log/2026-11-21.md: 2.2 GB with LoRA and 4.6 GB in full, micro-batches of 512 tokens."""
    entry = find(SMOLLM)
    for method, measured in (("lora", 2230), ("full", 4732)):
        assert 1 / 1.5 < memory_mb(entry, "tune", method) / measured < 1.5


def test_memory_grows_with_what_is_asked_of_it():
    entry = find("Qwen/Qwen2.5-0.5B")
    score, lora, full = memory_mb(entry, "score"), memory_mb(entry, "tune", "lora"), memory_mb(entry, "tune", "full")
    assert score < lora < full
    assert full - lora == pytest.approx(entry.parameters * 16 * 0.99 / 2**20, abs=1)
    halved = score - memory_mb(entry, "score", precision="bfloat16")
    assert halved >= entry.parameters * 2 / 2**20 - 1


def test_what_is_not_estimated_is_refused():
    with pytest.raises(UserError, match="score, tune, distil"):
        memory_mb(KNOWN[0], "sing")
    with pytest.raises(UserError, match="float32 or bfloat16"):
        memory_mb(KNOWN[0], "score", precision="int4")


def test_the_registry_needs_nothing_but_the_standard_library():
    code = "import sys, backend.core.models.registry; print(*{name.split('.')[0] for name in sys.modules})"
    root = Path(__file__).parents[3]
    loaded = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert not set(loaded.stdout.split()) & {"torch", "transformers", "numpy", "peft", "huggingface_hub"}
