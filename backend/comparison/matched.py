"""The matched regime: fresh students that step as the experts do, with step sizes learned for each arm on its own data.

Learned step sizes lift any data set, so every arm gets its own by the same number of updates against the same experts:
soft prompts have no advantage by theirs. Knows a distillation's setup, rows and experts; not how an arm was made.
Source: MTT (Cazenavette et al. 2022), section 3.2, with one step size a step.
"""

import math

import torch
from torch import Tensor

from backend.core.params import Params
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.examples import Data
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.unroll import LossAt, Segment, best_step_size, matching_gradient, unroll

UPDATES = 40  # of the step sizes; each costs an outer step
RATE = 0.05  # Adam's, on their logarithms


class Matched:
    """The experts' regime for any rows of the own model."""

    def __init__(self, setup: Setup, buffer: TrajectoryBuffer):
        self.setup, self.buffer = setup, buffer
        self._none = torch.zeros(1, 1, 1, device=setup.own.student.device)  # no prompt is learned here

    def learn_step_sizes(self, rows: Data) -> list[float]:
        """One size a step, by descending the matching loss of students on `rows` against the followed experts."""
        c = self.setup.config
        log_lrs = torch.full((c.inner_steps,), math.log(self._first_size(rows))).requires_grad_()
        optimizer = torch.optim.Adam([log_lrs], lr=RATE)
        for update in range(UPDATES):
            rng = generator(c.seed, "matched sizes", update)
            expert = int(torch.randint(len(self.buffer.followed), (), generator=rng))
            start = int(torch.randint(c.max_start + 1, (), generator=rng))
            segment = self.buffer.segment(self.buffer.followed[expert], start, c.expert_span)
            found = matching_gradient(self._loss(rows, rng), segment, self._none, log_lrs)
            if math.isfinite(found.loss) and bool(found.log_lrs.isfinite().all()):
                log_lrs.grad = found.log_lrs
                optimizer.step()
        return log_lrs.detach().exp().tolist()

    def train(self, rows: Data, sizes: list[float], key: object) -> Params:
        """A fresh student's parameters after those steps, from a start that no expert had."""
        c = self.setup.config
        start = self.setup.own.student.initial((c.seed, "comparison", key))
        segment = Segment(start, start, c.inner_rule, self.buffer.preconditioner(c.expert_span))
        rng = generator(c.seed, "comparison matched order", key)
        return unroll(self._loss(rows, rng), segment, self._none, torch.tensor(sizes).log())[-1]

    def experts_sizes(self) -> list[float]:
        """What the experts themselves took: the sizes for all of the data."""
        return [self.setup.config.expert_lr] * self.setup.config.expert_span

    def _first_size(self, rows: Data) -> float:
        c = self.setup.config
        segment = self.buffer.segment(self.buffer.followed[0], 0, c.expert_span)
        loss_at = self._loss(rows, generator(c.seed, "matched first"))
        return best_step_size(loss_at, segment, self._none, c.expert_lr * c.expert_span / c.inner_steps, c.inner_steps)

    def _loss(self, rows: Data, rng: torch.Generator) -> LossAt:
        """The student's loss at each step: on all rows of a small set, on an expert's batch of a large one."""
        c, student = self.setup.config, self.setup.own.student
        steps = max(c.inner_steps, c.expert_span)
        order = shuffled_batches(len(rows), max(c.expert_batch, c.prompts), steps, rng)

        def loss_at(params: Params, prompts: Tensor, k: int) -> Tensor:
            of_data = student.loss(params, rows.batch(order[k]))
            return of_data * (1.0 + 0.0 * prompts.sum())  # the prompts join the graph and change nothing

        return loss_at
