"""The quicker of two ways that give the same: a student's upper part where there is one, else the whole student.

What trains and judges students asks here, and so need not know where their adapters lie. Knows students and questions.
"""

from collections.abc import Sequence

from backend.core.cached.split import FAMILIES
from backend.core.cached.top_student import TopStudent
from backend.core.models.lora import LoraStudent, Student
from backend.core.params import Params
from backend.core.scoring.score import score_questions
from backend.core.scoring.scored import Scored
from backend.core.text.examples import Data, Rows
from backend.core.text.tasks import Question, TaskSpec


def learner(student: Student, rows: Data) -> tuple[Student, Data]:
    """The student and the rows to train with. Either way the student's own parameters are trained in place."""
    top = top_of(student)
    return (top, top.rows(rows.examples)) if top is not None and isinstance(rows, Rows) else (student, rows)


def answers(
    student: Student, params: Params, questions: Sequence[Question], task: str | TaskSpec, **more: object
) -> list[Scored]:
    """What the student answers with these parameters; `more` as score_questions takes it."""
    student.put(params)
    top = top_of(student)
    below = None if top is None else top.below
    model = student.model if top is None else top.model
    return score_questions(model, student.backbone.tokenizer, questions, task, below=below, **more)


def top_of(student: Student) -> TopStudent | None:
    """The upper part of a LoRA student, where adapters leave lower layers free and its family can be parted. Made once
    a student, so that what its lower layers said is kept as long as it is."""
    if isinstance(student, TopStudent) or not isinstance(student, LoraStudent):
        return student if isinstance(student, TopStudent) else None
    if student.backbone.family not in FAMILIES or not student.adapted.first(student.backbone):
        return None
    if not hasattr(student, "_top"):
        student._top = TopStudent(student)
    return student._top
