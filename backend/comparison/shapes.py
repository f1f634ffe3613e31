"""The shapes of a comparison's files: one model a row, as its README has them, and nothing beyond.

Where an example comes from differs by arm, so `provenance` holds plain values of any name. Knows no folder and no
torch.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from backend.comparison.names import ARMS, REGIMES
from backend.core.scoring.scored import FREE_METRICS, LOWER, METRICS
from backend.export import shapes
from backend.export.shapes import Name, Number, Positive, Row, Share, Text, Whole

Arm = Literal[ARMS]
Regime = Literal[REGIMES]
Metric = Literal[(*METRICS, *FREE_METRICS)]
Count = Annotated[int, Field(ge=1, le=10_000_000)]
Plain = bool | Whole | Number | Text | None
Provenance = Annotated[dict[Name, Plain | Annotated[list[Number], Field(max_length=1000)]], Field(max_length=100)]


def check_share(metric: str, value: float) -> None:
    """ValueError where a share is more than the whole; bits per character have no end."""
    if metric not in LOWER and value > 1:
        raise ValueError("at most 1")


class ArmRow(shapes.ExampleRow):
    """An example of an arm's data set."""

    provenance: Provenance


class SizesRow(Row):
    arm: Arm
    student: Name
    regime: Regime
    sizes: Annotated[list[Number], Field(min_length=1, max_length=100_000)]


class ResultsRow(shapes.ResultsRow):
    arm: Arm
    regime: Regime
    metric: Metric
    value: Positive
    stderr: Positive | None
    lr: Number | None

    @model_validator(mode="after")
    def shares_end_at_one(self) -> "ResultsRow":
        check_share(self.metric, self.value)
        return self


class Against(Row):
    """An arm minus another one, paired by question."""

    arm: Arm
    difference: Number
    low: Number
    high: Number
    n: Count
    seeds_a: Count
    seeds_b: Count
    inside_noise: bool
    sentence: Text


class TableRow(Row):
    student: Name
    regime: Regime
    arm: Arm
    task: Name
    metric: Metric
    mean: Positive
    interval: Positive
    n: Count
    seeds: Count
    against: dict[Literal["best baseline", "random", "init", "select", "evolve"], Against]
    lr: Number | None
    best_baseline: Arm | None

    @model_validator(mode="after")
    def shares_end_at_one(self) -> "TableRow":
        check_share(self.metric, self.mean)
        return self


class Transfer(Row):
    arm: Arm
    student: Name
    ratio: Number


class Texts(Row):
    prompts: Whole
    tokens_changed: Number
    answers_changed: Share
    verbatim_real: Whole
    near_copies_of_training: Whole
    near_copies_of_test: Whole
    perplexity: Number | None = None


class Summary(Row):
    table: Annotated[list[TableRow], Field(max_length=10_000)]
    transfer: Annotated[list[Transfer], Field(max_length=10_000)]
    texts: dict[Arm, Texts]
