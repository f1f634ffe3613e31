"""The comparison's files of scores: where they lie, which metrics are made from them, and how they are read back.

Knows the run folder and scored questions. No torch, so that tables are made without it.
"""

from backend.core.scored import Scored, from_row
from backend.runs import RunDir

SCORES = "artifacts/scores"
METRICS = ("acc", "acc_norm")


def scores_of(run: RunDir, row: dict) -> list[Scored]:
    """The scored questions behind a row of results."""
    return [from_row(item) for item in run.rows(row["scores"].removesuffix(".jsonl"))]
