"""One student of a cell: trained on some of the questions, judged by others; its lower layers are read once for all.

Knows models and questions; nothing of files, of which students there are, nor what their scores say.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.core.cached.lower_layers import LowerLayers
from backend.core.cached.split import FAMILIES
from backend.core.cached.top_student import TopStudent
from backend.core.models.adapted import Adapted
from backend.core.models.backbones import Backbone, load_backbone
from backend.core.models.lora import LoraStudent, Student
from backend.core.params import Params
from backend.core.scoring.metrics import answer_bits, option_error
from backend.core.scoring.score import score_questions
from backend.core.scoring.scored import Scored
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.examples import Rows, encode
from backend.core.text.tasks import Question, TaskSpec, to_example
from backend.core.training.finetune import Diverged, Plan, finetuned

RANK, ALPHA, BATCH = 8, 16, 32


@dataclass
class Workshop:
    """A model with one student at a time, and what its lower layers said of every text so far. `rounded` trains with
    products in bfloat16 where these are faster here, as the preset arc_1 does; judging is in float32."""

    model: str
    rounded: bool = False
    kept: dict[int, LowerLayers] = field(default_factory=dict)
    _backbone: Backbone | None = None
    _student: Student | None = None
    _adapted: Adapted | None = None

    def student(self, adapted: Adapted) -> Student:
        """The student with adapters there."""
        if self._student is not None and self._adapted == adapted:
            return self._student
        if self._student is not None:
            self._student.remove()
        self._backbone = self._backbone or load_backbone(self.model)
        first, self._adapted = adapted.first(self._backbone), adapted
        self._student = LoraStudent(self._backbone, RANK, ALPHA, adapted)
        if first and self._backbone.family in FAMILIES:
            self._student = TopStudent(self._student, below=self.kept.get(first))
            self.kept[first] = self._student.below
        return self._student

    def taught(
        self, adapted: Adapted, questions: Sequence[Question], spec: TaskSpec, steps: int, lr: float, key: object
    ) -> tuple[Params | None, float]:
        """The parameters of a student that learned from these, None where it diverged, and the seconds it took."""
        student, begin = self.student(adapted), time.perf_counter()
        start = student.initial(("room", key))
        if not steps:
            return start, 0.0
        encoded = [encode(student.backbone.tokenizer, to_example(question, spec)) for question in questions]
        rows = student.rows(encoded) if isinstance(student, TopStudent) else Rows(encoded, student.table)
        order = shuffled_batches(len(rows), BATCH, steps, generator("room order", key))
        try:
            params = finetuned(student, rows, start, order, Plan(steps, lr, mixed_precision=self.rounded))
        except Diverged:
            params = None
        return params, time.perf_counter() - begin

    def answers(
        self, adapted: Adapted, params: Params, questions: Sequence[Question], spec: TaskSpec
    ) -> tuple[list[Scored], float]:
        """What the student answers, and the seconds it took."""
        student, begin = self.student(adapted), time.perf_counter()
        student.put(params)
        below = student.below if isinstance(student, TopStudent) else None
        tokenizer = student.backbone.tokenizer
        found = score_questions(student.model, tokenizer, questions, spec, shots={}, threads=1, below=below)
        return found, time.perf_counter() - begin


def error(scored: Sequence[Scored], free: bool) -> float:
    """What a step size is chosen by: the mean probability of the wrong options; of free answers bits per character."""
    found = answer_bits(scored) if free else option_error(scored)
    return found if math.isfinite(found) else math.inf
