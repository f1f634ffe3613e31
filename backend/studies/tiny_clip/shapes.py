"""The shapes of a run's files: one model a row, as the README has them, and nothing beyond.

Behind them what no single file can say: that arms are the run's own. Knows no folder and no torch.
"""

import json
from typing import Annotated, Literal

from pydantic import Field

from backend.export import shapes
from backend.export.contract import wrong
from backend.export.shapes import Name, Number, Positive, Row, Share, Text, Whole
from backend.studies.tiny_clip.arms import ARMS, TEACHER

ArmName = Literal[tuple(ARMS)]
Who = Literal[(TEACHER, *ARMS)]
Figure = Literal["top1", "top5", "i2t5", "t2i5"]
Cosine = Annotated[float, Field(ge=-1.001, le=1.001)]
Count = Annotated[int, Field(ge=1, le=10_000_000)]
Unit = Annotated[str, Field(pattern=r"^(image|text)\.(hidden|\d{1,3}\.(heads|neurons))$")]
Kept = Annotated[list[Share | Literal[0, 1]], Field(max_length=20_000)]
Png = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=400_000)]
Seen = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=6000)]
Bound = Number | None


class Cell(Row):
    """Which student."""

    arm: ArmName
    phase: Literal["grid", "final", "control"]
    lr: Number
    seed: Whole
    step: Whole


class TrainRow(Cell):
    """An update: its loss, and how far the student's affinities are from the teacher's, in nats."""

    stage: Literal["train"]
    loss: Number
    kl: Positive | None


class MasksRow(Cell):
    """An update of masks: shares of the teacher's blocks that they are expected to remove, and were wanted to."""

    stage: Literal["masks"]
    loss: Number
    cost: Number
    removed: Number
    wanted: Share


class Scored(Cell):
    top1: Share
    top5: Share
    i2t5: Share
    t2i5: Share
    n: Count


class EvaluateRow(Scored):
    """A look at the test. `share` of the teacher's blocks, and the processor's seconds of training so far."""

    stage: Literal["evaluate"]
    share: Share
    seconds: Positive


class ValidateRow(Scored):
    stage: Literal["validate"]


MetricsRow = Annotated[TrainRow | MasksRow | EvaluateRow | ValidateRow, Field(discriminator="stage")]


class PicturesRow(Row):
    """A test picture: a PNG in base64."""

    MOST_ROWS = 1000
    id: Whole
    text: Text
    png: Png
    names: Annotated[list[Name], Field(max_length=100)]


class ImageAttentionRow(Row):
    """Where the heads of a layer of the teacher's image tower look on a test picture: of each head a byte a patch, as
    base64, in 255ths of its largest share; that largest share; and what stays with the class token."""

    picture: Whole
    layer: Whole
    seen: Annotated[list[Seen], Field(max_length=128)]
    most: Annotated[list[Share], Field(max_length=128)]
    own: Annotated[list[Share], Field(max_length=128)]


class TextAttentionRow(Row):
    """Where the heads of a layer of the teacher's text tower look in a caption: `words`, its tokens, and of each head a
    byte for every two of them of which the second is not later than the first, as base64, in 255ths of what the first
    gives."""

    picture: Whole
    layer: Whole
    words: Annotated[list[Name], Field(min_length=1, max_length=1024)]
    read: Annotated[list[Seen], Field(max_length=128)]


AttentionRow = Annotated[ImageAttentionRow | TextAttentionRow, Field(union_mode="left_to_right")]


class AffinitiesRow(Row):
    """Cosines of the first test pictures (rows) with their captions (columns)."""

    who: Who
    lr: Number | None
    seed: Whole
    step: Whole
    cosines: Annotated[list[Annotated[list[Cosine], Field(max_length=64)]], Field(max_length=64)]


class MapsRow(Row):
    """Of every unit of the teacher how likely it is kept, or 1 and 0 after a cut."""

    MOST_ROWS = 5000
    arm: ArmName
    lr: Number
    seed: Whole
    step: Whole
    leap: Whole
    kind: Literal["falling", "kept"]
    units: Annotated[dict[Unit, Kept], Field(max_length=500)]


