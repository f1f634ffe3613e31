"""Captions as numbers: whole words, marks in their places, and nothing lost in silence."""

import pytest
from transformers import AutoTokenizer

from backend.core.vision.captions import BEGIN, END, PAD, check_known, numbered, unknown_words, word_tokenizer
from backend.errors import UserError
from tests.tiny_clip_model import CONTEXT, WORDS, tiny_tokenizer


def test_a_caption_becomes_marks_and_whole_words_padded_on_the_right():
    tokenizer = tiny_tokenizer()
    ids, mask = numbered(tokenizer, ["A red circle!", "a small, blue circle and a star"], CONTEXT)
    assert ids[0].tolist()[:5] == [BEGIN, *tokenizer.convert_tokens_to_ids(["a", "red", "circle"]), END]
    assert mask.sum(-1).tolist() == [5, 9] and (ids[0, 5:] == PAD).all()


def test_the_end_of_a_caption_is_not_number_two():
    assert END != 2  # with it CLIPModel pools at the highest word number


def test_a_saved_tokenizer_is_read_by_transformers_with_the_numbers_it_had(tmp_path):
    tokenizer = tiny_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    text = "a BIG red star, above"
    assert again(text).input_ids == tokenizer(text).input_ids and len(again) == len(WORDS) + 5
    assert (again.mask_token_id, again.eos_token_id, again.pad_token_id) == (2, END, PAD)


def test_numbers_do_not_depend_on_the_order_of_the_words():
    assert word_tokenizer(reversed(WORDS), 8)("a star").input_ids == word_tokenizer(WORDS, 8)("a star").input_ids


def test_unknown_words_are_named():
    tokenizer = tiny_tokenizer()
    assert unknown_words(tokenizer, "a red zebra and a Zebra above kings") == ["zebra", "kings"]
    check_known(tokenizer, ["a red star"])
    with pytest.raises(UserError, match="zebra, kings"):
        check_known(tokenizer, ["a zebra", "red kings"])


@pytest.mark.parametrize("texts", [["red " * CONTEXT], ["a star", "  "]])
def test_captions_that_are_too_long_or_empty_are_refused(texts):
    with pytest.raises(UserError):
        numbered(tiny_tokenizer(), texts, CONTEXT)
