"""A pool: the questions a selector chooses from and everything it may look at while choosing.

Knows questions, a reader's rows of them and their groups. Does not know any selector, nor the test questions: what is
not in the pool cannot leak into a choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from backend.core.models.readers import Reader
from backend.core.text.examples import Rows
from backend.core.text.lengths import length_class
from backend.core.text.tasks import Question, TaskSpec, to_example
from backend.errors import UserError
from backend.selection.embedding import embed
from backend.selection.groups import groups, subjects
from backend.selection.quota import Quota


@dataclass(frozen=True)
class Pool:
    """`questions` and `reader.train` are the training questions in the same order. `told_groups`
    says which belong together, None for what groups.py finds.

    `validation_groups` are LESS's sub-tasks, None where the validation questions are one task. `mixed_precision`
    multiplies in bfloat16 where gradients are taken. Raises UserError where there is nothing to choose from or by.
    """

    spec: TaskSpec
    questions: list[Question]
    reader: Reader
    validation: list[Question]
    validation_rows: Rows
    validation_groups: list[str] | None
    seed: int
    mixed_precision: bool = False
    told_groups: list[str] | None = None

    def __post_init__(self):
        for name, found in (("training", self.questions), ("validation", self.validation)):
            if not found:
                raise UserError(f"There are no {name} questions.", "at least one", "Check the file and the limit.")
        counts = {len(part) for part in (self.questions, self.reader.train, self.told_groups or self.questions)}
        told = self.validation if self.validation_groups is None else self.validation_groups
        if len(counts) > 1 or len({len(self.validation), len(self.validation_rows), len(told)}) > 1:
            raise RuntimeError("Questions, rows and groups of a pool must be equally many and in the same order.")

    def __len__(self) -> int:
        return len(self.questions)

    @cached_property
    def vectors(self) -> Float[np.ndarray, "pool hidden"]:
        """What the frozen model makes of each training question, read once."""
        return embed(self.reader, self.reader.train)

    @cached_property
    def groups(self) -> list[str]:
        """Which training questions belong together."""
        return self.told_groups or groups(self.questions, self.spec, lambda: self.vectors, self.seed)

    def answer_lengths(self) -> list[int]:
        """Answer tokens of each training row, with the end of text; of free answers a class of like lengths."""
        return [length_class(len(example.answer), self.spec.free) for example in self.reader.train.examples]

    def quota(self, size: int) -> Quota:
        """A fresh quota for `size` rows. Raises UserError unless 1 <= size <= pool."""
        return Quota(self.answer_lengths(), size)


def make_pool(
    spec: TaskSpec,
    questions: Sequence[Question],
    validation: Sequence[Question],
    reader: Reader,
    seed: int,
    mixed_precision: bool = False,
) -> Pool:
    """A pool of a task's questions. `reader.train` must be made of the same `questions`."""
    questions, validation = list(questions), list(validation)
    if not questions or not validation:  # before anything is read; Pool says it in words
        return Pool(spec, questions, reader, validation, Rows([], None), None, seed)
    return Pool(
        spec,
        questions,
        reader,
        validation,
        reader.rows([to_example(question, spec) for question in validation]),
        subjects(validation),
        seed,
        mixed_precision,
    )