class LadderRow(Row):
    """A cut: asked and reached share of the teacher's blocks, sizes, and the test's top-5 before and after it."""

    arm: ArmName
    lr: Number
    seed: Whole
    step: Whole
    leap: Whole
    asked: Share
    reached: Share
    blocks: Whole
    all: Whole
    top5_before: Share
    top5_after_cut: Share


class ResultsRow(shapes.ResultsRow):
    arm: ArmName
    regime: Literal["precise", "loose", "wrong"]
    metric: Figure
    value: Share
    scores: None


class Seconds(Row):
    """What each stage took so far."""

    prepare: Positive | None = None
    train: Positive | None = None


class Tried(Row):
    """A step size of a grid; without a score its student diverged."""

    arm: ArmName
    lr: Number
    score: Share | None
    chosen: bool


class Spread(Row):
    """A mean with the ends of its 95 % interval; one student has none."""

    mean: Number
    low: Bound
    high: Bound
    seeds: Count


class FigureRow(Spread):
    arm: Who
    metric: Figure
    n: Count


class ShareRow(Spread):
    arm: ArmName
    metric: Figure


class Difference(Spread):
    arm: ArmName
    against: ArmName
    metric: Figure
    wins: Whole
    n: Count
    beyond: bool | None


class ReachRow(Row):
    arm: ArmName
    seed: Whole
    metric: Figure
    goal: Share
    of: Count
    step: Whole | None
    seconds: Positive | None


class SizeRow(Row):
    arm: ArmName
    seed: Whole | None
    asked: Share
    blocks: Share
    all: Share
    image: Share
    text: Share
    parameters: Whole


class CutRow(Row):
    seed: Whole
    after_cut: Share
    sliced: Share
    sliced_same: Share
    ratio: Positive | None


class Baseline(Row):
    top1: Share
    top5: Share
    n: Count


class TeacherFigures(Baseline):
    i2t5: Share
    t2i5: Share


class Baselines(Row):
    teacher: TeacherFigures
    nearest: Baseline | None = None
    ridge: Baseline | None = None
    chance: Baseline


class Sizes(Row):
    """How large the teacher is."""

    blocks: Whole
    all: Whole
    image: Whole
    text: Whole


class Warned(Row):
    kind: Literal["data", "seeds", "scratch", "teacher"]
    found: Text
    expected: Text
    next_step: Text


class Summary(Row):
    steps: Count
    lrs: dict[ArmName, Number]
    grids: Annotated[list[Tried], Field(max_length=1000)]
    baselines: Baselines
    figures: Annotated[list[FigureRow], Field(max_length=1000)]
    teacher_share: Annotated[list[ShareRow], Field(max_length=1000)]
    differences: Annotated[list[Difference], Field(max_length=1000)]
    reach: Annotated[list[ReachRow], Field(max_length=10_000)]
    sizes: Annotated[list[SizeRow], Field(max_length=1000)]
    teacher: Sizes
    cut: Annotated[list[CutRow], Field(max_length=100)]
    seconds: Seconds
    training_seconds: dict[ArmName, Positive]
    peak_memory_mb: Whole
    looks: Whole
    warnings: Annotated[list[Warned], Field(max_length=100)]


def check_together(files: dict[str, bytes], config: dict) -> None:
    """UserError where a row is of an arm that was not trained, or a matrix does not fit the pictures that are there."""
    arms = {TEACHER, *config["arms"]}
    pictures = len(files.get("pictures.jsonl", b"").splitlines())
    for name in ("metrics.jsonl", "affinities.jsonl", "maps.jsonl", "ladder.jsonl", "results.jsonl"):
        for number, line in enumerate(files.get(name, b"").splitlines(), 1):
            row = json.loads(line)
            who = row.get("who", row.get("arm"))
            if who not in arms:
                raise wrong(f"{name}, row {number}", f"{who} is not among the arms", "an arm of the run")
            cosines = row.get("cosines", [])
            if len(cosines) > pictures or any(len(one) != len(cosines) for one in cosines):
                raise wrong(f"{name}, row {number}", "its matrix does not fit the pictures", "a square of them")
