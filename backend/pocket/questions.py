"""Multiple-choice questions about facts: which phrasing, which wrong options, in which order, as plain rows.

Knows facts and templates. Does not know files, tokens or models. Costs well under a second for the whole world.
"""

import random
from dataclasses import dataclass

from backend.pocket.relation import Fact
from backend.pocket.world import DOMAINS, WORLD_SEED, split_facts

SCIENCE_COUNTS = {"train": 1200, "validation": 300, "test": 600}
MMLU_DEV_SHOTS = 5
MMLU_TEST_PER_SUBJECT = 50
ODD_SHARE = 0.04  # this share has three options, as much again has five; the real set has a few of both
DIGIT_SHARE = 0.03  # rows labelled 1-4 instead of A-D


@dataclass(frozen=True)
class Question:
    """One question: the fact it asks, its words, its options and the place of the right one."""

    fact: Fact
    text: str
    options: tuple[str, ...]
    answer: int


def science_questions(seed: int = WORLD_SEED) -> dict[str, list[Question]]:
    """The questions of Pocket Science for every split, in file order."""
    splits = split_facts(seed)
    pool = _pool(splits)
    drawn = {}
    for name, count in SCIENCE_COUNTS.items():
        rng = random.Random(f"{seed} science {name}")
        asks = _spread(splits[name], count, rng)
        drawn[name] = _place_answers([_compose(fact, ask, pool, _option_count(rng), rng) for fact, ask in asks], rng)
    return drawn


def second_test(seed: int = WORLD_SEED) -> list[Question]:
    """The facts of the test split in all phrasings that its questions leave out, with wrong options drawn anew.

    For a second look at what was improved while the test was looked at.
    """
    splits = split_facts(seed)
    pool = _pool(splits)
    asked = {question.text for question in science_questions(seed)["test"]}
    rng = random.Random(f"{seed} second test")
    asks = [(fact, ask) for fact in splits["test"] for ask in fact.relation.asks if fact.write(ask) not in asked]
    drawn = rng.sample(asks, len(asks))
    return _place_answers([_compose(fact, ask, pool, _option_count(rng), rng) for fact, ask in drawn], rng)


def mmlu_questions(seed: int = WORLD_SEED) -> dict[str, list[Question]]:
    """The questions of pocket_mmlu: shots ask facts of train, test rows ask facts of test; all have four options."""
    splits = split_facts(seed)
    pool = _pool(splits)
    rng = random.Random(f"{seed} mmlu")
    drawn: dict[str, list[Question]] = {"dev": [], "test": []}
    for subject in DOMAINS:
        for name, source, count in (("dev", "train", MMLU_DEV_SHOTS), ("test", "test", MMLU_TEST_PER_SUBJECT)):
            facts = [f for f in splits[source] if f.relation.domain == subject and len(set(_wrong(f, pool))) >= 3]
            asks = _spread(facts, count, rng)
            drawn[name] += _place_answers([_compose(fact, ask, pool, 4, rng) for fact, ask in asks], rng)
    return drawn


def science_row(split: str, index: int, question: Question) -> dict[str, object]:
    """A question in the columns of the real set; now and then with digits as labels, as the real set has."""
    digits = random.Random(f"labels {split} {index}").random() < DIGIT_SHARE and len(question.options) == 4
    labels = list("1234") if digits else list("ABCDE"[: len(question.options)])
    return {
        "id": question_id(split, index),
        "question": question.text,
        "choices": {"text": list(question.options), "label": labels},
        "answerKey": labels[question.answer],
    }


def mmlu_row(question: Question) -> dict[str, object]:
    """A question in the columns of the real set of subjects."""
    return {
        "question": question.text,
        "subject": question.fact.relation.domain,
        "choices": list(question.options),
        "answer": question.answer,
    }


def question_id(split: str, index: int) -> str:
    """The id a row of Pocket Science carries."""
    return f"pocket_science_{split}_{index:04d}"


def facts_asked(seed: int = WORLD_SEED) -> dict[str, Fact]:
    """The fact behind every id of Pocket Science."""
    drawn = science_questions(seed)
    return {question_id(split, i): question.fact for split in drawn for i, question in enumerate(drawn[split])}


def _spread(facts: list[Fact], count: int, rng: random.Random) -> list[tuple[Fact, str]]:
    """`count` different (fact, phrasing) pairs in random order: every fact once before any fact twice."""
    phrasings = {fact: rng.sample(fact.relation.asks, len(fact.relation.asks)) for fact in facts}
    rounds = max((len(asks) for asks in phrasings.values()), default=0)
    pairs = []
    for turn in range(rounds):
        layer = [(fact, phrasings[fact][turn]) for fact in facts if turn < len(phrasings[fact])]
        pairs += rng.sample(layer, len(layer))
    if len(pairs) < count:
        raise ValueError(f"{len(facts)} facts give {len(pairs)} questions, {count} are asked for; write more facts")
    return rng.sample(pairs[:count], count)


def _pool(splits: dict[str, list[Fact]]) -> dict[str, list[Fact]]:
    """The facts of all splits by relation: wrong options come from the same relation, whatever the split."""
    pool: dict[str, list[Fact]] = {}
    for fact in (fact for facts in splits.values() for fact in facts):
        pool.setdefault(fact.relation.key, []).append(fact)
    return pool


def _wrong(fact: Fact, pool: dict[str, list[Fact]]) -> list[str]:
    """The wrong values of the fact's relation, each as often as it is right elsewhere, so that no value is suspect."""
    right = fact.right()
    return [other.value for other in pool[fact.relation.key] if other.value not in right]


def _option_count(rng: random.Random) -> int:
    draw = rng.random()
    return 3 if draw < ODD_SHARE else 5 if draw < 2 * ODD_SHARE else 4


def _compose(fact: Fact, ask: str, pool: dict[str, list[Fact]], count: int, rng: random.Random) -> Question:
    """The question with the right option first; its place is dealt later."""
    wrong = _wrong(fact, pool)
    rng.shuffle(wrong)
    options = (fact.value, *list(dict.fromkeys(wrong))[: count - 1])
    if len(options) < 3:
        raise ValueError(f"{fact.key} has {len(options)} options, three are needed; relax its clashes")
    return Question(fact, fact.write(ask), options, 0)


def _place_answers(questions: list[Question], rng: random.Random) -> list[Question]:
    """The questions with their right options dealt evenly over the places."""
    decks: dict[int, list[int]] = {}
    placed = []
    for question in questions:
        count = len(question.options)
        if not decks.get(count):
            decks[count] = rng.sample(range(count), count)
        place = decks[count].pop()
        wrong = list(question.options[1:])
        options = (*wrong[:place], question.options[0], *wrong[place:])
        placed.append(Question(question.fact, question.text, options, place))
    return placed
