"""Captions as word numbers: a small tokenizer of whole words that transformers loads, and reading with any tokenizer.

Knows tokenizers. Does not know where the words come from, nor models.
"""

import re
from collections.abc import Iterable, Sequence

import tokenizers
from jaxtyping import Int
from tokenizers import Regex, normalizers, pre_tokenizers, processors
from tokenizers.models import WordLevel
from torch import Tensor
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from backend.errors import UserError

# The end of a caption must not be number 2: with that one CLIPModel pools at the highest word number, wherever it is.
PAD, UNKNOWN, MASK, BEGIN, END = range(5)
MARKS = ("<pad>", "<unk>", "<mask>", "<s>", "</s>")
WORD = r"\w+(?:'\w+)?"
FEW = 8  # unknown words that a sentence names


def word_tokenizer(words: Iterable[str], context: int) -> PreTrainedTokenizerFast:
    """A tokenizer of these words, each of them one number, with begin and end marks and at most `context` numbers.

    Case and punctuation do not count. The numbers follow the order of the alphabet, after the five marks.
    """
    known = sorted({word.lower() for word in words})
    numbers = {word: number for number, word in enumerate((*MARKS, *known))}
    inner = tokenizers.Tokenizer(WordLevel(numbers, unk_token=MARKS[UNKNOWN]))
    inner.normalizer = normalizers.Lowercase()
    inner.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), behavior="removed", invert=True)
    ends = [(MARKS[mark], mark) for mark in (BEGIN, END)]
    inner.post_processor = processors.TemplateProcessing(single=f"{ends[0][0]} $A {ends[1][0]}", special_tokens=ends)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token=MARKS[PAD],
        unk_token=MARKS[UNKNOWN],
        mask_token=MARKS[MASK],
        bos_token=MARKS[BEGIN],
        eos_token=MARKS[END],
        padding_side="right",
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )


def numbered(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], context: int
) -> tuple[Int[Tensor, "n words"], Int[Tensor, "n words"]]:
    """The captions' word numbers, padded on the right to the longest of them, and the mask that is 1 on words.

    Raises UserError where a caption is longer than the context, or empty.
    """
    for text in texts:
        if not text.strip():
            raise UserError("A caption is empty.", "at least one word", "Write what the picture shows.")
    found = tokenizer(list(texts), padding="longest", padding_side="right", return_tensors="pt")
    longest = found.attention_mask.sum(-1)
    if longest.max() > context:
        text = texts[int(longest.argmax())]
        raise UserError(
            f'The caption "{text[:60]}..." has {int(longest.max())} tokens, its two marks among them.',
            f"at most {context}, which is what this model reads",
            "Shorten it: nothing is cut off in silence.",
        )
    return found.input_ids, found.attention_mask


def pieces(tokenizer: PreTrainedTokenizerBase, ids: Int[Tensor, " words"]) -> list[str]:
    """The text of each number alone, marks too. Bytes that are no letter by themselves read as a replacement mark."""
    return [tokenizer.decode([number], clean_up_tokenization_spaces=False).strip() or " " for number in ids.tolist()]


def unknown_words(tokenizer: PreTrainedTokenizerBase, text: str) -> list[str]:
    """The words of the text that the tokenizer has no number for, in their order, each once. Bytes spell any word."""
    if tokenizer.unk_token_id is None or tokenizer.unk_token_id in (tokenizer.eos_token_id, tokenizer.pad_token_id):
        return []
    words = dict.fromkeys(re.findall(WORD, text.lower()))
    return [word for word in words if tokenizer.unk_token_id in tokenizer(word, add_special_tokens=False).input_ids]


def check_known(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> None:
    """Raise UserError where the texts have words that nobody learned; it names them."""
    found = list(dict.fromkeys(word for text in texts for word in unknown_words(tokenizer, text)))
    if found:
        named = ", ".join(found[:FEW]) + (f" and {len(found) - FEW} more" if len(found) > FEW else "")
        raise UserError(
            f"The texts have words that this model never learned: {named}.",
            f"words among the {len(tokenizer) - len(MARKS)} of its vocabulary",
            "Leave them out or use others.",
        )
