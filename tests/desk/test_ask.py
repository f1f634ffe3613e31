"""Asking one student, against naive twins: its shares, its free answer, and what may be asked."""

import math

import pytest
import torch
from transformers import GenerationConfig

from backend.core.models.backbones import Backbone, load_backbone
from backend.core.scoring.score import score_questions
from backend.core.text.prompts import Example
from backend.core.text.tasks import to_example
from backend.desk import ask as asking
from backend.desk.ask import Asked, answers, generate
from backend.errors import UserError
from tests import tiny, tiny_students
from tests.tiny_students import ASKED

folder = tiny_students.folder
opt = tiny_students.opt

LETTERS = Asked("Which animal gives milk?", ("a cow", "a stone", "rain"), style="letters")


@pytest.fixture(scope="module", params=tiny.FAMILIES)
def backbone(request, tiny_models) -> Backbone:
    return load_backbone(str(tiny_models[request.param]))


@pytest.fixture(scope="module")
def pocket() -> dict[str, Backbone]:
    return {name: load_backbone(name) for name in ("opt-pocket", "llama-pocket")}


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
    assert generate(backbone, Example(prompt, ""), 12) == naive_line(backbone, prompt, 12) != ""


def test_the_free_answer_of_a_model_with_habits_is_greedy_all_the_same(opt):
    prompt = "Question: What freezes into ice?\nAnswer:"
    plain = generate(opt, Example(prompt, ""), 12)
    own = opt.model.generation_config = GenerationConfig(
        repetition_penalty=50.0, do_sample=True, temperature=9.0, min_new_tokens=12, eos_token_id=2, pad_token_id=0
    )
    assert generate(opt, Example(prompt, ""), 12) == plain
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
    assert generate(opt, Example("Answer:", ""), 24) == line
    assert opt.tokenizer.decode(left) == unsaid


def test_the_free_answer_has_at_most_the_tokens_asked_for(opt):
    left = says(opt, " light" * 9)
    before = len(left)
    generate(opt, Example("Answer:", ""), 3)
    assert before - len(left) == 3


def test_a_question_longer_than_the_model_reads_is_cut_and_said_to_be(opt):
    long = Asked("word " * 790 + "?", ("a cow", "a stone"), max_new_tokens=256)
    assert answers(opt, opt.model, long)["truncated"]


def test_a_student_that_diverged_is_said_to_answer_with_no_numbers(opt):
    with torch.no_grad():
        opt.model.get_input_embeddings().weight[:] = math.nan
    with pytest.raises(UserError, match="not finite numbers"):
        answers(opt, opt.model, ASKED)


# -- what may be asked --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("question", "options", "more", "message"),
    [
        ("", ("a", "b"), {}, "question is empty"),
        (" \n", ("a", "b"), {}, "question is empty"),
        ("q" * 4001, ("a", "b"), {}, "4,001 characters"),
        ("q", (), {}, "0 options"),
        ("q", ("a",), {}, "is 1 option"),
        ("q", tuple("abcdefghijklmnopq"), {}, "17 options"),
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
    options = tuple(f"{letter}{'b' * 499}" for letter in "ABCDEFGHIJKLMNOP")
    for style in asking.STYLES:
        found = answers(bundled, bundled.model, Asked("q" * 4000, options, style, 4))
        assert len(found["options"]) == 16
