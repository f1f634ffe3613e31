"""Asking students, against naive twins; and tokens as the page shows them, against the text they are made of."""

import argparse
import json
import math
import os
import subprocess
import sys

import peft
import pytest
import tokenizers
import torch
from tokenizers import decoders, pre_tokenizers
from transformers import GenerationConfig, PreTrainedTokenizerFast

from backend import ask as asking
from backend import ask_command
from backend.ask import Asked, Shelf, answers, ask, generate, shown_example, shown_examples, token_texts
from backend.core.backbones import Backbone, load_backbone
from backend.core.batches import Encoded
from backend.core.errors import UserError
from backend.core.examples import encode
from backend.core.prompts import Example
from backend.core.score import score_questions
from backend.core.tasks import to_example
from tests import tiny

ASKED = Asked("Which animal gives milk?", ("a cow", "a stone", "rain"))
LETTERS = Asked("Which animal gives milk?", ("a cow", "a stone", "rain"), style="letters")


@pytest.fixture(scope="module")
def folder(tiny_models) -> str:
    return str(tiny_models["opt"])


@pytest.fixture(scope="module", params=tiny.FAMILIES)
def backbone(request, tiny_models) -> Backbone:
    return load_backbone(str(tiny_models[request.param]))


@pytest.fixture(scope="module")
def pocket() -> dict[str, Backbone]:
    return {name: load_backbone(name) for name in ("opt-pocket", "llama-pocket")}


@pytest.fixture
def opt(folder) -> Backbone:
    return load_backbone(folder)


@pytest.fixture
def loads(monkeypatch) -> list[str]:
    """Every model that the shelf loads, as it is loaded."""
    made = []
    monkeypatch.setattr(asking, "load_backbone", lambda spec: made.append(spec) or load_backbone(spec))
    return made


def adapter(model_folder: str, path, init=True, **options):
    """A real peft folder; with init=True as untuned as LoRA begins, so that B is zero."""
    config = peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=init, **options)
    made = peft.get_peft_model(load_backbone(model_folder).model, config)
    made.save_pretrained(path, save_embedding_layers=False)
    return str(path)


def told(answer: dict) -> dict:
    return {name: value for name, value in answer.items() if name != "seconds"}


# -- answers ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("asked", [ASKED, LETTERS], ids=["texts", "letters"])
@pytest.mark.parametrize("student", ["opt-pocket", "llama-pocket"])
def test_probabilities_are_the_softmax_of_the_scorers_log_likelihoods(pocket, student, asked):
    bundled = pocket[student]
    found = answers(bundled, bundled.model, asked)
    [scored] = score_questions(bundled.model, bundled.tokenizer, [asked.as_question], asked.task, shots={}, threads=1)
    assert [option["text"] for option in found["options"]] == list(asked.options)
    assert [option["log_likelihood"] for option in found["options"]] == list(scored.log_likelihoods)
    shares = torch.tensor(scored.log_likelihoods, dtype=torch.float64).softmax(0).tolist()
    assert [option["probability"] for option in found["options"]] == pytest.approx(shares, rel=1e-12)
    lengths = [1, 1, 1] if asked.style == "letters" else [5, 7, 4]
    per_character = [ll / length for ll, length in zip(scored.log_likelihoods, lengths, strict=True)]
    assert [option["per_character"] for option in found["options"]] == pytest.approx(per_character)
    assert found["choice"] == shares.index(max(shares))
    assert found["choice_norm"] == per_character.index(max(per_character))
    assert found["seconds"] > 0 and not found["truncated"]


def test_the_two_styles_put_the_question_differently():
    prompt = to_example(ASKED.as_question, ASKED.task).prompt
    assert prompt == "Question: Which animal gives milk?\nAnswer:"
    prompt = to_example(LETTERS.as_question, LETTERS.task).prompt
    assert prompt.endswith("Which animal gives milk?\nA. a cow\nB. a stone\nC. rain\nAnswer:")


