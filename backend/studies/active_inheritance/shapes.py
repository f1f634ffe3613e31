"""The shapes of the files of a run of active inheritance: one model a row, as the README has them, and nothing beyond.

Behind them what no single file can say: that what was chosen is in the pool, and that rows name files that are there.
The page makes file names of both. Knows no folder and no torch.
"""

import json
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from backend.export import shapes
from backend.export.contract import wrong
from backend.export.shapes import PART, Name, Number, Positive, Row, Share, Text, Whole

Arm = Literal["random", "best", "worst", "best_of_two", "passive_first", "passive_second"]
Before = Literal["before", "before_passive"]
Objective = Literal["length", "short", "mtld", "mattr", "plain", "rix", "polite", "true", "sum"]
Measured = Literal["length", "mtld", "mattr", "fog", "rix", "rude", "truth", "mtld_long", "mattr_long"]
Talker = Annotated[str, Field(pattern=rf"^{PART}$", max_length=100)]
Items = Annotated[str, Field(pattern=rf"^artifacts/profiles/{PART}\.jsonl$")]
Texts = Annotated[int, Field(ge=1, le=64)]


class Scores(Row):
    """What is measured of a text. `truth` is null where no world tells."""

    length: Whole
    mtld: Positive
    mattr: Share
    fog: Positive
    rix: Positive
    rude: Annotated[int, Field(ge=0, le=1)]
    truth: Share | None
    words: Whole
    sentences: Whole


class Written(Row):
    """A text of the pool. `ended`: the model ended it, not the cap."""

    text: Text
    tokens: Whole
    ended: bool
    scores: Scores


class PoolRow(Row):
    prompt: Whole
    text: Text
    entity: Annotated[str, Field(max_length=300)]
    talker: Talker
    split: Literal["train"]
    texts: Annotated[list[Written], Field(min_length=1, max_length=64)]


class Cell(Row):
    """Which student."""

    arm: Arm
    objective: Objective | None
    k: Texts
    seed: Whole


class PoolPoint(Row):
    stage: Literal["pool"]
    done: Whole
    talker: Talker
    words: Positive


class TuneRow(Cell):
    stage: Literal["tune"]
    step: Whole
    loss: Number


class ProfilingRow(Row):
    """How far a student is with its texts; the talkers and the students before have no k."""

    stage: Literal["profile"]
    arm: Talker
    objective: Objective | None
    k: Texts | None
    seed: Whole
    done: Whole
    total: Whole


MetricsRow = Annotated[PoolPoint | TuneRow | ProfilingRow, Field(discriminator="stage")]


class ChosenRow(Cell):
    """A text of every prompt: the prompt's number, the talker, and which of its texts."""

    chosen: Annotated[list[tuple[Whole, Talker, Whole]], Field(max_length=100_000)]


class ProfilesRow(Row):
    """A mean over held-out prompts with its 95 % interval; `data` is the same mean in what was taught."""

    who: Talker
    objective: Objective | None
    k: Texts | None
    seed: Whole
    metric: Measured
    mean: Positive
    low: Positive | None
    high: Positive | None
    n: Whole
    data: Positive | None
    items: Items


class ItemRow(Row):
    """A text to a held-out prompt."""

    MOST_ROWS: ClassVar[int] = 100_000
    prompt: Whole
    asked: Text
    sample: Whole
    text: Text
    tokens: Whole
    ended: bool
    scores: Scores


class ResultsRow(shapes.ResultsRow):
    arm: Arm | Before
    task: Literal["pocket_science"]
    regime: Objective | Literal["any"]
    metric: Literal["acc"]
    value: Share
    scores: Annotated[str, Field(pattern=shapes.SCORES)]


class Seconds(Row):
    """What each stage took so far."""

    pool: Positive | None = None
    tune: Positive | None = None
    profile: Positive | None = None


class Inherited(Row):
    """How far data and students moved from random; `over` says what the interval is over."""

    arm: Arm
    objective: Objective | None
    k: Texts
    metric: Measured
    data_move: Number
    student_move: Number
    low: Number | None
    high: Number | None
    over: Literal["seeds", "prompts"]
    seeds: Whole
    prompts_low: Number | None
    prompts_high: Number | None
    both_low: Number | None
    both_high: Number | None
    n: Whole
    base: Number
    relative: Number | None
    share: Number | None
    share_low: Number | None
    share_high: Number | None


class Correlation(Row):
    a: Measured
    b: Measured
    r: Annotated[float, Field(ge=-1.0001, le=1.0001)]


class Warned(Row):
    kind: Literal["capped", "seeds", "looks"]
    found: Text
    expected: Text
    next_step: Text


class Summary(Row):
    inherited: Annotated[list[Inherited], Field(max_length=2000)]
    correlations: Annotated[list[Correlation], Field(max_length=100)]
    capped: dict[Name, Share]
    seconds: Seconds
    peak_memory_mb: Whole
    warnings: Annotated[list[Warned], Field(max_length=100)]


def check_together(files: dict[str, bytes], config: dict) -> None:
    """UserError where a text was chosen that is not in the pool, or a row names a file that is missing."""
    pool = {(row["prompt"], row["talker"]): len(row["texts"]) for row in _rows(files, "pool.jsonl")}
    for number, row in enumerate(_rows(files, "chosen.jsonl"), 1):
        for prompt, talker, index in row["chosen"]:
            if index >= pool.get((prompt, talker), 0):
                raise wrong(f"chosen.jsonl, row {number}", "it chose a text that is not in the pool", "a text of it")
    for name, column in (("profiles.jsonl", "items"), ("results.jsonl", "scores")):
        for number, row in enumerate(_rows(files, name), 1):
            if row[column] not in files:
                raise wrong(f"{name}, row {number}", f"its {column} are missing", f"the file that `{column}` names")


def _rows(files: dict[str, bytes], name: str) -> list[dict]:
    return [json.loads(line) for line in files.get(name, b"").splitlines()]
