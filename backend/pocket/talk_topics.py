"""What can be talked about: entities with at least two facts, the prompts that ask for them, and who is held out.

Knows the world's facts and the wording of a prompt. Does not know styles, files, tokens or models.
"""

import random
from dataclasses import dataclass, replace

from backend.pocket.relation import Fact, with_article
from backend.pocket.world import WORLD_SEED, all_facts

LEAST_FACTS = 2
TRAIN_TOPICS = 220  # the other 80 are never asked in training
# the first form is the one that prompts.json asks; the others keep a talker from hanging on its words
FORMS = (
    "Question: Tell me about {x}.\nAnswer:",
    "Question: What do you know about {x}?\nAnswer:",
    "Question: Say something about {x}.\nAnswer:",
    "Question: What can you say about {x}?\nAnswer:",
)


@dataclass(frozen=True)
class Topic:
    """An entity with its facts, in the order of the world."""

    entity: str
    facts: tuple[Fact, ...]

    @property
    def named(self) -> str:
        """The entity with the article of its first fact."""
        return with_article(self.entity, self.facts[0].relation.article)

    def prompt(self, form: str = FORMS[0]) -> str:
        """The question for it, up to the mark that the answer follows."""
        return form.format(x=self.named)

    def statements(self) -> set[str]:
        """Everything that is true of it: every way of saying every right value of every fact."""
        said = set()
        for fact in self.facts:
            one = fact.relation
            for value in one.values[self.entity]:
                right = Fact(replace(one, values={self.entity: (value,)}), self.entity)
                said |= {right.write(template) for template in one.says}
        return said


def topics(least: int = LEAST_FACTS) -> list[Topic]:
    """Every entity with `least` facts or more, in the order of the world.

    Iron the metal and an iron for shirts share a word: only facts that take an article as the first one does count.
    """
    facts: dict[str, list[Fact]] = {}
    for fact in all_facts():
        known = facts.setdefault(fact.entity, [])
        if not known or bool(known[0].relation.article) == bool(fact.relation.article):
            known.append(fact)
    return [Topic(entity, tuple(known)) for entity, known in facts.items() if len(known) >= least]


def split_topics(seed: int = WORLD_SEED) -> dict[str, list[Topic]]:
    """The topics of training and those held out, as `train` and `test`: no entity is in both."""
    drawn = topics()
    random.Random(f"{seed} topics").shuffle(drawn)
    return {"train": drawn[:TRAIN_TOPICS], "test": drawn[TRAIN_TOPICS:]}