@torch.inference_mode()
def naive_line(backbone: Backbone, prompt: str, most: int) -> str:
    """The oracle: the whole text is read anew for every token."""
    start = backbone.tokenizer(prompt).input_ids
    ids = list(start)
    while len(ids) < len(start) + most:
        ids.append(int(backbone.model(torch.tensor([ids])).logits[0, -1].argmax()))
        if ids[-1] == backbone.tokenizer.eos_token_id:
            break
    text = backbone.tokenizer.decode(ids[len(start) :], skip_special_tokens=True)
    return next((line.strip() for line in text.split("\n") if line.strip()), "")


def test_the_free_answer_is_greedy(backbone):
    prompt = "Question: What freezes into ice?\nAnswer:"
    assert generate(backbone, prompt, 12) == naive_line(backbone, prompt, 12) != ""


def test_the_free_answer_of_a_model_with_habits_is_greedy_all_the_same(opt):
    prompt = "Question: What freezes into ice?\nAnswer:"
    plain = generate(opt, prompt, 12)
    own = opt.model.generation_config = GenerationConfig(
        repetition_penalty=50.0, do_sample=True, temperature=9.0, min_new_tokens=12, eos_token_id=2, pad_token_id=0
    )
    assert generate(opt, prompt, 12) == plain
    assert opt.model.generation_config is own


def says(backbone: Backbone, text: str):
    """Make the model say this, whatever it reads; returns the tokens not said yet."""
    left = backbone.tokenizer(text, add_special_tokens=False).input_ids

    def force(module, inputs, logits):
        forced = torch.full_like(logits, -100.0)
        forced[..., left.pop(0)] = 0.0
        return forced

    backbone.model.get_output_embeddings().register_forward_hook(force)
    return left


@pytest.mark.parametrize(
    ("text", "line", "unsaid"),
    [
        (" a cow\nQuestion: more", "a cow", "Question: more"),
        ("\n\n a cow \nmore", "a cow", "more"),
        (" a cow</s> more", "a cow", " more"),
        ("</s>more", "", "more"),
    ],
)
def test_the_free_answer_ends_with_its_line_or_its_text_and_no_token_is_computed_in_vain(opt, text, line, unsaid):
    left = says(opt, text)
    assert generate(opt, "Answer:", 24) == line
    assert opt.tokenizer.decode(left) == unsaid


def test_the_free_answer_has_at_most_the_tokens_asked_for(opt):
    left = says(opt, " light" * 9)
    before = len(left)
    generate(opt, "Answer:", 3)
    assert before - len(left) == 3


def test_a_question_longer_than_the_model_reads_is_cut_and_said_to_be(opt):
    long = Asked("word " * 790 + "?", ("a cow", "a stone"), max_new_tokens=256)
    assert answers(opt, opt.model, long)["truncated"]


def test_a_student_that_diverged_is_said_to_answer_with_no_numbers(opt):
    with torch.no_grad():
        opt.model.get_input_embeddings().weight[:] = math.nan
    with pytest.raises(UserError, match="no numbers"):
        answers(opt, opt.model, ASKED)


# -- base and tuned -----------------------------------------------------------------------------------------------
def test_an_untuned_adapter_answers_exactly_as_the_base(tmp_path):
    untuned = adapter("opt-pocket", tmp_path)
    both = ask(Shelf(), "opt-pocket", untuned, ASKED)
    assert told(both["tuned"]) == told(both["base"])


@pytest.mark.parametrize("options", [{}, {"use_rslora": True}, {"use_dora": True}], ids=["lora", "rslora", "dora"])
def test_an_adapter_changes_the_tuned_answer_and_leaves_the_base_as_it_was(folder, tmp_path, loads, opt, options):
    alone = told(answers(opt, opt.model, ASKED))
    tuned, shelf = adapter(folder, tmp_path, init=False, **options), Shelf()
    first, second = (ask(shelf, folder, tuned, ASKED) for _ in range(2))
    assert told(first["base"]) == told(second["base"]) == alone
    assert told(first["tuned"]) == told(second["tuned"]) != alone
    assert told(ask(shelf, folder, None, ASKED)["base"]) == alone
    assert loads == [folder]
    by_peft = peft.PeftModel.from_pretrained(opt.model, tuned).eval()
    assert told(answers(opt, by_peft, ASKED)) == told(first["tuned"])


