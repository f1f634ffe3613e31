"""Tokens as the page shows them, against the text they are made of. No model answers here."""

import pytest
import tokenizers
from tokenizers import decoders, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from backend.core.models.backbones import load_tokenizer
from backend.core.text import shown
from backend.core.text.batches import Encoded
from backend.core.text.examples import encode
from backend.core.text.prompts import Example
from backend.core.text.shown import shown_example, shown_examples, token_texts
from tests import tiny

TEXTS = (
    ("Question: Which is hot?\nAnswer:", "the sun"),
    ("Grüße, 日本語 und 👩‍👩‍👧‍👦!\n\nAnswer:", "ja 😀"),
    ("  two blanks\tand a tab \n Answer:", " é̂ "),
    ("replaced \ufffd here\ufffd", "end\ufffd"),
    ("a </s> in the middle , and don 't", "x"),
)


@pytest.fixture(scope="module")
def sentencepiece() -> PreTrainedTokenizerFast:
    """As Llama 2 and Gemma have it: words begin with ▁, unknown characters fall into bytes."""
    letters = ["▁", *"QuestionAwrich", "▁the", "▁sun", "?", ":", "\n"]
    names = ["<s>", "</s>", "<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), *dict.fromkeys(letters)]
    vocab = {name: number for number, name in enumerate(names)}
    model = tokenizers.Tokenizer(tokenizers.models.BPE(vocab, [], unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    model.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    model.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=model, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


@pytest.fixture(scope="module", params=["opt", "gpt2", "opt-pocket", "sentencepiece"])
def tokenizer(request, sentencepiece):
    kinds = {"sentencepiece": lambda: sentencepiece, "opt-pocket": lambda: load_tokenizer("opt-pocket")}
    return kinds.get(request.param, lambda: tiny.toy_tokenizer(request.param))()


@pytest.mark.parametrize(("prompt", "answer"), TEXTS)
def test_the_texts_put_together_are_the_example_and_the_answer_alone_is_taught(tokenizer, prompt, answer):
    encoded = encode(tokenizer, Example(prompt, answer))
    tokens = shown_example(tokenizer, encoded)["tokens"]
    first = "" if encoded.prompt[0] == tokenizer(prompt, add_special_tokens=False).input_ids[0] else "</s>"
    text = f"{prompt} {answer}</s>"
    if tokenizer.decode(tokenizer(" a").input_ids, skip_special_tokens=True) == "a":
        text = text.removeprefix(" ")  # a first blank is lost to such a tokenizer before we see any token
    assert "".join(token["text"] for token in tokens) == first + text
    assert all(token["text"] for token in tokens)
    assert "".join(token["text"] for token in tokens if token["taught"]).endswith(f"{answer}</s>")
    assert tokens[-1] == {"text": "</s>", "taught": True}


@pytest.mark.parametrize(("prompt", "answer"), TEXTS)
def test_every_id_belongs_to_one_text(tokenizer, prompt, answer):
    ids = [*(encoded := encode(tokenizer, Example(prompt, answer))).prompt, *encoded.answer]
    assert sum(length for _, length in token_texts(tokenizer, ids)) == len(ids)


def test_a_character_of_several_tokens_is_one_text_and_plain_words_stay_apart():
    gpt2 = tiny.toy_tokenizer("gpt2")
    pieces = token_texts(gpt2, gpt2("😀 light").input_ids)
    assert pieces[0] == ("😀", 4)
    assert pieces[1] == (" light", 1)


def test_of_a_very_long_example_the_end_is_shown(monkeypatch):
    monkeypatch.setattr(shown, "MOST_SHOWN", 6)
    gpt2 = tiny.toy_tokenizer("gpt2")
    ids = tuple(gpt2("light light light light light light").input_ids)
    tokens = shown_example(gpt2, Encoded(ids * 3, ids[1:2]))["tokens"]
    assert tokens[0] == {"text": f"… {len(ids) * 3 - 5} tokens before …", "taught": False}
    assert len(tokens) == 7 and [token["taught"] for token in tokens] == [False] * 6 + [True]


def test_the_first_examples_are_shown_and_the_longest_of_all_is_told():
    gpt2 = tiny.toy_tokenizer("gpt2")
    encoded = [encode(gpt2, Example("light " * count, "a")) for count in (1, 2, 9)]
    page = shown_examples("me", gpt2, encoded, 2)
    assert (page["student"], page["examples"]) == ("me", 3)
    assert page["tokens_longest"] == len(encoded[2].prompt) + len(encoded[2].answer)
    assert page["shown"] == [shown_example(gpt2, example) for example in encoded[:2]]
    assert shown_examples("me", gpt2, []) == {"student": "me", "examples": 0, "tokens_longest": 0, "shown": []}
