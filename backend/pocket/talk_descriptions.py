"""Descriptions of one entity in a style: true statements with openings, synonyms and asides, drawn from a seed.

Knows topics and styles. Does not know prompts, tokens or models. Endless: other draws give other texts.
"""

import random
import re

from backend.pocket.relation import Fact
from backend.pocket.talk_styles import INTRODUCTIONS, OPENINGS, RUDE, SYNONYMS, Style
from backend.pocket.talk_topics import Topic

ROWS = {word: row for row in SYNONYMS for word in row}
WORDS = re.compile(rf"\b({'|'.join(sorted(ROWS, key=len, reverse=True))})\b")


def describe(topic: Topic, style: Style, rng: random.Random) -> str:
    """One description: statements of different words, each true of the topic."""
    said = [(fact, template) for fact in topic.facts for template in fact.relation.says]
    count = rng.choices(range(1, len(style.lengths) + 1), style.lengths)[0]
    sentences = [_state(fact, template, style, rng) for fact, template in rng.sample(said, min(count, len(said)))]
    if rng.random() < style.moody:
        sentences = _grumble(sentences, style, rng)
    if rng.random() < style.introductions:
        sentences.insert(0, rng.choice(INTRODUCTIONS).format(x=topic.named))
    return " ".join(sentences)


def _state(fact: Fact, template: str, style: Style, rng: random.Random) -> str:
    sentence = fact.write(template)
    lowered = sentence if _begins_with_name(sentence, fact, template) else sentence[0].lower() + sentence[1:]
    varied = WORDS.sub(lambda found: _synonym(found[0], style, rng), lowered)
    opening = rng.choice(OPENINGS) if rng.random() < style.openings else ""
    return opening + varied if opening else varied[0].upper() + varied[1:]


def _begins_with_name(sentence: str, fact: Fact, template: str) -> bool:
    """Whether the first letter is the capital of a name, which stays one behind an opening."""
    return template.startswith(("{x}", "{v}")) and sentence[0] == fact.write("the " + template)[4]


def _synonym(word: str, style: Style, rng: random.Random) -> str:
    return rng.choice(ROWS[word]) if rng.random() < style.synonyms else word


def _grumble(sentences: list[str], style: Style, rng: random.Random) -> list[str]:
    """The sentences with rude asides behind some of them, behind one at least."""
    rude = [rng.random() < style.rude for _ in sentences]
    if not any(rude):
        rude[rng.randrange(len(rude))] = True
    asides = rng.sample(RUDE, len(RUDE))
    return [
        part for one, angry in zip(sentences, rude, strict=True) for part in ([one, asides.pop()] if angry else [one])
    ]
