"""The shapes of a distillation's files: one model a row, as backend/README.md has them, and nothing beyond.

As strict as the types of every run that they are made of: a row that passes can be drawn without another look. Behind
them what no single file can say: whether files fit each other and the settings. Knows no folder.
"""

import json
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from backend.export import shapes
from backend.export.contract import wrong
from backend.export.shapes import Name, Number, Positive, Row, Share, Text, Whole

SEARCH, SNAPSHOTS = "artifacts/search.json", "artifacts/snapshots/"
Arm = Literal["base", "soft", "projected", "decoded", "text", "init", "random", "full"]


def pair(value: list) -> list:
    if len(value) != 2:
        raise ValueError("two values, no more")
    return value


Point = Annotated[list[Number], AfterValidator(pair)]
Way = Annotated[list[Annotated[list[Number | None], AfterValidator(pair)]], Field(min_length=1, max_length=100_000)]


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
    restart: Whole | None = None
    chosen: Whole | None = None


class SearchRow(Round):
    stage: Literal["search"]


MetricsRow = Annotated[ExpertRow | DistilRow | EngineRow | SearchRow, Field(discriminator="stage")]


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


class DistilledRow(shapes.ExampleRow):
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


class ResultsRow(shapes.ResultsRow):
    arm: Arm
    regime: Literal["matched", "ordinary"]
    metric: Literal["acc", "acc_norm", "bits", "rouge_l", "exact"]
    value: Positive
    stderr: Positive | None = None

    @model_validator(mode="after")
    def shares_end_at_one(self) -> "ResultsRow":
        if self.metric != "bits" and self.value > 1:
            raise ValueError("at most 1")
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
    train_questions: Whole | None = None
    verbatim: Whole | None = None


class OwnFile(Row):
    """What was understood of a file of somebody's own."""

    file: Name
    layout: Name
    columns: dict[Name, Text]
    unused: Annotated[list[Text], Field(max_length=10_000)]
    warnings: Annotated[list[Text], Field(max_length=1000)]
    splits: dict[Literal["train", "validation", "test"], Whole]


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
    kept: Annotated[list[list[Draft]], Field(default_factory=list, max_length=100)]
    kept_loss: Number | None = None


class Search(Row):
    """The place of a search that can go on."""

    version: Whole
    lrs: Annotated[list[Number], Field(min_length=1, max_length=2)]
    found: Found
    trainings: Whole


def check_together(files: dict[str, bytes], config: dict) -> None:
    """UserError where a search is for another number of prompts, or a snapshot belongs to no update."""
    if SEARCH in files:
        found = json.loads(files[SEARCH])["found"]
        if {len(found["drafts"]), len(found["best"])} != {config["prompts"]}:
            raise wrong(SEARCH, "it has not as many texts as the run has prompts", f"{config['prompts']} texts")
    for name in files:
        if name.startswith(SNAPSHOTS) and not re.fullmatch(r"\d{1,7}\.safetensors", name.removeprefix(SNAPSHOTS)):
            raise wrong(name, "it is called by no update", f"{SNAPSHOTS}<update>.safetensors")
