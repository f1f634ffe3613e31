"""What a cell's students learn from and are judged by: training, validation and test questions of one kind of data.

The test questions are a fixed draw, the same for every cell of the data. Knows where data lie; no model.
"""

import random
from dataclasses import dataclass

import torch

from backend.core.seeding import generator
from backend.core.text.tasks import OWN_TASKS, Question, TaskSpec, find_task
from backend.core.text.text_data import load_questions
from backend.pocket.talk_descriptions import describe
from backend.pocket.talk_styles import STYLES
from backend.pocket.talk_topics import topics

HALF_VALIDATION = 500  # of the half of MMLU that is learned from
TEXTS = TaskSpec("mmlu_texts", "arc")  # answered with an option's text: by letters SmolLM2 stays at chance (log)


@dataclass(frozen=True)
class Material:
    """Questions that no other part has, and how they are asked."""

    spec: TaskSpec
    train: list[Question]
    validation: list[Question]
    test: list[Question]


def material(name: str, data_dir: str, validated: int, tested: int) -> Material:
    """The data called `name`; so many validation and test questions at most. UserError where a file is missing."""
    spec, train, validation, test = KINDS[name](data_dir)
    return Material(spec, train, drawn(validation, validated, name), drawn(test, tested, name))


def drawn(questions: list[Question], count: int, *key: object) -> list[Question]:
    """So many of them, by the key alone, in their old order."""
    order = torch.randperm(len(questions), generator=generator("room", *key)).tolist()
    return [questions[i] for i in sorted(order[:count])]


def _task(name: str, data_dir: str = "") -> tuple:
    return find_task(name), *(
        load_questions(name, split, data_dir or None) for split in ("train", "validation", "test")
    )


def _halves(data_dir: str) -> tuple:
    """One half of MMLU's test questions is learned from, but for those that choose; the other half tests."""
    questions = load_questions("mmlu", "test", data_dir or None)
    learned = drawn(questions, len(questions) // 2, "half")
    kept = {question.id for question in learned}
    validation = drawn(learned, HALF_VALIDATION, "half, validation")
    choosing = {question.id for question in validation}
    train = [question for question in learned if question.id not in choosing]
    return TEXTS, train, validation, [question for question in questions if question.id not in kept]


def _free(data_dir: str) -> tuple:
    """`Tell me about a cow.` and a true description, for all things of the bundled world."""
    del data_dir
    rng, style = random.Random("room"), STYLES["plain"]
    asked = [
        Question(f"topic/{topic.entity}", topic.prompt(), (describe(topic, style, rng),), 0)
        for topic in sorted(topics(1), key=lambda topic: topic.entity)
    ]
    rng.shuffle(asked)
    fifth = len(asked) // 5
    return OWN_TASKS["own_text"], asked[2 * fifth :], asked[:fifth], asked[fifth : 2 * fifth]


KINDS = {
    "arc_easy": lambda folder: _task("arc_easy", folder),
    "pocket_science": lambda _: _task("pocket_science"),
    "mmlu_halves": _halves,
    "free_answers": _free,
}
