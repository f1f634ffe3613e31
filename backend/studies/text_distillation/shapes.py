"""The shapes of a run's files: one model a row, as backend/README.md has them, and nothing beyond.

Strict on purpose: a row that passes can be drawn, counted and sent to a page without another look. Numbers are finite
and fit what a browser and JSON hold, texts are Unicode, fields that are not known are refused. Knows no file.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

STAGES = ("experts", "distil", "decode", "evaluate")
EXACT = 2**53  # larger whole numbers are rounded by a browser, and JSON writers stop at 64 bits
LATEST = 4_102_444_800.0  # the year 2100
Arm = Literal["base", "soft", "projected", "text", "init", "random", "full"]


def exact(value: object) -> object:
    """A whole number stays one only while a browser can hold it."""
    if type(value) is int and abs(value) > EXACT:
        raise ValueError(f"a whole number beyond {EXACT:,}")
    return value


def pair(value: list) -> list:
    if len(value) != 2:
        raise ValueError("two values, no more")
    return value


def known_stages(value: str) -> str:
    if value and not set(value.split(",")) <= set(STAGES):
        raise ValueError(f"some of {', '.join(STAGES)}")
    return value


Whole = Annotated[int, Field(ge=0, le=EXACT)]
Number = Annotated[float, BeforeValidator(exact), Field(ge=-1e300, le=1e300)]
Share = Annotated[float, BeforeValidator(exact), Field(ge=0, le=1)]
Text = Annotated[str, Field(max_length=100_000)]
Name = Annotated[str, Field(min_length=1, max_length=300)]
Point = Annotated[list[Number], AfterValidator(pair)]
Way = Annotated[list[Annotated[list[Number | None], AfterValidator(pair)]], Field(min_length=1, max_length=100_000)]


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Ancestor(Row):
    run: Name
    step: Whole


Lineage = Annotated[list[Ancestor], Field(min_length=1, max_length=100)]


class Status(Row):
    """status.json of an export: a run that ended, without a process."""

    state: Literal["stopped", "finished"]
    stage: Literal["", "experts", "distil", "decode", "evaluate"]
    done: Whole
    total: Whole
    message: Literal[""]
    started_at: Annotated[float, Field(ge=0, le=LATEST)]
    updated_at: Annotated[float, Field(ge=0, le=LATEST)]
    error: None
    stages: Annotated[str, AfterValidator(known_stages)] | None


class ExpertRow(Row):
    stage: Literal["experts"]
    expert: Whole
    step: Whole
    loss: Number | None


class DistilRow(Row):
    stage: Literal["distil"]
    step: Whole
    expert: Whole
    start: Whole
    matching_loss: Number | None
    cosine: Number | None
    regulariser: Number | None
    weight: Number | None
    inner_lr: Number | None
    gradient_norm: Number | None
    adjoint_growth: Number | None
    skipped: Whole
    seconds: Number


class EngineRow(Row):
    """How the gradient is computed, and what its check found."""

    stage: Literal["engine"]
    step: Whole
    asked: Name
    used: Name
    reason: Text
    written_out: bool
    cosine: Number | None = None
    error: Number | None = None
    inner_steps: Whole | None = None


class Round(Row):
    """What a search says of a round."""

    round: Whole
    trainings: Whole
    loss: Number | None = None
    gain: Number | None = None
    confirmed: Number | None = None
    changed: Whole | None = None
    validation: Number | None = None


class SearchRow(Round):
    stage: Literal["search"]


class Prompt(Row):
    slot: Annotated[int, Field(ge=0, lt=4096)]
    text: Text
    answer: Text
    changed: Share
    distance: Number


class PromptsRow(Row):
    step: Whole
    prompts: Annotated[list[Prompt], Field(min_length=1, max_length=4096)]
    round: Whole | None = None

    @model_validator(mode="after")
    def slots_differ(self) -> "PromptsRow":
        if len({prompt.slot for prompt in self.prompts}) != len(self.prompts):
            raise ValueError("each slot once")
        return self


class Layer(Row):
    layer: Annotated[int, Field(ge=-1, le=100_000)]
    left: Number | None
    share: Number | None


class PathsRow(Row):
    step: Whole
    student: Way
    expert: Way
    layers: list[Layer]


def token_and_distance(value: list) -> list:
    token, distance = pair(value)
    if not isinstance(token, str) or type(distance) not in (int, float):
        raise ValueError("a token and its distance")
    return value


Near = Annotated[list[Text | Number], AfterValidator(token_and_distance)]


class Place(Row):
    at: Point
    near: Annotated[list[Near], Field(min_length=1, max_length=1000)]


class NeighboursRow(Row):
    step: Whole
    slots: list[Annotated[list[Place], Field(min_length=1)]]


class Vocabulary(Row):
    explained: Number
    of: Whole
    points: list[Point]
    tokens: list[Text]

    @model_validator(mode="after")
    def equal_lengths(self) -> "Vocabulary":
        if len(self.points) != len(self.tokens):
            raise ValueError("a token for every point")
        return self


class Provenance(Row):
    model: Name
    task: Name
    seed: Whole
    step: Whole
    layout: Name
    started_from: Name
    text: Text
    decoder: Name | None = None
    reverted: bool | None = None


class DistilledRow(Row):
    prompt: Text
    answer: Text
    provenance: Provenance


class Surprise(Row):
    perplexity: Number | None
    above: Share


class Held(Row):
    split: Literal["train", "test"]
    question: Text
    how: Name
    share: Share


class Nearest(Row):
    question: Text
    answer: Text
    score: Number


class FactsRow(Row):
    slot: Whole
    contribution: Number | None
    judged_by: Literal["heldout", "followed"]
    segments: Whole
    ordinary: Whole
    surprise: dict[Name, Surprise]
    copies: Annotated[list[Held], Field(max_length=100)]
    nearest: Annotated[list[Nearest], Field(max_length=100)]


class ResultsRow(Row):
    arm: Arm
    student: Name
    task: Name
    regime: Literal["matched", "ordinary"]
    metric: Literal["acc", "acc_norm"]
    seed: Whole
    value: Share
    n: Annotated[int, Field(ge=1, le=10_000_000)]
    scores: Name | None = None


class ScoreRow(Row):
    id: Name
    subject: Name | None
    answer: Annotated[int, Field(ge=0, lt=100)]
    log_likelihoods: Annotated[list[Number], Field(min_length=1, max_length=100)]
    lengths: list[Whole]
    truncated: bool = False

    @model_validator(mode="after")
    def options_agree(self) -> "ScoreRow":
        if len(self.lengths) != len(self.log_likelihoods) or self.answer >= len(self.lengths):
            raise ValueError("a length for every option, and the answer among them")
        return self


class Matched(Row):
    expert: Whole
    start: Whole
    matching_loss: Number | None


class Summary(Row):
    steps: Whole
    skipped: Whole
    inner_lrs: list[Number | None]
    heldout: dict[Literal["soft", "projected", "text", "init"], list[Matched]]
    tokens_changed: Number | None = None
    reverted: Whole | None = None
    judged_by: Name | None = None


class Draft(Row):
    question: Text
    answer: Text
    origin: Text


class Found(Row):
    round: Whole
    drafts: list[Draft]
    best: list[Draft]
    best_loss: Number
    row: Round


class Search(Row):
    """The place of a search that can go on."""

    version: Whole
    lrs: Annotated[list[Number], Field(min_length=1, max_length=2)]
    found: Found
    trainings: Whole
