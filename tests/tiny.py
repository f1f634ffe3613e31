"""Small and real stand-ins: random models of five families with a toy tokenizer, and toy questions in both layouts.

Everything is made in a temporary folder in well under a second, saved as a hub folder is, and loaded as one.
"""

import json
from functools import cache
from pathlib import Path

import tokenizers
import torch
from tokenizers import decoders, pre_tokenizers, processors, trainers
from transformers import (
    GemmaConfig,
    GemmaForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    OPTConfig,
    OPTForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

FAMILIES = ("opt", "llama", "gpt2", "qwen2", "gemma")
CONTEXT = 512
SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")
# What the real tokenizers put in front of a text: OPT its </s>, Llama and Gemma a bos, GPT-2 and Qwen2 nothing.
PREFIX = {"opt": "</s>", "llama": "<s>", "gemma": "<s>"}

FACTS = (
    ("Which animal gives milk?", ("a cow", "a stone", "the grey winter rain", "iron"), 0),
    ("What do plants need to grow?", ("light", "a hammer", "silver coins"), 0),
    ("Which of these is hot?", ("ice", "snow", "the sun", "a cold lake", "frost"), 2),
    ("What freezes into ice?", ("sand", "water", "wood", "fire"), 1),
    ("Which thing can fly?", ("a bird", "a brick", "a table", "a river"), 0),
    ("What is a metal?", ("cotton", "milk", "paper", "copper"), 3),
    ("Which sense uses the ear?", ("sight", "smell", "hearing", "taste"), 2),
    ("What pulls a ball down?", ("gravity", "colour", "sound", "the moon's light"), 0),
    ("Which is a source of light?", ("a mirror", "a lamp", "a wall", "a window"), 1),
    ("What do lungs take in?", ("soil", "air", "bread", "blood"), 1),
    ("Which season is coldest?", ("summer", "autumn", "spring", "winter"), 3),
    ("What melts in the sun?", ("rock", "glass", "snow", "clay"), 2),
    ("Which is a fruit?", ("an apple", "a nail", "a shoe", "a cloud"), 0),
    ("What makes a shadow?", ("wind", "a blocked light", "rain", "noise"), 1),
    ("Which moves on wheels?", ("a cart", "a fish", "a tree", "a hill"), 0),
    ("What is frozen water?", ("steam", "mist", "ice", "dew"), 2),
)


def arc_rows() -> list[dict]:
    """The facts as allenai/ai2_arc has them; every other row is labelled with digits, as some real rows are."""
    rows = []
    for number, (question, options, answer) in enumerate(FACTS):
        labels = list("12345" if number % 2 else "ABCDE")[: len(options)]
        choices = {"text": list(options), "label": labels}
        rows.append({"id": f"toy_{number}", "question": question, "choices": choices, "answerKey": labels[answer]})
    return rows


def mmlu_rows(subjects: tuple[str, ...] = ("toy_biology", "toy_physics"), skip: int = 0) -> list[dict]:
    """The four-option facts as cais/mmlu has them, `len(subjects)` times over."""
    four = [fact for fact in FACTS if len(fact[1]) == 4][skip:]
    return [
        {"question": question, "subject": subject, "choices": list(options), "answer": answer}
        for subject in subjects
        for question, options, answer in four
    ]


def write_rows(path: Path, rows: list) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def write_tasks(root: Path) -> Path:
    """A data folder like the real one: arc_easy and mmlu, each with toy rows."""
    rows = arc_rows()
    write_rows(root / "arc_easy" / "train.jsonl", rows)
    write_rows(root / "arc_easy" / "test.jsonl", [row | {"id": f"{row['id']}_test"} for row in rows])
    write_rows(root / "mmlu" / "dev.jsonl", mmlu_rows())
    write_rows(root / "mmlu" / "test.jsonl", mmlu_rows(skip=5))
    return root


@cache
def _trained() -> str:
    """A byte-level BPE over the facts, as JSON: 320 tokens, any text can be encoded."""
    model = tokenizers.Tokenizer(tokenizers.models.BPE())
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=360, special_tokens=list(SPECIALS), initial_alphabet=alphabet, show_progress=False
    )
    texts = [f"Question: {question}\nAnswer: {' '.join(options)} A. B. C. D. E." for question, options, _ in FACTS]
    model.train_from_iterator(texts, trainer)
    return model.to_str()


def toy_tokenizer(family: str = "gpt2", **tokens: str | None) -> PreTrainedTokenizerFast:
    """The toy tokenizer, with the family's own first token. `tokens` replaces special tokens, or drops them."""
    model = tokenizers.Tokenizer.from_str(_trained())
    first = PREFIX.get(family)
    if first:
        special = [(first, model.token_to_id(first))]
        model.post_processor = processors.TemplateProcessing(single=f"{first} $A", special_tokens=special)
    names = {"pad_token": "<pad>", "bos_token": first or "</s>", "eos_token": "</s>", "unk_token": "<unk>"} | tokens
    return PreTrainedTokenizerFast(
        tokenizer_object=model, **{name: token for name, token in names.items() if token is not None}
    )


def toy_model(family: str, vocab_size: int = 360, seed: int = 0) -> PreTrainedModel:
    """A random model of the family: hidden 16, 2 layers. Large initial weights, so that answers differ clearly."""
    torch.manual_seed(seed)
    shared = {
        "vocab_size": vocab_size,
        "initializer_range": 0.4,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    llama = shared | {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "intermediate_size": 32,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": CONTEXT,
    }
    opt = {
        "hidden_size": 16,
        "word_embed_proj_dim": 16,
        "ffn_dim": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": CONTEXT,
        "init_std": 0.4,
    }
    gpt2 = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": CONTEXT}
    makers = {
        "opt": lambda: OPTForCausalLM(OPTConfig(**shared, **opt)),
        "llama": lambda: LlamaForCausalLM(LlamaConfig(**llama)),
        "gpt2": lambda: GPT2LMHeadModel(GPT2Config(**shared, **gpt2)),
        "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**llama)),
        "gemma": lambda: GemmaForCausalLM(GemmaConfig(**llama, head_dim=8)),
    }
    return makers[family]()


def save_model(folder: Path, family: str = "opt", seed: int = 0, **tokens: str | None) -> Path:
    """A model folder as the hub has it: config, safetensors, tokenizer."""
    tokenizer = toy_tokenizer(family, **tokens)
    toy_model(family, len(tokenizer), seed).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
