"""Odd relatives of the packed families score, packed, what they score one option at a time."""

import pytest
import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig, LlamaForCausalLM, OPTConfig, OPTForCausalLM

from backend.core.models.backbones import Backbone
from backend.core.scoring import score
from backend.core.scoring.score import can_pack, score_questions
from backend.core.text.text_data import load_questions, load_shots
from tests import tiny
from tests.naive_score import naive_scores, same

SHARED = {"vocab_size": 360, "attn_implementation": "eager", "hidden_size": 16, "num_hidden_layers": 2}
SHARED |= {"num_attention_heads": 2, "max_position_embeddings": tiny.CONTEXT, "pad_token_id": 0}
MODELS = {
    # rotary on half of each head, layers in parallel
    "gpt_neox": lambda: GPTNeoXForCausalLM(
        GPTNeoXConfig(**SHARED, intermediate_size=32, initializer_range=0.4, rotary_pct=0.5)
    ),
    # as OPT-350m: tokens narrower than the layers, normalised after and not before
    "opt": lambda: OPTForCausalLM(
        OPTConfig(**SHARED, ffn_dim=32, word_embed_proj_dim=8, do_layer_norm_before=False, init_std=0.4)
    ),
    # every head has keys of its own, and a head size that is not hidden / heads
    "llama": lambda: LlamaForCausalLM(
        LlamaConfig(**SHARED, intermediate_size=32, num_key_value_heads=2, head_dim=12, initializer_range=0.4)
    ),
}


@pytest.mark.parametrize("family", MODELS)
@pytest.mark.parametrize("task", ["arc_easy", "mmlu"])
def test_packed_scores_are_those_of_one_option_at_a_time(family, task, tiny_tasks):
    torch.manual_seed(0)
    tokenizer = tiny.toy_tokenizer(family)
    backbone = Backbone(MODELS[family]().double().eval(), tokenizer, family, family)
    questions, shots = load_questions(task, "test", str(tiny_tasks)), load_shots(task, str(tiny_tasks))
    assert can_pack(backbone.model) and family in score.PACKED_FAMILIES
    scored = score_questions(backbone.model, tokenizer, questions, task, shots=shots)
    assert same(scored, naive_scores(backbone, questions, score.find_task(task), shots))
