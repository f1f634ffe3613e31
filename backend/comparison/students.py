"""One student of the comparison: trained on a data set with AdamW, from a start and in an order that its seed decides.

The same seeds give every arm the same starts. Knows readers, rows and the config; not how a data set was chosen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from backend.comparison.config import ComparisonConfig
from backend.comparison.materials import Materials
from backend.core.cached.quicker import answers
from backend.core.models.readers import Reader
from backend.core.params import Params
from backend.core.scoring.generated import with_generated
from backend.core.scoring.metrics import answer_bits, option_error, option_loss
from backend.core.scoring.scored import Scored
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.examples import Data, Rows
from backend.core.text.tasks import Question
from backend.core.training.finetune import Diverged, Plan, choose_lr, finetuned
from backend.core.training.stacked import Pupil, finetuned_each

LOST = (0.0, math.inf)  # accuracy and loss of a student that diverged: any other wins


@dataclass(frozen=True)
class Trainee:
    """A reader that is trained by the config's plan."""

    materials: Materials
    reader: Reader

    @property
    def _config(self) -> ComparisonConfig:
        return self.materials.config

    def train(self, rows: Data, lr: float, key: object) -> Params:
        """The trained parameters. `key` decides start and order. Raises Diverged when the loss is no number."""
        start, order = self._begin(rows, key)
        return finetuned(self.reader.student, rows, start, order, self._plan(lr))

    def train_each(self, wanted: Sequence[tuple[Data, float, object]]) -> list[Params | None]:
        """What `train` gives for each data set, step size and key, None for one that diverged; side by side where that
        is faster (core/training/stacked.py)."""
        if all(isinstance(rows, Rows) for rows, _, _ in wanted):
            pupils = [Pupil(rows, *self._begin(rows, key), lr) for rows, lr, key in wanted]
            return finetuned_each(self.reader.student, pupils, self._plan(wanted[0][1]))
        found: list[Params | None] = []
        for rows, lr, key in wanted:
            try:
                found.append(self.train(rows, lr, key))
            except Diverged:
                found.append(None)
        return found

    def _begin(self, rows: Data, key: object) -> tuple[Params, list[list[int]]]:
        c = self._config
        order = shuffled_batches(len(rows), c.batch, c.steps, generator(c.seed, "comparison order", key))
        return self.reader.student.initial((c.seed, "comparison", key)), order

    def _plan(self, lr: float) -> Plan:
        return Plan(self._config.steps, lr, mixed_precision=self._config.mixed_precision)

    def untrained(self) -> Params:
        return self.reader.student.initial((self._config.seed, "comparison", 0))

    def answers(self, params: Params, questions: list[Question]) -> list[Scored]:
        return answers(self.reader.student, params, questions, self.materials.spec)

    def tested(self, params: Params) -> list[Scored]:
        """The answers to the test questions; to those without options also what the student writes by itself."""
        student, spec, asked = self.reader.student, self.materials.spec, self.materials.test
        scored = self.answers(params, asked)
        return with_generated(student.model, self.reader.tokenizer, spec, asked, scored) if spec.free else scored

    def validated(self, end: Params | None) -> tuple[float, float]:
        """Accuracy and option loss of a trained student on the validation questions; for free answers no accuracy, and
        bits as the loss."""
        if end is None:
            return LOST
        scored = self.answers(end, self.materials.validation)
        if self.materials.spec.free:
            return 0.0, answer_bits(scored)
        return sum(item.correct for item in scored) / len(scored), option_loss(scored)

    def error(self, rows: Data, lr: float, key: object) -> float:
        """Expected error on the validation questions, for free answers bits per character; `worst` where the student
        diverges."""
        measure = answer_bits if self.materials.spec.free else option_error
        try:
            return measure(self.answers(self.train(rows, lr, key), self.materials.validation))
        except Diverged:
            return self.worst

    @property
    def worst(self) -> float:
        """More than any error: no student that still computes comes to so much."""
        return math.inf if self.materials.spec.free else 1.0

    def choose_step_size(self, rows: Data) -> float:
        """The config's step size that validates best, mean over `lr_seeds` students that are not scored later."""
        c = self._config
        if len(c.lrs) == 1:
            return c.lrs[0]
        tried = [(rows, lr, ("grid", seed)) for lr in c.lrs for seed in range(c.lr_seeds)]
        found: dict[float, list[tuple[float, float]]] = {lr: [] for lr in c.lrs}
        for (_, lr, _), end in zip(tried, self.train_each(tried), strict=True):
            found[lr].append(self.validated(end))
        return choose_lr(
            {lr: tuple(sum(part) / len(part) for part in zip(*all_, strict=True)) for lr, all_ in found.items()}
        )
