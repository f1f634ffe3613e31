"""What a probe gives back: its numbers, how many items they are over, and a row for every item.

Knows scored questions. Does not know models, nor what a probe is about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from backend.core.scoring.scored import Scored
from backend.core.text.tasks import Question, TaskSpec

SENTENCES = TaskSpec("sentences", "prompt", splits=())  # texts as they stand, with nothing around them
ASKED = TaskSpec("asked", "arc", splits=())  # "Question: ...", "Answer:", and the text of an option


@dataclass(frozen=True)
class ProbeResult:
    """`metrics` by name, each over `n` items; `items` has a row for each, as JSON takes it."""

    probe: str
    metrics: dict[str, float]
    n: int
    items: list[dict]


def question_item(question: Question, scored: Scored, planted: int | None = None) -> dict:
    """The row of a question with options; `planted` is the place of the planted option, where there is one."""
    return {
        "id": question.id,
        "text": question.question,
        "options": list(question.options),
        "scores": list(scored.log_likelihoods),
        "right": question.answer,
        "planted": planted,
        "chosen": scored.choice,
        "correct": scored.correct,
    }


def accuracy(items: Sequence[dict]) -> float:
    """The share of items that were answered correctly."""
    return fmean(item["correct"] for item in items)
