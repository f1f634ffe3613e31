"""Asked: which facts of the world a question asks, whether an answer to it is true, and which splits ask these facts.

Knows facts and their phrasings; a question in other words it cannot read. Does not know files or models. Costs
milliseconds.
"""

from collections import defaultdict
from functools import cache

from backend.pocket.relation import Fact
from backend.pocket.world import all_facts, split_facts

TRUE, FALSE, UNREADABLE = VERDICTS = ("true", "false", "unreadable")


def facts_of(question: str) -> tuple[Fact, ...]:
    """The facts that a question asks in one of their phrasings; none where it is no question of the world."""
    return tuple(_phrasings().get(question, ()))


def verdict(question: str, answer: str) -> str:
    """`true` where the answer is right, or too near to right to be called wrong; else `false`; `unreadable` where the
    question is none of the world."""
    facts = facts_of(question)
    if not facts:
        return UNREADABLE
    return TRUE if any(answer in fact.right() for fact in facts) else FALSE


def splits_of(question: str) -> set[str]:
    """The splits that ask a fact of the question, in whatever phrasing. A fact may be stated and never asked."""
    return {_splits()[fact.key] for fact in facts_of(question) if fact.key in _splits()}


@cache
def _phrasings() -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in all_facts():
        for ask in fact.relation.asks:
            found[fact.write(ask)].append(fact)
    return found


@cache
def _splits() -> dict[str, str]:
    return {fact.key: split for split, facts in split_facts().items() for fact in facts}
