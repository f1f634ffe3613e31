"""Free answers: how likely the right one was, how near the generated one comes, and how two students compare."""

import math
import random
from dataclasses import replace

import pytest

from backend.core.models.backbones import load_backbone
from backend.core.scoring.compare import paired, sentence
from backend.core.scoring.generated import batch, rouge_l, with_generated
from backend.core.scoring.metrics import summarise
from backend.core.scoring.score import score_questions
from backend.core.scoring.scored import FREE_METRICS, METRICS, Scored, from_row, metrics_of
from backend.core.text.tasks import Question, TaskSpec
from backend.core.text.token_ids import asked_ids
from backend.errors import UserError
from backend.runs.results import summarise_results

TEXT = TaskSpec("own_text", "text")
QUESTIONS = [
    Question(f"row/{i}", question, (answer,), 0)
    for i, (question, answer) in enumerate(
        [("Which animal gives milk?", "a cow"), ("What do plants need?", "light and water"), ("Name a colour.", "red")]
    )
]


def answered(bits: list[float], generated: bool = True) -> list[Scored]:
    """Answers of ten characters that need so many bits each."""
    wrote = {"generated": "x", "rouge_l": 0.5, "exact": False} if generated else {}
    return [Scored(f"row/{i}", None, 0, (-10 * math.log(2) * value,), (10,), **wrote) for i, value in enumerate(bits)]


def longest_common(a: list[str], b: list[str]) -> int:
    """By its definition, without a table."""
    if not a or not b:
        return 0
    if a[0] == b[0]:
        return 1 + longest_common(a[1:], b[1:])
    return max(longest_common(a[1:], b), longest_common(a, b[1:]))


def test_bits_are_of_a_character_and_so_do_not_depend_on_how_a_tokenizer_cuts():
    assert [item.bits for item in answered([0.5, 2.0])] == pytest.approx([0.5, 2.0])


def test_rouge_l_is_the_f_measure_of_the_longest_common_subsequence():
    chance, words = random.Random(3), "a b c d".split()
    for _ in range(60):
        one, other = ([chance.choice(words) for _ in range(chance.randint(1, 7))] for _ in range(2))
        expected = 2 * longest_common(one, other) / (len(one) + len(other))
        assert rouge_l(" ".join(one), " ".join(other)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("right", "said", "expected"),
    [
        ("A cow.", "a COW!", 1.0),
        ("牛は草を食べる", "牛は水を飲む", 2 * 3 / (7 + 6)),
        ("Жёлтый цвет", "жёлтый", 2 / 3),
        ("!?", "!?", 1.0),
        ("!?", "", 0.0),
        ("cow", "", 0.0),
    ],
)
def test_rouge_l_reads_words_of_any_script(right, said, expected):
    assert rouge_l(right, said) == pytest.approx(expected)


def test_what_has_no_options_is_judged_by_bits_and_by_what_was_generated():
    assert metrics_of(answered([1.0])) == FREE_METRICS
    assert metrics_of(answered([1.0], generated=False)) == ("bits",)
    assert metrics_of([Scored("a", None, 0, (-1.0, -2.0), (1, 1))]) == METRICS
    told = summarise(answered([1.0, 3.0]))
    assert (told["n"], told["bits"], told["rouge_l"], told["exact"]) == (2, pytest.approx(2.0), 0.5, 0.0)
    assert told["bits_stderr"] == pytest.approx(1.0)
    assert "acc" not in told, "one option is always chosen"


def test_a_row_of_scores_comes_back_and_questions_with_options_have_no_more_than_before():
    for item in (*answered([1.0]), Scored("a", None, 0, (-1.0, -2.0), (1, 1))):
        assert from_row(item.as_row()) == item
    assert list(Scored("a", None, 0, (-1.0, -2.0), (1, 1)).as_row()) == [
        "id", "subject", "answer", "log_likelihoods", "lengths", "truncated",
    ]  # fmt: skip


def test_fewer_bits_are_better_and_the_sentence_says_so():
    chance = random.Random(1)
    worse = [chance.uniform(1, 3) for _ in range(40)]
    better = [value - chance.uniform(0.1, 0.5) for value in worse]
    found = paired([answered(better)], [answered(worse)])
    assert found.metric == "bits" and found.difference < found.high < 0 and not found.inside_noise
    assert (len(found.gained), len(found.lost), found.p_value) == (40, 0, None)
    assert sentence(found, "text", "random").startswith("text needs 0.")
    assert "bits per character fewer than random on the 40 answers" in sentence(found, "text", "random")
    assert sentence(paired([answered(worse)], [answered(better)]), "a", "b").count("more than b")


def test_the_interval_of_bits_is_that_of_the_mean_difference():
    chance = random.Random(7)
    a, b = ([chance.gauss(2, 0.5) for _ in range(60)] for _ in range(2))
    found = paired([answered(a)], [answered(b)], draws=20_000)
    differences = [x - y for x, y in zip(a, b, strict=True)]
    mean = sum(differences) / 60
    sd = math.sqrt(sum((d - mean) ** 2 for d in differences) / 60)
    assert found.difference == pytest.approx(mean)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * sd / math.sqrt(60), rel=0.05)


def test_a_metric_that_one_side_lacks_is_refused():
    with pytest.raises(UserError, match="no rouge_l"):
        paired([answered([1.0, 2.0])], [answered([1.0, 2.0], generated=False)], metric="rouge_l")


def test_a_table_of_bits_has_the_interval_of_its_own_spread():
    row = {"student": "s", "regime": "ordinary", "arm": "text", "task": "own_text", "metric": "bits", "n": 40}
    [told] = summarise_results([row | {"value": 2.0, "seed": 0, "stderr": 0.1}])
    assert (told["mean"], told["interval"]) == (2.0, pytest.approx(0.196))


@pytest.mark.parametrize("family", ["opt", "llama"])
def test_a_batch_generates_what_each_prompt_does_alone_and_scores_stay(tiny_models, family):
    backbone = load_backbone(str(tiny_models[family]))
    prompts = [asked_ids(backbone.tokenizer, f"Question: {q.question}\nAnswer:") for q in QUESTIONS]
    together = batch(backbone.model, backbone.tokenizer, prompts, 6)
    assert together == [batch(backbone.model, backbone.tokenizer, [one], 6)[0] for one in prompts]
    scored = score_questions(backbone.model, backbone.tokenizer, QUESTIONS, TEXT)
    found = with_generated(backbone.model, backbone.tokenizer, TEXT, QUESTIONS, scored)
    assert [replace(one, generated=None, rouge_l=None, exact=None) for one in found] == scored
    for one, question in zip(found, QUESTIONS, strict=True):
        assert one.exact == (one.generated == question.options[0]) and 0 <= one.rouge_l <= 1
