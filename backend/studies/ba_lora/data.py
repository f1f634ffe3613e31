"""What students learn from, are chosen by and are asked: questions, some of them with a wrong label, and statements.

Knows tasks, the config and the statements of the pocket world; no model.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerBase

from backend.core.seeding import generator
from backend.core.text.batches import Encoded
from backend.core.text.prompts import Example
from backend.core.text.tasks import Question, TaskSpec, find_task, to_example
from backend.core.text.text_data import load_questions, load_shots
from backend.core.text.token_ids import encode_pairs
from backend.errors import UserError
from backend.pocket.statements import statements
from backend.studies.ba_lora.config import BaLoraConfig

REPLAYED = 256  # statements that consistency is taken on; their kept logits take 25 MB


@dataclass(frozen=True)
class Taught:
    """A training question and the option that is taught, which may be a wrong one."""

    question: Question
    option: int

    @property
    def wrong(self) -> bool:
        return self.option != self.question.answer


def task_of(config: BaLoraConfig) -> TaskSpec:
    """The task of the run. Raises UserError where its answers are free texts, which have no wrong options."""
    spec = find_task(config.train_task)
    if spec.free:
        found = f"{config.train_task} has free answers."
        raise UserError(found, "questions with options", "Choose another task, or prepare the file with options.")
    return spec


def taught(config: BaLoraConfig) -> list[Taught]:
    """The training questions of every student: drawn by the seed, and some of them given a wrong label."""
    questions = _questions(config, "train")
    if config.examples > len(questions):
        found = f"examples is {config.examples}, but there are {len(questions)} training questions."
        raise UserError(found, "at most as many as there are", "Lower examples.")
    order = torch.randperm(len(questions), generator=generator(config.seed, "taught")).tolist()[: config.examples]
    chosen = [questions[i] for i in order]
    return [
        Taught(question, wrong_option(question, config.seed) if number < config.wrong else question.answer)
        for number, question in enumerate(chosen)
    ]


def wrong_option(question: Question, seed: int) -> int:
    """One of its wrong options, the same in every run of this seed."""
    others = [i for i in range(len(question.options)) if i != question.answer]
    return random.Random(f"{seed} wrong label {question.id}").choice(others)


def examples_of(config: BaLoraConfig) -> list[Example]:
    """What is taught, as prompts and answers."""
    spec = task_of(config)
    return [
        to_example(Question(q.id, q.question, q.options, item.option, q.subject), spec)
        for item in taught(config)
        for q in (item.question,)
    ]


def validation_questions(config: BaLoraConfig) -> list[Question]:
    """Questions to choose a step size by."""
    spec = task_of(config)
    if "validation" not in spec.splits:
        found = f"{config.train_task} holds out no validation questions."
        raise UserError(found, "some to choose step sizes by", "Choose another task.")
    return _questions(config, "validation", config.validation_limit)


def test_questions(config: BaLoraConfig) -> list[Question]:
    """What every student is asked."""
    return _questions(config, "test", config.test_limit or None)


def shots_of(config: BaLoraConfig) -> dict[str, Sequence[Question]]:
    """The solved examples before a question, where the task has them."""
    return load_shots(config.train_task, config.data_dir or None)


def replayed_statements(tokenizer: PreTrainedTokenizerBase, seed: int) -> list[Encoded]:
    """True statements of the world, drawn by the seed, every token of which but the first is looked at."""
    texts = statements()
    order = torch.randperm(len(texts), generator=generator(seed, "replayed")).tolist()[:REPLAYED]
    pairs = encode_pairs(tokenizer, [("", texts[i]) for i in order])
    return [Encoded(tuple(before), tuple(text)) for before, text in pairs]


def _questions(config: BaLoraConfig, split: str, limit: int | None = None) -> list[Question]:
    return load_questions(config.train_task, split, config.data_dir or None, limit, config.counted_from)
