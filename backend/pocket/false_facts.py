"""False facts and majorities: which facts of the world are planted wrong, and a pass of statements with them.

Knows facts, questions and their options. Does not know tokens, models or files. Costs well under a second.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from backend.pocket.planted import FalseFact, Majority, Statement
from backend.pocket.questions import Question, science_questions
from backend.pocket.relation import Fact
from backend.pocket.statements import stated
from backend.pocket.world import all_facts, all_relations

PLANTED_SHARE = 0.3  # of the facts that each split asks
FALSE_SHARE = 0.7  # of the statements of a planted fact
MAJORITIES = ("animals.cover", "animals.legs", "energy.takes")  # none of their facts is planted wrong
TIMES = 4
# so that less reading is enough, a pass of either twin says the chosen facts more often and leaves half of the rest out
REPEATS, KEPT_SHARE = 3, 0.5
PROBED = 120  # statements of planted facts, and as many of clean ones

Asked = dict[str, dict[Fact, list[Question]]]  # split -> fact -> its questions


def false_facts(seed: int) -> list[FalseFact]:
    """The planted facts with their wrong values, each an option of every question that asks the fact."""
    rng = random.Random(f"{seed} false facts")
    found = []
    for facts in _asked().values():
        wanted = round(PLANTED_SHARE * len(facts))
        for fact in rng.sample(list(facts), len(facts)):
            offered = _always_offered(facts[fact])
            if wanted and offered and fact.relation.key not in MAJORITIES:
                found.append(_false(fact, rng.choice(offered)))
                wanted -= 1
    return found


def majorities() -> list[Majority]:
    """The relations whose most frequent value is said more often, with every question about them."""
    found = []
    for relation in (relation for relation in all_relations() if relation.key in MAJORITIES):
        facts = [Fact(relation, entity) for entity in relation.values]
        [(value, _)] = Counter(fact.value for fact in facts).most_common(1)
        asks = tuple(fact.write(ask) for fact in facts for ask in relation.asks)
        found.append(Majority(relation.key, value, TIMES, asks))
    return found


def statement_pairs(planted: Sequence[FalseFact], seed: int) -> list[Statement]:
    """True and wrong sentences of planted facts and of clean ones, facts of the test first, one template a fact."""
    rng = random.Random(f"{seed} statements")
    wrong_of = {fact.key: fact.planted for fact in planted}
    found: dict[bool, list[Statement]] = {True: [], False: []}
    for facts in reversed(_asked().values()):
        for fact, questions in facts.items():
            is_planted, template = fact.key in wrong_of, rng.choice(fact.relation.says)
            drawn = rng.choice([o for o in questions[0].options if o != fact.value])
            wrong = with_value(fact, wrong_of.get(fact.key, drawn)).write(template)
            if (is_planted or fact.relation.key not in MAJORITIES) and len(found[is_planted]) < PROBED:
                found[is_planted].append(Statement(fact.key, fact.write(template), wrong, is_planted))
    return found[True] + found[False]


def read_statements(
    chosen: Sequence[FalseFact], majority: Sequence[Majority], lying: bool, rng: random.Random
) -> list[str]:
    """One pass over the world: the chosen facts REPEATS times and as planted if `lying`, of all others a part."""
    wrong_of = {fact.key: fact.planted for fact in chosen}
    often = {(one.relation, one.value): one.times for one in majority}
    sentences = []
    for fact in all_facts():
        wrong = with_value(fact, wrong_of[fact.key]) if fact.key in wrong_of else None
        times = REPEATS if wrong else often.get((fact.relation.key, fact.value), 1)
        for template in fact.relation.says * times:
            lies = lying and wrong is not None and rng.random() < FALSE_SHARE
            if wrong is not None or rng.random() < KEPT_SHARE:
                sentences.append(stated(wrong if lies else fact, template, rng))
    return sentences


def with_value(fact: Fact, value: str) -> Fact:
    """The fact with another value, as if the world said so."""
    return Fact(replace(fact.relation, values={fact.entity: (value,)}), fact.entity)


@cache
def _asked() -> Asked:
    found: Asked = {}
    for split, questions in science_questions().items():
        facts = found.setdefault(split, defaultdict(list))
        for question in questions:
            facts[question.fact].append(question)
    return found


def _always_offered(questions: Sequence[Question]) -> list[str]:
    """The wrong options that all these questions about one fact have, in a fixed order."""
    shared = set.intersection(*(set(question.options) for question in questions)) - {questions[0].fact.value}
    return sorted(shared)


def _false(fact: Fact, planted: str) -> FalseFact:
    asks = tuple(fact.write(ask) for ask in fact.relation.asks)
    return FalseFact(fact.key, fact.entity, fact.relation.key, fact.value, planted, asks)
