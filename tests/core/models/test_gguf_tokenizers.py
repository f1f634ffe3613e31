"""A GGUF file's own first cut of a text is honoured where it is known, and warned of where it is not."""

import argparse

import pytest
from tokenizers import pre_tokenizers
from transformers import PreTrainedTokenizerFast

from backend.commands import score
from backend.core.models.backbones import load_backbone, load_tokenizer, tokenizer_warnings
from backend.core.models.gguf_tokenizers import DIGITS
from tests import tiny
from tests.core.models.test_gguf_copy import write_gguf

TEXTS = ("a   7 b", "x  42", " ½", "1½ ice", "snow 2024\n\n  3", "no digit  here")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "home"))


def cuts(tokenizer: PreTrainedTokenizerFast) -> list[list[str]]:
    cut = tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str
    return [[part for part, _ in cut(text)] for text in TEXTS]


def expected(digits: bool) -> list[list[str]]:
    """The toy tokenizer's, as a hub's copy with such a first cut has it."""
    made = tiny.toy_tokenizer("gpt2")
    parts = [pre_tokenizers.Digits(individual_digits=True)] if digits else []
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*parts, byte_level])
    return cuts(made)


def test_digits_are_cut_one_by_one_and_from_the_blanks_before_them():
    assert all(one != other for one, other in zip(expected(True)[:5], expected(False)[:5], strict=True))


@pytest.mark.parametrize("pre", ["", "gpt-2", "default", *DIGITS])
def test_a_known_cut_is_the_one_of_the_hub_s_copy(tmp_path, pre):
    file = write_gguf(tmp_path / "tiny.gguf", pre=pre)
    assert cuts(load_tokenizer(str(file))) == expected(pre in DIGITS)
    assert tokenizer_warnings(str(file)) == []


def test_the_converted_copy_keeps_the_cut(tmp_path):
    file = write_gguf(tmp_path / "tiny.gguf", pre="smollm")
    for _ in range(2):
        assert cuts(load_backbone(str(file)).tokenizer) == expected(True)


@pytest.mark.parametrize("pre", ["llama-bpe", "qwen2"])
def test_a_cut_that_transformers_knows_is_left_to_it(tmp_path, pre):
    file = write_gguf(tmp_path / "tiny.gguf", pre=pre)
    cut = load_tokenizer(str(file)).backend_tokenizer.pre_tokenizer.pre_tokenize_str("12345")
    assert len(cut) == {"llama-bpe": 2, "qwen2": 5}[pre]
    assert tokenizer_warnings(str(file)) == []


def test_an_unknown_cut_is_warned_of_in_a_sentence(tmp_path, tiny_tasks, capsys):
    file = write_gguf(tmp_path / "tiny.gguf", pre="viking")
    [said] = tokenizer_warnings(str(file))
    assert said.startswith("tiny.gguf states the pre-tokenizer 'viking', which is not known here")
    parser = argparse.ArgumentParser()
    score.add_arguments(parser)
    flags = ["--model", str(file), "--task", "arc_easy", "--data-dir", str(tiny_tasks), "--limit", "2"]
    assert score.run(parser.parse_args(flags)) == 0
    assert f"warning: {said}" in capsys.readouterr().err
