"""The world: every relation of every domain, which facts may be asked, and which split asks them.

Knows the eight domains, caps and splits. Does not know question rows, options, files or models. Costs milliseconds.
"""

import random
from collections import Counter, defaultdict

from backend.pocket import (
    facts_animals,
    facts_body,
    facts_energy,
    facts_food_chains,
    facts_materials,
    facts_measurement,
    facts_sky,
    facts_weather,
)
from backend.pocket.relation import Fact, Relation

DOMAINS = {
    "animals": facts_animals,
    "materials": facts_materials,
    "body": facts_body,
    "sky": facts_sky,
    "energy": facts_energy,
    "weather": facts_weather,
    "measurement": facts_measurement,
    "food_chains": facts_food_chains,
}
SPLITS = {"train": 0.55, "validation": 0.15, "test": 0.30}
WORLD_SEED = 20
LEAST_CAP = 5
CAP_OVER_MEDIAN = 1.5  # a value asked more often than this is a good blind guess, and the base model makes it


def all_relations() -> list[Relation]:
    """Every relation, in the order of the domains."""
    return [relation for domain in DOMAINS.values() for relation in domain.relations()]


def all_facts() -> list[Fact]:
    """Every fact of the world, asked or only stated."""
    return [Fact(relation, entity) for relation in all_relations() for entity in relation.values]


def split_facts(seed: int = WORLD_SEED) -> dict[str, list[Fact]]:
    """The facts each split asks. Disjoint, and every relation is in every split in the same share."""
    splits: dict[str, list[Fact]] = {name: [] for name in SPLITS}
    for relation in all_relations():
        rng = random.Random(f"{seed} {relation.key}")
        facts = asked_facts(relation, rng)
        first = round(len(facts) * SPLITS["train"])
        second = first + max(1, round(len(facts) * SPLITS["validation"]))
        splits["train"] += facts[:first]
        splits["validation"] += facts[first:second]
        splits["test"] += facts[second:]
    return splits


def asked_facts(relation: Relation, rng: random.Random) -> list[Fact]:
    """The relation's facts, shuffled, with no value in it much more often than its other values."""
    facts = [Fact(relation, entity) for entity in relation.values]
    rng.shuffle(facts)
    counts = sorted(Counter(fact.value for fact in facts).values())
    cap = max(LEAST_CAP, round(CAP_OVER_MEDIAN * counts[len(counts) // 2]))
    seen: dict[str, int] = defaultdict(int)
    kept = []
    for fact in facts:
        seen[fact.value] += 1
        if seen[fact.value] <= cap:
            kept.append(fact)
    return kept