def test_an_adapter_that_took_weights_from_the_base_leaves_no_hole_in_it(folder, tmp_path, loads, opt):
    """peft's own PiSSA folder, unconverted: loading it takes the principal directions out of the base."""
    alone = told(answers(opt, opt.model, ASKED))
    tuned, shelf = adapter(folder, tmp_path, init="pissa"), Shelf()
    for _ in range(2):
        both = ask(shelf, folder, tuned, ASKED)
        assert told(both["base"]) == alone
        likely = [option["log_likelihood"] for option in alone["options"]]
        assert [option["log_likelihood"] for option in both["tuned"]["options"]] == pytest.approx(likely, rel=1e-4)


def test_an_adapter_that_fails_half_way_leaves_the_base_as_it_was(folder, tiny_models, tmp_path, opt):
    alone = told(answers(opt, opt.model, ASKED))
    foreign = adapter(str(tiny_models["llama"]), tmp_path)  # its layers have the same names and other shapes
    shelf = Shelf()
    with pytest.raises(UserError, match="could not be put on the model"):
        ask(shelf, folder, foreign, ASKED)
    assert told(ask(shelf, folder, None, ASKED)["base"]) == alone


def test_a_whole_tuned_model_is_one_of_its_own(folder, tmp_path, opt):
    whole = str(tiny.save_model(tmp_path / "whole", "opt", seed=5))
    both = ask(Shelf(), folder, whole, ASKED)
    other = load_backbone(whole)
    assert told(both["base"]) == told(answers(opt, opt.model, ASKED))
    assert told(both["tuned"]) == told(answers(other, other.model, ASKED)) != told(both["base"])


def test_a_folder_that_is_no_student_is_refused_before_the_base_is_loaded(folder, tmp_path, loads):
    with pytest.raises(UserError, match="neither"):
        ask(Shelf(), folder, str(tmp_path), ASKED)
    assert not loads


# -- what may be asked --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("question", "options", "more", "message"),
    [
        ("", ("a", "b"), {}, "question is empty"),
        (" \n", ("a", "b"), {}, "question is empty"),
        ("q" * 4001, ("a", "b"), {}, "4,001 characters"),
        ("q", (), {}, "0 options"),
        ("q", ("a",), {}, "is 1 option"),
        ("q", tuple("abcdefghijk"), {}, "11 options"),
        ("q", ("a", " "), {}, "option B is empty"),
        ("q", ("a", "b" * 501), {}, "option B has 501"),
        ("q", ("a", "b", " a"), {}, "A and C are the same"),
        ("q", ("a", "\udc00"), {}, "option B holds half"),
        ("q", ("a", "b"), {"style": "poems"}, "'poems'"),
        ("q", ("a", "b"), {"max_new_tokens": 0}, "max_new_tokens is 0"),
        ("q", ("a", "b"), {"max_new_tokens": 257}, "max_new_tokens is 257"),
    ],
)
def test_what_cannot_be_asked_is_refused(question, options, more, message):
    with pytest.raises(UserError, match=message):
        Asked(question, options, **more)


def test_the_most_that_may_be_asked_is_answered(pocket):
    bundled = pocket["opt-pocket"]
    options = tuple(f"{letter}{'b' * 499}" for letter in "ABCDEFGHIJ")
    for style in asking.STYLES:
        found = answers(bundled, bundled.model, Asked("q" * 4000, options, style, 4))
        assert len(found["options"]) == 10


# -- the shelf ----------------------------------------------------------------------------------------------------
def test_the_shelf_keeps_two_and_the_longest_unused_goes_first(tiny_models, loads):
    shelf, names = Shelf(), [str(tiny_models[name]) for name in ("opt", "llama", "gpt2")]
    for name in (names[0], names[1], names[0], names[2], names[0], names[1]):
        shelf.put(name, shelf.take(name))
    assert loads == [names[0], names[1], names[2], names[1]]


