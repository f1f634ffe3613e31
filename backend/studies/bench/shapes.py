"""The shapes of a bench run's files: one model a row, as backend/README.md has them, and nothing beyond.

Behind them what no single file can say: that scores are called by whose they are, and results name scores that are
there. The page makes file names of both, so nothing in them may lead elsewhere. Knows no folder and no torch.
"""

import json
from typing import Annotated, Literal

from pydantic import Field, model_validator

from backend.export import shapes
from backend.export.contract import wrong
from backend.export.shapes import PART, Name, Number, Positive, Row, Share, Text, Whole

SCORES = "artifacts/scores/"
Who = Annotated[str, Field(pattern=r"^(base|seed-\d{1,3})$")]
Task = Annotated[str, Field(pattern=rf"^{PART}$", max_length=100)]
Count = Annotated[int, Field(ge=1, le=10_000_000)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{1,64}$")]
Judged = Literal["acc", "acc_norm", "bits", "rouge_l", "exact"]
Error = Positive | None  # one question has no spread
Counts = Annotated[list[Whole], Field(min_length=1, max_length=100)]


class Cell(Row):
    """Which student: `lr` is null where the step sizes were learned with the prompts."""

    phase: Literal["grid", "final"]
    lr: Number | None
    seed: Whole
    step: Whole


class TuneRow(Cell):
    stage: Literal["tune"]
    loss: Number | None


class ValidateRow(Cell):
    """Accuracy with its loss, or the bits of free answers."""

    stage: Literal["validate"]
    acc: Share | None = None
    option_loss: Number | None = None
    bits: Positive | None = None
    n: Count

    @model_validator(mode="after")
    def is_judged(self) -> "ValidateRow":
        if (self.acc is None) == (self.bits is None) or (self.acc is None) != (self.option_loss is None):
            raise ValueError("acc and option_loss, or bits")
        return self


class ScoringRow(Row):
    """How well a student does so far, by accuracy or by the bits of free answers, with its 95 % interval; one answer
    alone has none."""

    stage: Literal["score"]
    who: Who
    task: Task
    done: Count
    total: Count
    acc: Share | None = None
    bits: Positive | None = None
    low: Positive | None
    high: Positive | None

    @model_validator(mode="after")
    def is_judged(self) -> "ScoringRow":
        if (self.acc is None) == (self.bits is None):
            raise ValueError("acc or bits")
        if self.acc is not None and not (self.low is not None and self.high is not None and self.high <= 1):
            raise ValueError("an interval of a share, at most 1")
        return self


MetricsRow = Annotated[TuneRow | ValidateRow | ScoringRow, Field(discriminator="stage")]


class ResultsRow(shapes.ResultsRow):
    arm: Literal["base", "full", "random", "text", "file"]
    task: Task
    regime: Literal["ordinary", "matched"]
    metric: Judged
    value: Positive
    stderr: Error
    scores: Annotated[str, Field(pattern=shapes.SCORES)]

    @model_validator(mode="after")
    def shares_end_at_one(self) -> "ResultsRow":
        if self.metric != "bits" and self.value > 1:
            raise ValueError("at most 1")
        return self


class Accuracy(Row):
    n: Count
    acc: Share
    acc_stderr: Error
    acc_norm: Share
    acc_norm_stderr: Error


class Letters(Row):
    chosen: Counts
    right: Counts


class Both(Row):
    acc: Share
    acc_norm: Share


class Totals(Accuracy):
    """What the scores of one student and task come to; the last three only where questions have subjects."""

    truncated: Whole
    ece: Share
    option_loss: Number
    letters: Letters
    micro: Both | None = None
    macro: Both | None = None
    subjects: Annotated[dict[Name, Accuracy], Field(max_length=1000)] | None = None


class FreeTotals(Row):
    """What free answers come to: bits per character, and what was written beside the right answer."""

    n: Count
    bits: Positive
    bits_stderr: Error
    rouge_l: Share
    rouge_l_stderr: Error
    exact: Share
    exact_stderr: Error
    truncated: Whole


class Sitting(Row):
    """What is written beside the scores of one student and task; a sitting that is not over has no summary."""

    student: Name
    fingerprint: Hash
    adapter: Name | None
    weights: Hash | None
    seed: Whole
    precision: Literal["float32", "bfloat16"]
    bos: Literal["auto", "on", "off"] = "auto"
    begins_with: Name | None = None
    who: Who
    task: Task
    split: Name
    shots: Whole
    n: Count
    questions: Hash
    prompt_version: Whole
    seconds: Positive
    again: Whole
    arithmetic: Name | None = None
    summary: Totals | FreeTotals | None = None


class Token(Row):
    text: Text
    taught: bool


class Shown(Row):
    tokens: Annotated[list[Token], Field(max_length=2000)]


class Example(Row):
    student: Name
    examples: Whole
    tokens_longest: Whole
    shown: Annotated[list[Shown], Field(max_length=20)]


class Seconds(Row):
    """What each stage took so far."""

    tune: Positive | None = None
    score: Positive | None = None


class Tried(Row):
    """A step size of the grid; null where its student diverged."""

    lr: Number
    acc: Share | None
    option_loss: Number | None
    bits: Positive | None = None
    n: Whole


class Comparison(Row):
    task: Task
    metric: Judged
    a: Literal["tuned"]
    b: Literal["base"]
    n: Count
    seeds_a: Count
    seeds_b: Count
    mean_a: Positive
    mean_b: Positive
    difference: Number
    low: Number
    high: Number
    p_value: Share | None
    gained: list[Name]
    lost: list[Name]
    inside_noise: bool
    sentence: Text


class Warned(Row):
    kind: Literal["leak", "truncated", "letters", "noise", "validation", "arithmetic", "tokenizer"]
    task: Task | None
    found: Text
    expected: Text
    next_step: Text


class Summary(Row):
    lr: Number | None
    grid: Annotated[list[Tried], Field(max_length=100)]
    validation: Name | None
    steps: Annotated[list[Whole], Field(max_length=100)]
    seconds: Seconds
    peak_memory_mb: Whole
    comparisons: Annotated[list[Comparison], Field(max_length=1000)]
    warnings: Annotated[list[Warned], Field(max_length=1000)]


def check_together(files: dict[str, bytes], config: dict) -> None:
    """UserError where scores are called by another student or task, or results name scores that are not there."""
    for name in sorted(name for name in files if name.startswith(SCORES)):
        if name.endswith(".json"):
            facts = json.loads(files[name])
            if name != f"{SCORES}{facts['who']}-{facts['task']}.json":
                raise wrong(name, "it is called by another student or task", "the name that its fields give")
            if "summary" in facts and len(files.get(f"{name}l", b"").splitlines()) != facts["n"]:
                raise wrong(name, "it does not sum up the scores beside it", f"{name}l with {facts['n']} rows")
    for number, line in enumerate(files.get("results.jsonl", b"").splitlines(), 1):
        if json.loads(line)["scores"] not in files:
            raise wrong(f"results.jsonl, row {number}", "its scores are missing", "the file that `scores` names")
