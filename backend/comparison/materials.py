"""What every part of a comparison needs, built once from its config: questions, readers and the pool to choose from.

Knows how names become questions and models; selects and trains nothing.
"""

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from backend.comparison.config import ComparisonConfig
from backend.core.models.adapted import Adapted
from backend.core.models.readers import Reader
from backend.core.text.facts import Fact, load_facts
from backend.core.text.prompts import Example
from backend.core.text.tasks import Question, find_task, reordered, to_example, with_letters
from backend.core.text.text_data import load_questions
from backend.errors import UserError
from backend.selection.pool import Pool, make_pool

# pieces of work in other processes: how each begins there, and the pieces; yields each with its result, in any order
Elsewhere = Callable[[Callable[[], Callable[[Any], Any]], Sequence], Iterator[tuple[Any, Any]]]


class Materials:
    """Raises UserError for anything in the config that does not exist or does not fit. `elsewhere` lets students that
    judge be trained by other processes; without it they are trained here."""

    def __init__(self, config: ComparisonConfig, elsewhere: Elsewhere | None = None):
        self.config, self.spec, self.elsewhere = config, find_task(config.task), elsewhere
        if self.spec.layout == "mmlu":
            found = f"{config.task} is asked by letters under solved examples, which a comparison does not train on."
            raise UserError(found, "any other layout, with style=letters for letters", "Choose another task.")
        self.train = self._questions("train", config.train_limit)
        self.size = round(config.budget * len(self.train))
        if self.size < 1:
            raise UserError(
                f"A budget of {config.budget:g} of {len(self.train)} questions is less than one.",
                "at least one example",
                "Raise the budget.",
            )
        self._readers: dict[str, Reader] = {}
        self._pools: dict[int, Pool] = {}

    def _questions(self, split: str, limit: int) -> list[Question]:
        c = self.config
        found = load_questions(c.task, split, c.own_data, limit or None, c.counted_from)
        if split == "test" and self.config.shuffle_options:
            found = [reordered(one, random.Random(f"{self.config.seed} options {one.id}")) for one in found]
        return [with_letters(one) for one in found] if self.config.style == "letters" else found

    @cached_property
    def validation(self) -> list[Question]:
        return self._questions("validation", self.config.validation_limit)

    @cached_property
    def test(self) -> list[Question]:
        return self._questions("test", self.config.test_limit)

    def kept_out(self) -> list[Question]:
        """All questions of validation and test, which no written text may be like."""
        return self._questions("validation", 0) + self._questions("test", 0)

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that the task's data tells. No written text may ask one that a kept-out question asks."""
        return load_facts(self.config.task, self.config.own_data)

    @cached_property
    def examples(self) -> list[Example]:
        """All training questions as examples."""
        return self.as_examples(self.train)

    def as_examples(self, questions: Sequence[Question]) -> list[Example]:
        return [to_example(question, self.spec) for question in questions]

    def reader(self, name: str) -> Reader:
        """A model as a student, loaded when first asked for."""
        if name not in self._readers:
            c = self.config
            adapted = Adapted(c.adapted_layers, c.adapted_modules)
            self._readers[name] = Reader(name, c.lora_rank, c.lora_alpha, self.examples, adapted)
        return self._readers[name]

    @property
    def own(self) -> Reader:
        return self.reader(self.config.model)

    def judges(self) -> list[Reader]:
        """The readers whose students judge a text, the own one first."""
        others = [name for name in self.config.students if name != self.config.model]
        return [self.own] + ([self.reader(name) for name in others] if self.config.readers == "both" else [])

    def pool(self, seed: int) -> Pool:
        """What a selector may look at: training and validation questions, never the test."""
        if seed not in self._pools:
            self._pools[seed] = make_pool(
                self.spec, self.train, self.validation, self.own, seed, self.config.mixed_precision
            )
        return self._pools[seed]

    def digest(self) -> str:
        """A short name of the training and validation questions: an arm's data set depends on them and its settings."""
        return digest_of((self.train, self.validation))


def digest_of(questions: object) -> str:
    """A short name of lists of questions."""
    return hashlib.sha256(repr(questions).encode()).hexdigest()[:16]
