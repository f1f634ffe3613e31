"""What tests of the search share: the toy questions as drafts, a small plan, and tiny readers.

Knows the facts of tiny.py and how a search is put together; nothing of what it should find.
"""

import pytest

from backend.core.models.readers import Reader
from backend.core.params import Params
from backend.core.text.examples import Rows
from backend.core.text.tasks import Question, find_task, to_example
from backend.core.training.finetune import finetuned
from backend.search.court import SearchPlan, Students
from backend.search.moves import Draft, Material
from tests.tiny import FACTS

SPEC = find_task("arc_easy")
QUESTIONS = [Question(f"toy_{i}", text, options, answer) for i, (text, options, answer) in enumerate(FACTS)]
DRAFTS = tuple(Draft(q.question, q.options[q.answer], q.id) for q in QUESTIONS)
TRAIN, VALIDATION = QUESTIONS[:12], QUESTIONS[12:]
TOKENS = [len(draft.answer) % 3 for draft in DRAFTS[:12]]  # any lengths do for the moves alone
MATERIAL = Material.of(DRAFTS[:12], TOKENS)
PLAN = SearchPlan(
    "arc_easy", rounds=3, lrs=(0.05, 0.05), steps=3, batch=4, candidates=10, questions=4, validate_every=2,
    trials=4, confirmations=2, seed=1,
    moves=("question", "phrase", "word", "token"), objective="answers",
)  # fmt: skip


def make_readers(tiny_models) -> list[Reader]:
    examples = [to_example(question, SPEC) for question in TRAIN]
    return [Reader(str(tiny_models[family]), 2, 4, examples) for family in ("opt", "llama")]


@pytest.fixture(scope="module")
def readers(tiny_models) -> list[Reader]:
    return make_readers(tiny_models)


@pytest.fixture(scope="module")
def double_readers(tiny_models, double) -> list[Reader]:
    """For files whose tests all compute in double precision."""
    return make_readers(tiny_models)


def trained(students: Students, rows: Rows) -> Params:
    """Their student of these rows, alone."""
    pupil = students.pupil(rows)
    return finetuned(students.reader.student, rows, pupil.start, pupil.order, students.plan)
