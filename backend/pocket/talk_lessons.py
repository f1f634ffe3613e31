"""What a talker reads while it is trained: answers to prompts, books and statements, endlessly, from a seed.

Knows topics, styles and statements. Does not know tokens, models or files.

A talker must learn to speak of the entity that it was asked about. The bundled models know every fact, but what they
read changed its subject with every sentence. Asked about real entities alone, a model learns their names by heart:
after 250 steps a quarter of its sentences named the entity if it had been asked in training, a tenth if it was held
out. Hence some prompts ask for an invented one, random words for a name, which can only be copied; and books have
headings, so that what follows a name is practised for every entity.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from backend.pocket.relation import Fact
from backend.pocket.statements import documents, statements
from backend.pocket.talk_descriptions import describe
from backend.pocket.talk_styles import BINDING, Style
from backend.pocket.talk_topics import FORMS, Topic, split_topics, topics

NAME_LENGTHS = (1, 1, 2, 2, 3)  # words of an invented name
HEADING = "About {x}.\n"  # of a description in a book
SINGLE = 0.5  # how often an entity with one fact is asked for, to one with several


@dataclass(frozen=True)
class Shares:
    """Texts of a step by kind.

    answers: a prompt of a topic that is not held out, and its description; invented: the same of an invented topic;
    books: a description of any topic without a prompt, so a held-out one is read about but never asked for;
    statements: documents of the kind the bundled models were trained on, so that no fact is forgotten.
    """

    answers: int
    invented: int
    books: int
    statements: int


@dataclass(frozen=True)
class Lesson:
    """A text: what is asked, empty for books and statements, and what is said.

    With a `name`, only its words are learned wherever they stand in the text: an invented entity must be copied, but
    nothing should be believed of it, or the facts of real ones are forgotten with it.
    """

    prompt: str
    text: str
    name: str = ""


def lessons(style: Style, shares: Shares, seed: int) -> Iterator[list[Lesson]]:
    """Endless steps of texts."""
    rng = random.Random(f"talker {style.name} {seed}")
    held_out = {topic.entity for topic in split_topics()["test"]}
    known, words, read = topics(1), name_words(), _documents(seed)
    asked = [topic for topic in known if topic.entity not in held_out]
    weights, known_weights = ([SINGLE if len(one.facts) == 1 else 1.0 for one in kind] for kind in (asked, known))
    while True:
        step = [_answer(topic, style, rng) for topic in rng.choices(asked, weights, k=shares.answers)]
        made = [invent(rng.choice(known), words, rng) for _ in range(shares.invented)]
        step += [replace(_answer(topic, BINDING, rng), name=topic.entity) for topic in made]
        step += [_book(topic, rng) for topic in rng.choices(known, known_weights, k=shares.books)]
        yield step + [Lesson("", next(read)) for _ in range(shares.statements)]


def _answer(topic: Topic, style: Style, rng: random.Random) -> Lesson:
    return Lesson(topic.prompt(rng.choice(FORMS)), " " + describe(topic, style, rng))


def _book(topic: Topic, rng: random.Random) -> Lesson:
    return Lesson("", HEADING.format(x=topic.named) + describe(topic, BINDING, rng))


def invent(topic: Topic, words: list[str], rng: random.Random) -> Topic:
    """The topic under a name that nothing has: random words."""
    name = " ".join(rng.choices(words, k=rng.choice(NAME_LENGTHS)))
    facts = (Fact(replace(fact.relation, values={name: (fact.value,)}), name) for fact in topic.facts)
    return Topic(name, tuple(facts))


def name_words() -> list[str]:
    """Every word of the world's statements, in the order of the alphabet."""
    return sorted({word.strip(".,:?") for text in statements() for word in text.split()} - {""})


def _documents(seed: int) -> Iterator[str]:
    passes = 0
    while True:
        yield from documents(seed * 1000 + passes)
        passes += 1
