"""Fresh students: train one on an arm's data, in one of two regimes, and score it.

A cell is (arm, student, regime, seed); it depends on nothing but the setup and the learned prompts, so cells may run in
any order and a resumed run repeats none. Knows arms and regimes; not how scores are drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from backend.core.batches import Batch
from backend.core.examples import Rows
from backend.core.finetune import finetune
from backend.core.params import Params
from backend.core.score import score_questions
from backend.core.scored import Scored
from backend.core.seeding import generator, shuffled_batches
from backend.core.tasks import TASKS, to_example
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.decode import to_text
from backend.studies.text_distillation.experts import Recipe, train_expert
from backend.studies.text_distillation.setup import Reader, Setup
from backend.studies.text_distillation.unroll import Segment, unroll

OWN_MODEL_ONLY = ("soft", "projected")  # embeddings and ids mean nothing to another model


@dataclass(frozen=True)
class Cell:
    """One student to train and score."""

    arm: str
    student: str
    regime: str
    seed: int

    def name(self) -> str:
        return f"{self.arm}-{self.student.replace('/', '_')}-{self.regime}-{self.seed}"


@dataclass(frozen=True)
class Learned:
    """What distillation left behind: prompts (slots, length, hidden), log step sizes (inner_steps,), decoded ids."""

    prompts: Tensor
    log_lrs: Tensor
    ids: list[tuple[int, ...]]


def cells(c: DistillConfig) -> list[Cell]:
    """All students of a run. The matched regime is for the expert's own model: step sizes belong to it."""
    found = []
    for reader in [c.model] + ([c.other_model] if c.other_model else []):
        for regime in c.regimes:
            if regime == "matched" and reader != c.model:
                continue
            for arm in c.arms:
                if arm in OWN_MODEL_ONLY and reader != c.model:
                    continue
                if arm == "base" and regime == "matched" and "ordinary" in c.regimes:
                    continue  # untrained is untrained: once for each reader
                found += [Cell(arm, reader, regime, seed) for seed in range(1 if arm == "base" else c.seeds)]
    return found


class Bench:
    """Trains and scores cells for one setup."""

    def __init__(self, setup: Setup, buffer: TrajectoryBuffer, learned: Learned):
        self.setup, self.buffer, self.learned = setup, buffer, learned

    def train(self, cell: Cell) -> Params:
        """The fresh student's trainable parameters after training on the cell's data."""
        reader = self._reader(cell)
        start = reader.student.initial((self.setup.config.seed, "fresh", cell.seed))
        if cell.arm == "base":
            return start
        if cell.regime == "matched" and cell.arm == "full":
            return self._fresh_expert(reader, cell)
        size, batch_of = self._data(reader, cell)
        return (self._matched if cell.regime == "matched" else self._ordinary)(reader, cell, start, size, batch_of)

    def score(self, cell: Cell, params: Params) -> list[Scored]:
        """The student's answers to every test question."""
        reader = self._reader(cell)
        reader.student.put(params)
        return score_questions(reader.student.model, reader.tokenizer, self.setup.test, self.setup.config.task)

    def _reader(self, cell: Cell) -> Reader:
        return self.setup.own if cell.student == self.setup.config.model else self.setup.other

    def _data(self, reader: Reader, cell: Cell) -> tuple[int, Callable[[list[int]], Batch]]:
        """How many examples the arm has, and how to read some of them."""
        synthetic = self.setup.synthetic
        if cell.arm == "soft":
            return len(synthetic), lambda chosen: synthetic.batch(self.learned.prompts, chosen)
        if cell.arm == "projected":
            rows = Rows(synthetic.encoded(self.learned.ids), reader.student.table)
        elif cell.arm == "text":
            texts = [to_text(self.setup.own.tokenizer, ids) for ids in self.learned.ids]
            rows = reader.rows(self.setup.text_examples(texts))
        elif cell.arm == "init":
            rows = reader.rows(self.setup.init_examples)
        elif cell.arm == "random":
            rows = reader.rows(self._random_examples(cell.seed))
        else:
            rows = reader.train
        return len(rows), rows.batch

    def _random_examples(self, seed: int) -> list:
        """Another draw of real questions for every seed, so that the spread shows the luck of the draw."""
        order = torch.randperm(len(self.setup.train), generator=generator(self.setup.config.seed, "random arm", seed))
        chosen = order[: self.setup.config.prompts].tolist()
        return [to_example(self.setup.train[i], TASKS[self.setup.config.task]) for i in chosen]

    def _matched(self, reader: Reader, cell: Cell, start: Params, size: int, batch_of) -> Params:
        """The learned step sizes, in the expert's manner of stepping, from a LoRA start no expert had."""
        c = self.setup.config
        rng = generator(c.seed, "matched order", cell.seed)
        batches = shuffled_batches(size, c.inner_batch or c.prompts, c.inner_steps, rng)
        segment = Segment(start, start, c.inner_rule, self.buffer.preconditioner(c.expert_span))
        return unroll(
            lambda params, _, k: reader.student.loss(params, batch_of(batches[k])),
            segment,
            self.learned.prompts,
            self.learned.log_lrs,
        )[-1]

    def _ordinary(self, reader: Reader, cell: Cell, start: Params, size: int, batch_of) -> Params:
        """AdamW, the same number of steps for every arm."""
        c = self.setup.config
        rng = generator(c.seed, "order", cell.seed)
        batches = shuffled_batches(size, c.finetune_batch, c.finetune_steps, rng)
        steps = finetune(
            lambda p, step: reader.student.loss(p, batch_of(batches[step])), start, c.finetune_steps, c.finetune_lr
        )
        return list(steps)[-1][2]

    def _fresh_expert(self, reader: Reader, cell: Cell) -> Params:
        """All data in the matched regime: one more expert, stopped where the segments' span ends."""
        recipe = Recipe(**{**self.setup.recipe.__dict__, "steps": self.setup.config.expert_span})
        return list(train_expert(reader.student, reader.train, recipe, ("fresh", cell.seed)))[-1][1]
