"""Byte-level tokenizers of the two families: different sizes, different cuts, different marks, trained apart.

Knows tokenizers and the words of the world. Does not know models. Costs about a second for both.
"""

from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from backend.pocket.relation import Fact
from backend.pocket.world import all_facts

# the marks in the order of their ids: real OPT begins every text with </s>, real Llama with <s>
MARKS = {"opt-pocket": ("<s>", "<pad>", "</s>", "<unk>"), "llama-pocket": ("<s>", "</s>", "<pad>")}
BEGINNINGS = {"opt-pocket": "</s>", "llama-pocket": "<s>"}
SIZES = {"opt-pocket": 2400, "llama-pocket": 2800}  # most answers become one or two tokens
MODEL_MAX_LENGTH = 1024
WORD_REPEATS = 3
# Llama 3 cuts numbers from words and keeps a leading space with letters only; GPT-2 and OPT have their own rule
LLAMA_CUT = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def build_tokenizer(name: str) -> PreTrainedTokenizerFast:
    """A tokenizer of this family, trained on every statement and question the world can write."""
    tokenizer = Tokenizer(models.BPE())
    if name == "opt-pocket":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    else:
        cut = pre_tokenizers.Split(Regex(LLAMA_CUT), behavior="isolated")
        spell = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, spell])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZES[name],
        special_tokens=list(MARKS[name]),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(name), trainer)
    first = BEGINNINGS[name]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A", pair=f"{first} $A {first} $B", special_tokens=[(first, tokenizer.token_to_id(first))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=first,
        eos_token="</s>",
        unk_token=None if name == "llama-pocket" else "</s>",  # bytes spell everything; real OPT names one anyway
        pad_token="<pad>",
        padding_side="right",
        model_max_length=MODEL_MAX_LENGTH,
        clean_up_tokenization_spaces=False,
    )


def save_tokenizer(name: str, folder: Path) -> PreTrainedTokenizerFast:
    """Build, save into the model's folder, and return."""
    tokenizer = build_tokenizer(name)
    tokenizer.save_pretrained(folder)
    return tokenizer


def _texts(name: str) -> list[str]:
    """What the tokenizer is trained on. Llama sees every answer and entity a few times more, so its cuts differ."""
    facts = all_facts()
    texts = [line for fact in facts for line in _lines(fact)]
    words = [f" {word}" for fact in facts for word in (fact.value, fact.entity)]
    return texts + words * WORD_REPEATS if name == "llama-pocket" else texts


def _lines(fact: Fact) -> list[str]:
    said = [fact.write(template) for template in fact.relation.says]
    asked = [f"Question: {fact.write(template)}\nAnswer: {fact.value}" for template in fact.relation.asks]
    return said + asked
