"""Leaks: planted ones are found, templates and common phrases are not taken for any."""

import random
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.text.leaks import CONTAINS, NEAR, SAME, Leak, find_leaks, warning, words
from backend.core.text.prompts import letters_prompt, question_prompt
from backend.core.text.tasks import Question, find_task, to_example
from backend.core.text.text_data import load_file, load_questions

LICHEN = "Which two kinds of organism live together in a lichen that grows on the bark of an old oak tree?"
OPTIONS = ("an alga and a fungus", "two mosses", "a fern and a worm", "a root and a mite")


def asked(text: str, id: str = "q", options: tuple[str, ...] = OPTIONS) -> Question:
    return Question(id, text, options, 0)


def how(prompt: str, *questions: Question) -> list[str]:
    return [leak.how for leak in find_leaks([prompt], questions)]


@pytest.fixture(scope="module")
def pocket() -> tuple[list[str], list[Question]]:
    prompts = [question_prompt(q.question) for q in load_questions("pocket_science", "train")]
    return prompts, load_questions("pocket_science", "test")


@pytest.mark.parametrize(
    "prompt",
    [
        question_prompt(LICHEN),
        LICHEN,
        f"question:  {LICHEN.upper()}\n\nANSWER :",
        LICHEN.replace(" ", "\n").replace("?", " ?!"),
        letters_prompt(LICHEN, OPTIONS),
    ],
)
def test_case_spacing_punctuation_and_the_template_do_not_hide_a_question(prompt):
    assert how(prompt, asked(LICHEN)) == [SAME]


def test_a_question_within_a_longer_prompt_is_found():
    assert how(f"Lichens are common. {LICHEN} Think first.", asked(LICHEN)) == [CONTAINS]


def test_a_test_question_among_the_solved_examples_is_found():
    spec = find_task("mmlu")
    solved = [asked("What is the plural of the word ox in English?", "shot")]
    prompt = to_example(asked("Who wrote it?", "own"), spec, solved).prompt
    assert find_leaks([prompt], solved) == [Leak(0, "shot", CONTAINS, 1.0)]


@pytest.mark.parametrize(
    "prompt",
    [
        LICHEN.replace("two kinds", "two kind"),
        LICHEN.replace("organism", "organisms"),
        LICHEN.replace("a lichen", "the lichen"),
        f"Say: {LICHEN.replace('Which', 'Exactly which').replace('old oak', 'oak that is old, an oak')}",
    ],
)
def test_a_small_change_of_words_is_nearly_the_same(prompt):
    (leak,) = find_leaks([prompt], [asked(LICHEN)])
    assert leak.how == NEAR and 0.6 <= leak.share < 1


@pytest.mark.parametrize(
    "prompt",
    [
        LICHEN.replace("lichen", "desert"),  # the same frame about another thing
        "Which two kinds of organism live together in a coral reef?",
        " ".join(reversed(LICHEN.split())),
        "A lichen is an alga and a fungus.",  # a paraphrase is out of reach, and not claimed
        "",
    ],
)
def test_another_question_is_no_leak(prompt):
    assert how(prompt, asked(LICHEN)) == []


def test_a_phrase_that_several_questions_share_counts_only_with_its_options():
    phrase = "Which of the following is true?"
    questions = [asked(phrase, "short"), asked(f"Of a price floor, {phrase.lower()}", "long")]
    prompt = "In the third stage, which of the following is true?\nA. It grows\nB. It shrinks\nAnswer:"
    assert how(prompt, *questions) == []
    assert find_leaks([f"Hint. {letters_prompt(phrase, OPTIONS)}"], questions) == [Leak(0, "short", CONTAINS, 1.0)]
    assert find_leaks([question_prompt(phrase)], questions) == [Leak(0, "short", SAME, 1.0)]


def test_a_short_question_is_found_alone_but_not_inside_a_prompt():
    assert how("What is rust?", asked("What is rust?")) == [SAME]
    assert how("Iron gets old outdoors. What is rust? Say it.", asked("What is rust?")) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "How many lines are seen in the spectrum if J << a holds?",
            "How many lines are seen in the spectrum if J >> a holds?",
        ),
        (
            "What does the list [1, 2, 3, 4] give at [-1] in Python?",
            "What does the list [1, 2, 3, 4] give at [1] in Python?",
        ),
        ("What is the value of 3 + 4 in this ring of seven?", "What is the value of 3 * 4 in this ring of seven?"),
    ],
)
def test_signs_of_formulas_and_code_tell_questions_apart(one, other):
    assert SAME not in how(one, asked(other)) and CONTAINS not in how(one, asked(other))


def test_every_pair_is_named_by_its_place_in_order():
    questions = [asked(LICHEN, "first"), asked("What is rust?", "second"), asked(LICHEN, "third")]
    found = find_leaks(["nothing", "What is rust?", LICHEN], questions)
    assert [(leak.prompt, leak.question) for leak in found] == [(1, "second"), (2, "first"), (2, "third")]


