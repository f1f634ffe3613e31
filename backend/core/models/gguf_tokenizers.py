"""What a GGUF file says of how its tokenizer cuts a text first: the key `tokenizer.ggml.pre`.

transformers knows the names whose cut is one rule and reads the others as GPT-2's. Here are the names that cut digits
one by one before that, after llama.cpp's table, and those that are GPT-2's indeed; of any other a sentence warns.
"""

from pathlib import Path

from tokenizers import pre_tokenizers
from transformers import PreTrainedTokenizerBase

DIGITS = ("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b")
# read by transformers as they should be; `default` is what a converter writes that did not look
AS_READ = (
    *("default", "gpt-2", "mpt", "olmo", "jais", "phi-2", "trillion", "granite-docling", "exaone4", "gigachat"),
    *("a.x-4.0", "mellum", "modern-bert", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "jina-v2-code"),
)


def cut_as_stated(tokenizer: PreTrainedTokenizerBase, file: Path) -> None:
    """Give the tokenizer that transformers made of the file the first cut that the file states, where it lacks it."""
    if _stated(file) in DIGITS:
        byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
        digits = pre_tokenizers.Digits(individual_digits=True)
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, byte_level])


def tokenizer_warning(file: Path) -> str:
    """A sentence where the file's first cut is not known here; else nothing."""
    from transformers.integrations.gguf.gguf_tokenizer_mapping import (  # noqa: PLC0415 - imports five model families
        GGUF_PRE_TOKENIZER_SPLITS as SPLITS,
    )

    stated = _stated(file)
    if stated in (None, *DIGITS, *AS_READ, *SPLITS):
        return ""
    return (
        f"{file.name} states the pre-tokenizer {stated[:40]!r}, which is not known here: it is read as GPT-2's, "
        "so some texts may be cut into other tokens than the model learned."
    )


def _stated(file: Path) -> str | None:
    """The name that the file gives; None where it gives none, or its tokenizer is of a kind that makes no such cut."""
    from transformers.integrations.gguf.reader import read_gguf_metadata  # noqa: PLC0415 - gguf may be missing

    told, _ = read_gguf_metadata(str(file))
    return told.get("tokenizer.ggml.pre") if told.get("tokenizer.ggml.model") == "gpt2" else None
