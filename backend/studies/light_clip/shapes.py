"""The shapes of a run's files: one model a row, as the README has them, and nothing beyond.

Behind them what no single file can say: that pictures which rows name are there, and that arms are the run's. Knows no
folder and no torch.
"""

import base64
import binascii
import json
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from backend.export import shapes
from backend.export.contract import wrong
from backend.export.shapes import Name, Number, Positive, Row, Share, Text, Whole
from backend.studies.light_clip.arms import ARMS, COMPARED, REFERENCE, RULES
from backend.studies.light_clip.summary import METRICS, SHARES

ArmName = Literal[tuple(ARMS)]
Cosine = Annotated[float, Field(ge=-1.001, le=1.001)]
Count = Annotated[int, Field(ge=1, le=10_000_000)]
Word = Annotated[str, Field(max_length=200)]
Bound = Number | None
MOST_PNG = 64 * 2**10  # of a small picture
PNG = b"\x89PNG\r\n\x1a\n"
MOST_WORDS, MOST_PATCHES = 128, 1024


def a_png(value: str) -> str:
    """The beginning of a PNG in base64."""
    try:
        if not base64.b64decode(value, validate=True).startswith(PNG):
            raise ValueError("no PNG")
    except binascii.Error as error:
        raise ValueError("no base64") from error
    return value


class PicturesRow(Row):
    """A picture that other files name by its id."""

    MOST_ROWS = 1000
    id: Whole
    text: Text
    png: Annotated[str, Field(max_length=MOST_PNG), AfterValidator(a_png)]
    names: Annotated[list[Name], Field(max_length=100)]


class Cell(Row):
    """Which student."""

    arm: ArmName
    phase: Literal["grid", "final"]
    lr: Number
    seed: Whole
    step: Whole


class TrainRow(Cell):
    """Mean losses of some updates, and the softness of the last of them."""

    stage: Literal["train", "depth", "noise"]
    layers: Whole
    loose: Share
    loss: Number
    instance: Number
    tokens: Number | None
    masked_words: Number | None
    softness: Share | None


class EvaluateRow(Cell):
    """Figures on validation pictures."""

    stage: Literal["evaluate"]
    top1: Share
    top5: Share
    i2t1: Share
    i2t5: Share
    t2i1: Share
    t2i5: Share
    pointing: Share | None
    masked_with: Share | None
    masked_without: Share | None
    n: Count


MetricsRow = Annotated[TrainRow | EvaluateRow, Field(discriminator="stage")]


class Other(Row):
    id: Whole
    weight: Share
    true: bool


class Student(Row):
    arm: ArmName
    lr: Number
    seed: Whole


class LabelsRow(Student):
    """What the label of a picture gives to other captions, those that get most first."""

    step: Whole
    picture: Whole
    softness: Share
    others: Annotated[list[Other], Field(max_length=256)]


Patches = Annotated[list[Whole], Field(max_length=MOST_PATCHES)]


class MatchesRow(Student):
    """Words of a caption and patches of its picture."""

    step: Whole
    picture: Whole
    words: Annotated[list[Word], Field(min_length=1, max_length=MOST_WORDS)]
    truth: Annotated[list[Patches | None], Field(max_length=MOST_WORDS)]
    cosines: Annotated[
        list[Annotated[list[Cosine], Field(min_length=1, max_length=MOST_PATCHES)]], Field(max_length=MOST_WORDS)
    ]
    chosen: dict[Literal[RULES], Annotated[list[Whole], Field(max_length=MOST_WORDS)]]

    @model_validator(mode="after")
    def sizes_agree(self) -> "MatchesRow":
        words, patches = len(self.words), len(self.cosines[0]) if self.cosines else 0
        listed = [self.truth, self.cosines, *self.chosen.values()]
        found = [patch for one in (*self.truth, *self.chosen.values()) for patch in one or ()]
        if any(len(one) != words for one in listed) or any(len(row) != patches for row in self.cosines):
            raise ValueError("as much for every word")
        if any(patch >= patches for patch in found):
            raise ValueError("patches that are there")
        return self


Guess = Annotated[tuple[Word, Share], Field(strict=False)]
Guesses = Annotated[list[Guess], Field(max_length=20)]


class MaskedRow(Student):
    """A hidden word, and the likeliest words in its place with the picture and without it."""

    model_config = ConfigDict(populate_by_name=True)
    picture: Whole
    text: Text
    place: Whole
    word: Word
    shown: Guesses = Field(alias="with")
    without: Guesses


class DepthRow(Row):
    """A student of the base with a text tower of this depth."""

    depth: Count
    seed: Whole
    lr: Number
    top1: Share
    i2t5: Share
    t2i5: Share
    n: Count
    parameters: Count
    blocks: Count


class NoiseRow(Row):
    """A student on captions of which a share is loose."""

    loose: Share
    arm: Literal[COMPARED]
    seed: Whole
    lr: Number
    top1: Share
    i2t5: Share
    t2i5: Share
    n: Count
    false_negatives: Share


class ResultsRow(shapes.ResultsRow):
    arm: ArmName
    regime: Literal["pairs"]
    metric: Literal[SHARES]
    value: Share
    scores: None


class Seconds(Row):
    """What each stage took so far."""

    prepare: Positive | None = None
    train: Positive | None = None
    depth: Positive | None = None
    noise: Positive | None = None


class Spread(Row):
    """A mean with the ends of its 95 % interval; one student has none."""

    mean: Number
    low: Bound
    high: Bound


class Against(Spread):
    """Compared with the base seed by seed."""

    arm: Literal[REFERENCE]
    error: Bound
    wins: Whole
    seeds: Count
    beyond: bool


class Figure(Spread):
    arm: ArmName
    metric: Literal[METRICS]
    seeds: Count
    n: Whole
    against: Against | None


class Warned(Row):
    kind: Literal["seeds", "reference", "pointing"]
    found: Text
    expected: Text
    next_step: Text


class Summary(Row):
    ablation: Annotated[list[Figure], Field(max_length=1000)]
    looks: Whole
    chance: dict[Literal["top1", "masked", "pointing"], Share]
    parameters: dict[ArmName, Whole]
    extra: dict[ArmName, Whole]
    false_negatives: Share
    chosen: dict[ArmName, Number]
    grids: dict[ArmName, dict[Name, Share | None]]
    training_seconds: dict[ArmName, Positive | None]
    seconds: Seconds
    peak_memory_mb: Whole
    remarks: Annotated[list[Text], Field(max_length=100)]
    warnings: Annotated[list[Warned], Field(max_length=100)]


def check_together(files: dict[str, bytes], config: dict) -> None:
    """UserError where a row names a picture that is not there, or an arm that was not trained."""
    pictures = {row["id"] for _, row in _rows(files, "pictures.jsonl")}
    for name in ("labels.jsonl", "matches.jsonl", "masked.jsonl"):
        for number, row in _rows(files, name):
            named = {row["picture"], *(other["id"] for other in row.get("others", ()))}
            if not named <= pictures:
                found = f"there is no picture {min(named - pictures)}"
                raise wrong(f"{name}, row {number}", found, "pictures of pictures.jsonl")
    for name in ("labels.jsonl", "matches.jsonl", "masked.jsonl", "results.jsonl"):
        for number, row in _rows(files, name):
            if row["arm"] not in config["arms"]:
                raise wrong(f"{name}, row {number}", f"{row['arm']} is not among the arms", "an arm of the run")


def _rows(files: dict[str, bytes], name: str):
    return ((number, json.loads(line)) for number, line in enumerate(files.get(name, b"").splitlines(), 1))