def test_other_scripts_are_compared_too():
    assert how("Вопрос. Какая планета ближе всех к Солнцу? Ответ:", asked("Какая планета ближе всех к солнцу")) == [
        CONTAINS
    ]
    assert how("哪颗行星离太阳最近?", asked("哪颗行星离太阳最近")) == [SAME]


@given(st.lists(st.text(max_size=30), max_size=4), st.lists(st.text(min_size=1, max_size=30), max_size=4))
def test_no_text_breaks_it_and_every_question_with_words_is_found_in_itself(prompts, texts):
    questions = [asked(text, str(i), ("?", "!")) for i, text in enumerate(texts)]
    found = find_leaks(prompts + texts, questions)
    pairs = {(leak.prompt, leak.question) for leak in found}
    assert {(len(prompts) + i, str(i)) for i, text in enumerate(texts) if words(text)} <= pairs


@settings(max_examples=50)
@given(st.data())
def test_containing_equals_the_naive_search(data):
    text = st.lists(st.sampled_from("abcdef"), min_size=5, max_size=9)
    asked_words = data.draw(st.lists(text, min_size=1, max_size=4, unique_by=tuple))
    prompt = (
        data.draw(st.lists(st.sampled_from("abcdef"), max_size=60)) + data.draw(st.sampled_from(asked_words)) + ["g"]
    )
    questions = [asked(" ".join(each), str(i)) for i, each in enumerate(asked_words)]
    runs = Counter(
        run for each in {*map(tuple, asked_words)} for run in {each[i : i + 3] for i in range(len(each) - 2)}
    )
    told = [any(runs[tuple(each[i : i + 3])] == 1 for i in range(len(each) - 2)) for each in asked_words]
    inside = [f" {' '.join(each)} " in f" {' '.join(prompt)} " for each in asked_words]
    naive = {str(i) for i in range(len(asked_words)) if told[i] and inside[i]}
    found = find_leaks([" ".join(prompt)], questions)
    assert {leak.question for leak in found if leak.how == CONTAINS} == naive


@pytest.mark.parametrize("limit", [10, 50, 200, 600])
def test_the_templates_of_the_bundled_questions_are_no_leaks(pocket, limit):
    prompts, questions = pocket
    assert find_leaks(prompts, questions[:limit]) == []


def test_bundled_questions_planted_among_the_prompts_are_all_found_and_nothing_else(pocket):
    prompts, questions = pocket
    planted = random.Random(0).sample(questions, 30)
    found = find_leaks(prompts + [question_prompt(q.question) for q in planted], questions)
    assert [(leak.prompt, leak.question, leak.how) for leak in found] == [
        (len(prompts) + i, q.id, SAME) for i, q in enumerate(planted)
    ]


def test_two_thousand_prompts_against_eight_thousand_questions_take_seconds():
    chance = random.Random(0)
    lexicon = [f"w{i}" for i in range(3000)]

    def text(size: int) -> str:
        return " ".join(chance.choices(lexicon, k=size))

    questions = [asked(f"which of the following is {text(25)}", str(i)) for i in range(8000)]
    prompts = [f"which of the following is {text(60)}" for _ in range(1999)] + [f"{text(9)} {questions[5].question}"]
    begun = time.thread_time()
    found = find_leaks(prompts, questions)
    assert time.thread_time() - begun < 8  # 1 s when nothing else runs
    assert found == [Leak(1999, "5", CONTAINS, 1.0)]


def test_the_warning_counts_questions_and_names_one():
    leaks = [Leak(0, "a", NEAR, 0.7), Leak(2, "a", NEAR, 0.8), Leak(3, "b", SAME, 1.0), Leak(4, "b", NEAR, 0.9)]
    told = warning(leaks, 200)
    assert told is not None and set(told) == {"found", "expected", "next_step"}
    assert told["found"] == (
        "2 of the 200 test questions appear in the training prompts (1 word for word, 1 nearly), for example 'b' in "
        "prompt 4."
    )
    assert "1 of the 9 test questions appears" in warning(leaks[:1], 9)["found"]
    assert warning([], 200) is None


@pytest.mark.real
def test_the_copies_in_arc_easy_are_found(real_data):
    """Read one by one: 8 pairs with the same text, 3 that continue or introduce the question, 4 near-copies."""
    train, test = (load_file(real_data / "arc_easy" / f"{split}.jsonl", "arc") for split in ("train", "test"))
    prompts = [question_prompt(q.question) for q in train]
    assert Counter(leak.how for leak in find_leaks(prompts, test)) == {SAME: 8, CONTAINS: 3, NEAR: 4}


@pytest.mark.slow
@pytest.mark.real
def test_arc_easy_does_not_give_mmlu_away(real_data):
    prompts = [question_prompt(q.question) for q in load_file(real_data / "arc_easy" / "train.jsonl", "arc")]
    assert find_leaks(prompts, load_file(real_data / "mmlu" / "test.jsonl", "mmlu")) == []