def test_the_shelf_keeps_one_of_two_large_ones(tiny_models, loads, monkeypatch):
    monkeypatch.setattr(asking, "MOST_BYTES", 1000)
    shelf, names = Shelf(), [str(tiny_models[name]) for name in ("opt", "llama")]
    for name in (names[0], names[0], names[1], names[0]):
        shelf.put(name, shelf.take(name))
    assert loads == [names[0], names[1], names[0]]


def test_a_folder_that_was_written_again_is_loaded_again(tmp_path, loads):
    folder = tiny.save_model(tmp_path / "model")
    first = ask(Shelf(), str(folder), None, ASKED)
    shelf = Shelf()
    ask(shelf, str(folder), None, ASKED)
    tiny.save_model(folder, seed=7)
    weights = folder / "model.safetensors"
    os.utime(weights, ns=(0, weights.stat().st_mtime_ns + 10**9))
    assert told(ask(shelf, str(folder), None, ASKED)["base"]) != told(first["base"])


def test_the_tokenizer_of_a_student_needs_none_of_its_weights(folder, loads, tmp_path):
    (tmp_path / "bare").mkdir()
    for file in tiny.save_model(tmp_path / "whole").iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / "bare" / file.name).write_bytes(file.read_bytes())
    shelf = Shelf()
    assert shelf.tokenizer(str(tmp_path / "bare"))("a").input_ids == load_backbone(folder).tokenizer("a").input_ids
    kept = shelf.take(folder)
    shelf.put(folder, kept)
    assert shelf.tokenizer(folder) is kept.tokenizer
    assert loads == [folder]


# -- tokens -------------------------------------------------------------------------------------------------------
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
    kinds = {"sentencepiece": lambda: sentencepiece, "opt-pocket": lambda: asking.load_tokenizer("opt-pocket")}
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
    monkeypatch.setattr(asking, "MOST_SHOWN", 6)
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


# -- the command line ---------------------------------------------------------------------------------------------
def run(*flags: str) -> int:
    parser = argparse.ArgumentParser()
    ask_command.add_arguments(parser)
    return ask_command.run(parser.parse_args(flags))


@pytest.fixture
def flags(folder) -> list[str]:
    return ["--model", folder, "--question", ASKED.question, *(w for o in ASKED.options for w in ("--option", o))]


def test_the_command_prints_what_the_functions_tell(flags, folder, tmp_path, capsys):
    tuned = adapter(folder, tmp_path / "mine", init=False)
    assert run(*flags, "--adapter", tuned, "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    expected = ask(Shelf(), folder, tuned, ASKED)
    assert {side: told(printed[side]) for side in printed} == {side: told(expected[side]) for side in expected}
    assert run(*flags, "--adapter", tuned) == 0
    lines = capsys.readouterr().out.split("\n")
    assert lines[0].split() == ["opt", "mine"]
    shares = [f"{option['probability']:.1%}" for option in expected["tuned"]["options"]]
    for number, (line, option) in enumerate(zip(lines[1:4], ASKED.options, strict=True)):
        assert line.endswith(f"{'ABC'[number]}. {option}") and shares[number] in line
    assert lines[4] == f"opt says: {expected['base']['generation']}"


def test_two_folders_of_one_name_are_told_apart():
    answer = {"options": [{"text": "a", "probability": 1.0}], "choice": 0, "generation": "", "truncated": True}
    lines = ask_command.table({"base": answer, "tuned": answer}, "x/same", "y/same").splitlines()
    assert lines == [
        "    base     tuned",
        "> 100.0%  > 100.0%  A. a",
        "base says: (nothing)",
        "tuned says: (nothing)",
        "The question was cut to fit.",
    ]


def test_bad_words_are_refused_before_a_model_is_loaded(flags, loads):
    with pytest.raises(UserError, match="poems"):
        run(*flags, "--style", "poems")
    assert not loads


def test_asking_for_help_does_not_wait_for_torch():
    code = "import sys, backend.ask_command; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
