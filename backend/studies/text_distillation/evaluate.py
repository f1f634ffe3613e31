"""Fresh students: train one on an arm's data, in one of two regimes, and score it.

A cell depends on nothing but the setup and the learned prompts, so cells may run in any order and a resumed run repeats
none. Knows arms and regimes; not how scores are drawn.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from backend.core.models.nearest_tokens import to_text
from backend.core.models.readers import Reader
from backend.core.params import Params
from backend.core.scoring.generated import with_generated
from backend.core.scoring.score import score_questions
from backend.core.scoring.scored import Scored
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.batches import Batch
from backend.core.text.examples import Rows
from backend.core.text.prompts import Example
from backend.core.text.tasks import to_example
from backend.core.training.finetune import Plan, finetuned
from backend.search.court import as_example
from backend.search.moves import Draft
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.cells import Cell
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.experts import Recipe, train_expert
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.synthetic import SyntheticPrompts
from backend.studies.text_distillation.unroll import Segment, unroll


@dataclass(frozen=True)
class Learned:
    """What distillation left behind: prompts (slots, length, hidden), log step sizes (inner_steps,), decoded ids, the
    slots whose text gave way to the real question, and the search's texts where there was one."""

    prompts: Tensor
    log_lrs: Tensor
    ids: list[tuple[int, ...]]
    reverted: tuple[bool, ...]
    searched: tuple[Draft, ...] | None = None


def own_words(setup: Setup, ids: list[tuple[int, ...]]) -> list[str]:
    """Decoded ids as text."""
    return [to_text(setup.own.tokenizer, row) for row in ids]


def distilled_examples(setup: Setup, learned: Learned) -> list[Example]:
    """The distilled data set: decoded texts, and the real question, untouched, in each reverted slot."""
    if learned.searched is not None:
        return [as_example(draft, setup.spec) for draft in learned.searched]
    texts = setup.text_examples(own_words(setup, learned.ids))
    slots = zip(learned.reverted, setup.init_examples, texts, strict=True)
    return [real if reverted else text for reverted, real, text in slots]


def fresh_start(reader: Reader, c: DistillConfig, seed: int) -> Params:
    """Where the fresh student of this number starts, whatever it learns from."""
    return reader.student.initial((c.seed, "fresh", seed))


def ordinary_order(c: DistillConfig, rows: int, seed: int) -> list[list[int]]:
    """Which rows each step of the ordinary regime reads."""
    return shuffled_batches(rows, c.finetune_batch, c.finetune_steps, generator(c.seed, "order", seed))


def ordinary_plan(c: DistillConfig) -> Plan:
    """How a student of the ordinary regime steps."""
    return Plan(c.finetune_steps, c.finetune_lr)


class SoftRows:
    """The learned prompts, indexed as Rows are; they are few, so a step is one batch."""

    def __init__(self, synthetic: SyntheticPrompts, prompts: Tensor):
        self.synthetic, self.prompts = synthetic, prompts

    def __len__(self) -> int:
        return len(self.synthetic)

    def batch(self, chosen: list[int]) -> Batch:
        return self.synthetic.batch(self.prompts, chosen)

    def micro_batches(self, chosen: list[int], tokens: int) -> list[Batch]:
        return [self.batch(chosen)]


class Bench:
    """Trains and scores cells for one setup. Without `learned`, only those that need nothing of it."""

    def __init__(self, setup: Setup, buffer: TrajectoryBuffer, learned: Learned | None):
        self.setup, self.buffer, self.learned = setup, buffer, learned

    def train(self, cell: Cell) -> Params:
        """The fresh student's trainable parameters after training on the cell's data."""
        reader = self._reader(cell)
        start = fresh_start(reader, self.setup.config, cell.seed)
        if cell.arm == "base":
            return start
        if cell.regime == "matched" and cell.arm == "full":
            return self._fresh_expert(reader, cell)
        train = self._matched if cell.regime == "matched" else self._ordinary
        return train(reader, cell, start, self._data(reader, cell))

    def score(self, cell: Cell, params: Params) -> list[Scored]:
        """The student's answers to every test question; to one without options also what it writes by itself."""
        reader, asked, spec = self._reader(cell), self.setup.test, self.setup.spec
        reader.student.put(params)
        scored = score_questions(reader.student.model, reader.tokenizer, asked, spec)
        return with_generated(reader.student.model, reader.tokenizer, spec, asked, scored) if spec.free else scored

    def _reader(self, cell: Cell) -> Reader:
        return self.setup.own if cell.student == self.setup.config.model else self.setup.other

    def _data(self, reader: Reader, cell: Cell) -> Rows | SoftRows:
        """The arm's examples."""
        synthetic = self.setup.synthetic
        if cell.arm == "soft":
            return SoftRows(synthetic, self.learned.prompts)
        if cell.arm == "projected":
            return Rows(synthetic.encoded(self.learned.ids), reader.student.table)
        if cell.arm == "text":
            return reader.rows(distilled_examples(self.setup, self.learned))
        if cell.arm == "decoded":
            return reader.rows(self.setup.text_examples(own_words(self.setup, self.learned.ids)))
        if cell.arm == "init":
            return reader.rows(self.setup.init_examples)
        if cell.arm == "random":
            return reader.rows(self._random_examples(cell.seed))
        return reader.train

    def _random_examples(self, seed: int) -> list:
        """Another draw of real questions for every seed, so that the spread shows the luck of the draw."""
        order = torch.randperm(len(self.setup.train), generator=generator(self.setup.config.seed, "random arm", seed))
        chosen = order[: self.setup.config.prompts].tolist()
        return [to_example(self.setup.train[i], self.setup.spec) for i in chosen]

    def _matched(self, reader: Reader, cell: Cell, start: Params, rows: Rows | SoftRows) -> Params:
        """The learned step sizes, in the expert's manner of stepping, from a LoRA start no expert had."""
        c = self.setup.config
        rng = generator(c.seed, "matched order", cell.seed)
        batches = shuffled_batches(len(rows), c.inner_batch or c.prompts, c.inner_steps, rng)
        segment = Segment(start, start, c.inner_rule, self.buffer.preconditioner(c.expert_span))
        return unroll(
            lambda params, _, k: reader.student.loss(params, rows.batch(batches[k])),
            segment,
            self.learned.prompts,
            self.learned.log_lrs,
        )[-1]

    def _ordinary(self, reader: Reader, cell: Cell, start: Params, rows: Rows | SoftRows) -> Params:
        """AdamW, the same number of steps for every arm."""
        c = self.setup.config
        return finetuned(reader.student, rows, start, ordinary_order(c, len(rows), cell.seed), ordinary_plan(c))

    def _fresh_expert(self, reader: Reader, cell: Cell) -> Params:
        """All data in the matched regime: one more expert, stopped where the segments' span ends."""
        recipe = Recipe(**{**self.setup.recipe.__dict__, "steps": self.setup.config.expert_span})
        return list(train_expert(reader.student, reader.train, recipe, ("fresh", cell.seed)))[-1][1]
