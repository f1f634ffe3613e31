"""Declarative sentences of every fact: all that the bundled models read before they meet a question.

Knows facts and their ways of being said. Does not know questions, tokens or models. Nothing is written to disk.
"""

import random
import re
from collections.abc import Sequence

from backend.pocket.relation import Fact
from backend.pocket.world import all_facts

# openings that say nothing, so that a fact does not hang on the first words of its sentence
OPENINGS = (
    "In fact, ",
    "As we know, ",
    "It is true that ",
    "Every child learns this: ",
    "In our world, ",
    "Remember that ",
    "A book says that ",
    "Of course ",
)
OPENING_SHARE = 0.35
LONGEST_DOCUMENT = 4
# "The body covering of a cow - fur." A bare value behind a mark is half way to an answer. The mark must not be the
# colon that answers follow: with colons the base models scored 0.53 and 0.62 before they were taught anything
CARD_SHARE = 0.12
CARD_ENDING = re.compile(r",? (is|are|is called|are called) (the )?({v}|{av})\.$")


def statements() -> list[str]:
    """Every plain statement of every fact, without openings, in the order of the world."""
    return [fact.write(template) for fact in all_facts() for template in fact.relation.says]


def documents(seed: int) -> list[str]:
    """One pass over all statements, freshly shuffled, with openings here and there, as short texts."""
    rng = random.Random(f"documents {seed}")
    return grouped([stated(fact, template, rng) for fact in all_facts() for template in fact.relation.says], rng)


def grouped(sentences: Sequence[str], rng: random.Random) -> list[str]:
    """The sentences in another order, as texts of one to four of them."""
    left = list(sentences)
    rng.shuffle(left)
    texts = []
    while left:
        size = rng.randint(1, LONGEST_DOCUMENT)
        texts.append(" ".join(left[:size]))
        del left[:size]
    return texts


def stated(fact: Fact, template: str, rng: random.Random) -> str:
    """The statement: now and then as on a card, now and then behind an opening."""
    if CARD_ENDING.search(template) and rng.random() < CARD_SHARE:
        return fact.write(CARD_ENDING.sub(" - {v}.", template))
    sentence = fact.write(template)
    if rng.random() >= OPENING_SHARE:
        return sentence
    # a name keeps its capital: templates that begin with the entity or the value are left as they are
    if template.startswith(("{x}", "{v}")) and sentence[0] == fact.write("the " + template)[4]:
        return rng.choice(OPENINGS) + sentence
    return rng.choice(OPENINGS) + sentence[0].lower() + sentence[1:]
