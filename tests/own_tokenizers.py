"""Small tokenizers of the kinds that models have, each trained on the toy facts in a moment.

They differ in what decides a text's ids: whether words or blanks are kept apart first, how a blank is spelled, which
pieces are found, and what is put before and behind a text.
"""

from collections.abc import Callable

import tokenizers
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from tests import tiny

SPECIALS = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
# as Llama 3 and Qwen2 cut a text: single digits, blanks apart but for the one before a word
CUTS = r"(?i:'s|'t|'re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def byte_level(before: str = "", behind: str = "") -> PreTrainedTokenizerFast:
    """GPT-2's kind; with a token before every text, OPT's."""
    made = tokenizers.Tokenizer.from_str(tiny._trained())
    return _finished(made, before, behind)


def split_digits(before: str = "", behind: str = "") -> PreTrainedTokenizerFast:
    """Llama 3's and Qwen2's kind: a rule cuts the text, bytes follow."""
    made = tokenizers.Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(CUTS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=SPECIALS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    return _finished(_trained(made, trainer), before, behind)


def metaspace(before: str = "", behind: str = "") -> PreTrainedTokenizerFast:
    """Llama 2's kind: a blank is a letter, one is put first, unknown letters are bytes."""
    made = tokenizers.Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    made.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")])
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=SPECIALS + BYTES, show_progress=False)
    return _finished(_trained(made, trainer), before, behind)


def across_words(before: str = "", behind: str = "") -> PreTrainedTokenizerFast:
    """Gemma's kind: nothing is cut, so that a piece may span a blank or a line's end."""
    made = tokenizers.Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    made.normalizer = normalizers.Replace(" ", "▁")
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback()])
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=SPECIALS + BYTES, show_progress=False)
    return _finished(_trained(made, trainer), before, behind)


def unigram(before: str = "", behind: str = "") -> PreTrainedTokenizerFast:
    """T5's and XGLM's kind: the likeliest pieces of the whole text, so that its end decides over its middle."""
    made = tokenizers.Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace(split=False)
    made.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=300, special_tokens=SPECIALS, unk_token="<unk>", show_progress=False, initial_alphabet=list("0123=")
    )
    return _finished(_trained(made, trainer), before, behind)


def word_pieces(before: str = "", behind: str = "") -> PreTrainedTokenizerFast:
    """BERT's kind: lower case, every blank lost."""
    made = tokenizers.Tokenizer(models.WordPiece(unk_token="<unk>"))
    made.normalizer, made.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=SPECIALS, show_progress=False)
    return _finished(_trained(made, trainer), before, behind)


FAMILIES: dict[str, Callable[..., PreTrainedTokenizerFast]] = {
    one.__name__: one for one in (byte_level, split_digits, metaspace, across_words, unigram, word_pieces)
}


def _trained(made: tokenizers.Tokenizer, trainer: object) -> tokenizers.Tokenizer:
    texts = [f"Question: {question}\nAnswer: {' '.join(options)}\n\n" for question, options, _ in tiny.FACTS]
    made.train_from_iterator(texts, trainer)
    return made


def _finished(made: tokenizers.Tokenizer, before: str, behind: str) -> PreTrainedTokenizerFast:
    special = [(name, made.token_to_id(name)) for name in dict.fromkeys((before, behind)) if name]
    if special:
        template = " ".join(part for part in (before, "$A", behind) if part)
        made.post_processor = processors.TemplateProcessing(single=template, special_tokens=special)
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
