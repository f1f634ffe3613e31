"""What an outer step is measured on: real questions as prompts, and a piece of a real expert's way.

Rounding errors grow otherwise on made-up ones. Knows models and the study's unroll; measures nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from backend.core.models.backbones import load_backbone
from backend.core.models.dual_students import DualStudent
from backend.core.models.lora import LoraStudent
from backend.core.params import Params
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.batches import Encoded
from backend.core.text.examples import Rows, encode
from backend.core.text.tasks import find_task, to_example
from backend.core.text.text_data import load_questions
from backend.studies.text_distillation.engines import WrittenLoss
from backend.studies.text_distillation.synthetic import SyntheticPrompts, make_slots
from backend.studies.text_distillation.unroll import Segment, best_step_size, matching_gradient, unroll

EXPERT, BATCH, STEP_SIZE, RULE = 256, 32, 0.002, "normalised"


@dataclass(frozen=True)
class Case:
    """What every way gets: the losses of an unroll, plain and written out, and a segment to match."""

    plain: Callable
    written: WrittenLoss
    segment: Segment
    prompts: Tensor
    log_lrs: Tensor

    def compiled(self) -> WrittenLoss:
        """The written-out loss, its layers fused; compiled when it is first used."""
        return replace(self.written, student=DualStudent.of(self.written.student.student).compile())

    def doubled_gradient(self) -> Tensor:
        """The exact gradient in double precision. The case's own model is 64 bits wide from then on: use it no more."""
        loss, student = self.written, self.written.student.student
        student.model.double()
        frame = loss.synthetic._frame
        loss.synthetic._frame = replace(frame, embeds=frame.embeds.double())
        ends = ({name: p.double() for name, p in one.items()} for one in (self.segment.start, self.segment.target))
        wide = replace(loss, student=DualStudent.of(student))
        segment = Segment(*ends, self.segment.rule)
        return matching_gradient(wide, segment, self.prompts.double(), self.log_lrs.double()).prompts

    def given(self) -> tuple[Segment, Tensor, Tensor]:
        return self.segment, self.prompts, self.log_lrs


def make_case(model: str, steps: int, prompts: int = 8, length: int = 32, fill: bool = False) -> Case:
    """`fill` repeats questions until every prompt is `length` tokens long."""
    student = LoraStudent(load_backbone(model), 8, 16)
    rows = real_rows(student, prompts + EXPERT, length, fill)
    synthetic = SyntheticPrompts(make_slots(rows[:prompts], (), (), length, "replace"), student.table)
    segment = expert(student, rows[prompts:], steps)
    noise = torch.randn(synthetic.initial.shape, generator=generator("outer step", 0))
    pushed = synthetic.initial + 0.1 * student.table.std() * noise

    def plain(params: Params, prompts: Tensor, k: int) -> Tensor:
        return student.loss(params, synthetic.batch(prompts))

    written = WrittenLoss(DualStudent.of(student), synthetic, [None] * steps)
    size = best_step_size(plain, segment, pushed, STEP_SIZE, steps)
    return Case(plain, written, segment, pushed, torch.full((steps,), size).log())


def real_rows(student: LoraStudent, count: int, length: int, fill: bool = False) -> list[Encoded]:
    """Questions of the pocket world in the student's tokens, the last `length` of each."""
    spec, questions = find_task("pocket_science"), load_questions("pocket_science", "train")[:count]
    rows = [encode(student.backbone.tokenizer, to_example(question, spec)) for question in questions]
    return [replace(row, prompt=(row.prompt * (length if fill else 1))[-length:]) for row in rows]


def expert(student: LoraStudent, examples: list[Encoded], steps: int, seed: int = 0) -> Segment:
    """What an expert came to in as many steps, from where it was after two."""
    start, rows = student.initial(seed), Rows(examples, student.table)
    batches = shuffled_batches(len(rows), BATCH, 2 + steps, generator("outer step expert", seed))
    sizes = torch.full((2 + steps,), STEP_SIZE).log()

    def loss_at(params: Params, _: Tensor, k: int) -> Tensor:
        return student.loss(params, rows.batch(batches[k]))

    states = unroll(loss_at, Segment(start, start, RULE), torch.zeros(()), sizes)
    return Segment(states[2], states[-1], RULE)
