"""The shape of a run's summary: figures, differences, the order of harm, the front and what was to be reached.

Knows no folder and no torch.
"""

from typing import Annotated, Literal

from pydantic import Field

from backend.export.shapes import Name, Number, Positive, Row, Share, Text, Whole
from backend.studies.a_sdm.shapes import ArmName, Count, Maybe


class Seconds(Row):
    """What each stage took so far."""

    prepare: Positive | None = None
    tune: Positive | None = None
    sweep: Positive | None = None


class Tried(Row):
    """A step size of a grid; without a score its net diverged. The score is the PSNR on validation prompts."""

    arm: ArmName
    lr: Number
    score: Maybe
    chosen: bool


class FigureRow(Row):
    """Of an arm over its seeds: the mean and the ends of its 95 % interval."""

    arm: ArmName
    metric: Name
    mean: Number
    low: Maybe
    high: Maybe
    seeds: Count
    n: Count


class DifferenceRow(Row):
    """`a` minus `b`, paired by picture or, of light nets, by seed. `beyond`: whether 0 lies outside the interval, None
    where there is none. `what` groups rows: arms, readings, steps, rival, switch."""

    what: Literal["arms", "readings", "steps", "rival", "switch"]
    a: Name
    b: Name
    metric: Name
    mean: Number
    se: Positive | None
    low: Maybe
    high: Maybe
    n: Count
    seeds: Count
    beyond: bool | None


class OrderRow(Row):
    """A level of the order of harm, the most harmless first; `errors` is by how many paired standard errors it is
    better than the next one."""

    setting: Name
    level: Name
    psnr: Number
    se: Positive
    errors: Maybe


class FrontRow(Row):
    """A setting that no other beats in both speed and `metric`."""

    setting: Name
    metric: Literal["psnr", "right"]


class BarRow(Row):
    """What was to be reached, what was found, whether it was; None where nothing can be said of it."""

    name: Name
    asked: Text
    found: Text
    met: bool | None


class JudgeRow(Row):
    """What the judge itself gets right on fresh renders, and of the full model's pictures."""

    right: Share
    slots: Share
    n: Count
    second_right: Share | None
    second_agrees: Share | None
    full_right: Share
    full_slots: Share


class Warned(Row):
    kind: Literal["judge", "seeds", "prompts", "teacher", "time"]
    found: Text
    expected: Text
    next_step: Text


class Summary(Row):
    steps: Count
    lrs: dict[ArmName, Number]
    grids: Annotated[list[Tried], Field(max_length=1000)]
    figures: Annotated[list[FigureRow], Field(max_length=1000)]
    differences: Annotated[list[DifferenceRow], Field(max_length=5000)]
    order: Annotated[list[OrderRow], Field(max_length=100)]
    front: Annotated[list[FrontRow], Field(max_length=1000)]
    bars: Annotated[list[BarRow], Field(max_length=100)]
    verdicts: Annotated[list[Text], Field(max_length=100)]
    floor: Maybe
    judge: JudgeRow | None
    words: Annotated[list[Name], Field(max_length=10_000)]
    seconds: Seconds
    peak_memory_mb: Whole
    warnings: Annotated[list[Warned], Field(max_length=100)]
