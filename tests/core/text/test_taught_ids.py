"""A text is taught token for token as it stands: the ids are those of prompt and answer written as one text."""

from itertools import cycle, product, takewhile

import pytest

from backend.core.scoring.trees import make_trees
from backend.core.text.examples import encode
from backend.core.text.prompts import Example
from backend.core.text.tasks import Question, TaskSpec
from backend.core.text.token_ids import asked_ids, encode_pairs, taught_ids
from tests.own_tokenizers import FAMILIES

ENDINGS = (
    *("Answer:", "Answer: ", "Answer:  ", "Answer:\t", "Answer:\n", "Answer:\n\n", "Answer: \n", "Answer:\r\n", " \n "),
    *("### Response:\n", "<|im_start|>assistant\n", "[/INST]", "[/INST] ", "</s>", "<s>", "<s> ", "</s>\n", "<unk>"),
    *("2+3=", "2+3= ", "x = 1", "1", "1 ", "½", 'He said "', "He said '", "(", "( "),
    *("答案：", "答案： ", "ä", "e\u0301"),
    *("\u00a0", "\u3000", "…", "def f(x):\n    ", "def f(x):\n\t", "a cow, a", "wint", "the grey  ", "-", "A.", "A. "),
)
ANSWERS = ("a cow", "A cow.</s>", " er", "5", "\n  return x", "草", '"')
WRAPPINGS = (("", ""), ("<s>", ""), ("</s>", ""), ("", "</s>"), ("<s>", "</s>"))


def joint(tokenizer, text: str) -> list[int]:
    """The tokenizer's own ids of the text, with one bos and one eos."""
    ids, ends = tokenizer(text).input_ids, [tokenizer.eos_token_id]
    if ids[1:2] == ids[:1] and ids[0] in tokenizer.all_special_ids:
        ids = ids[1:]
    while ids[-2:] == ends * 2:
        ids = ids[:-1]
    return ids if ids[-1:] == ends else ids + ends


@pytest.mark.parametrize("family", FAMILIES)
def test_the_ids_taught_are_those_of_the_joint_text(family):
    assert len(ENDINGS) >= 40
    for before, behind in WRAPPINGS:
        tokenizer = FAMILIES[family](before, behind)
        for (ending, answer), between in product(zip(ENDINGS, cycle(ANSWERS), strict=False), ("", " ")):
            example = Example(f"Which animal gives milk? {ending}", answer, between)
            found, whole = encode(tokenizer, example), joint(tokenizer, example.text)
            assert [*found.prompt, *found.answer] == whole, example
            prompt = tokenizer(example.prompt).input_ids
            prompt = prompt[: len(prompt) - bool(behind)]
            same = takewhile(lambda pair: pair[0] == pair[1], zip(prompt, whole[:-1], strict=False))
            assert list(found.prompt) == [token for token, _ in same], example


def test_a_text_that_brings_its_first_and_last_token_gets_no_second():
    tokenizer = FAMILIES["metaspace"]("<s>", "</s>")
    bare, brought = Example("[INST] milk? [/INST]", "a cow"), Example("<s>[INST] milk? [/INST]", "a cow</s>")
    for example in (bare, brought):
        found = encode(tokenizer, example)
        ids = [*found.prompt, *found.answer]
        assert ids.count(tokenizer.bos_token_id) == ids.count(tokenizer.eos_token_id) == 1
        assert (ids[0], ids[-1]) == (tokenizer.bos_token_id, tokenizer.eos_token_id)
    pair = encode_pairs(tokenizer, [(brought.prompt, " a cow")])[0]
    assert pair[0] == list(encode(tokenizer, brought).prompt)


def test_nothing_is_stripped():
    example = Example("def f(x):\n    ", "return x\n", "")
    found = encode(FAMILIES["byte_level"](), example)
    assert FAMILIES["byte_level"]().decode([*found.prompt, *found.answer]) == "def f(x):\n    return x\n</s>"


def test_a_text_without_a_prompt_has_a_token_before_it():
    for make in FAMILIES.values():
        tokenizer = make()
        found = encode(tokenizer, Example("", "a cow", ""))
        assert found.prompt == (tokenizer.bos_token_id,)
        assert list(found.answer) == [*tokenizer("a cow").input_ids, tokenizer.eos_token_id]


def test_an_answer_that_adds_nothing_still_teaches_the_end():
    tokenizer = FAMILIES["word_pieces"]()
    assert taught_ids(tokenizer, "milk", "milk ")[1] == [tokenizer.eos_token_id]
    assert taught_ids(tokenizer, "milk</s>", "milk</s>")[1] == [tokenizer.eos_token_id]


@pytest.mark.parametrize("family", ["byte_level", "split_digits", "word_pieces"])
def test_a_prompt_is_asked_from_where_its_answer_was_taught(family):
    """A blank at the end of the prompt, too, where it belongs to the answer's first token."""
    tokenizer = FAMILIES[family]("<s>")
    for ending, between in product(("Answer:", "Answer: ", "Answer:\n", "Response:\n\n", "[/INST]"), ("", " ")):
        example = Example(f"Which animal gives milk? {ending}", "a cow", between)
        assert asked_ids(tokenizer, example.prompt, between) == list(encode(tokenizer, example).prompt)


def test_the_likelihood_of_a_free_answer_is_that_of_the_tokens_that_are_taught():
    tokenizer = FAMILIES["split_digits"]("<s>")
    for ending in ("Answer:", "Answer: ", "Answer:\n", "def f(x):\n    "):
        question = Question("one", ending, ("return 5",), 0)
        [tree] = make_trees(tokenizer, [(0, question)], TaskSpec("mine", "prompt"), {}, 512, True)
        taught = encode(tokenizer, Example(ending, "return 5", "")).answer
        assert (*tree.answers[0].tokens, tokenizer.eos_token_id) == taught
