"""The shapes that every run folder has, as types: the status, the lineage, a row of results, a row of scores.

Strict on purpose: a row that passes can be drawn, counted and sent to a page without another look. Numbers are finite
and fit what a browser and JSON hold, texts are Unicode, fields that are not known are refused. A study's own shapes are
made of the types here. Knows no file and no study.
"""

from functools import cache
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator

from backend.runs.work import START

EXACT = 2**53  # larger whole numbers are rounded by a browser, and JSON writers stop at 64 bits
LATEST = 4_102_444_800.0  # the year 2100
PART = r"\w[\w .+@()=,-]{0,180}"  # a part of a file's name that no system reads otherwise
SCORES = rf"^artifacts/scores/{PART}\.jsonl$"


def exact(value: object) -> object:
    """A whole number stays one only while a browser can hold it."""
    if type(value) is int and abs(value) > EXACT:
        raise ValueError(f"a whole number beyond {EXACT:,}")
    return value


Whole = Annotated[int, Field(ge=0, le=EXACT)]
Number = Annotated[float, BeforeValidator(exact), Field(ge=-1e300, le=1e300)]
Share = Annotated[float, BeforeValidator(exact), Field(ge=0, le=1)]
Positive = Annotated[float, BeforeValidator(exact), Field(ge=0, le=1e300)]
Text = Annotated[str, Field(max_length=100_000)]
Name = Annotated[str, Field(min_length=1, max_length=300)]
Time = Annotated[float, Field(ge=0, le=LATEST)]


class Row(BaseModel):
    """What every row and document is: its own fields, of these very types, and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    MOST_ROWS: ClassVar[int] = 200_000  # of a file


class ExampleRow(Row):
    """An example to learn, as `Example.row` in core/text/prompts.py makes it."""

    prompt: Text
    answer: Text
    between: Text = " "
    turns: Annotated[list[Annotated[list[Text], Field(min_length=2, max_length=2)]], Field(max_length=1000)] = []


class Ancestor(Row):
    run: Name
    step: Whole


Lineage = Annotated[list[Ancestor], Field(min_length=1, max_length=100)]


@cache
def status_of(known: tuple[str, ...]) -> TypeAdapter:
    """The shape of status.json in an export: a run that ended, without a process. `known` are its study's stages."""

    def some_of_them(value: str) -> str:
        if value and not set(value.split(",")) <= set(known):
            raise ValueError(f"some of {', '.join(known)}")
        return value

    class Took(Row):
        spent_s: Positive
        expected_s: Positive | None
        stages: dict[Literal[(START, *known)], Positive]

    class Status(Row):
        state: Literal["stopped", "finished"]
        stage: Literal[("", *known)]
        done: Whole
        total: Whole
        message: Literal[""]
        started_at: Time
        updated_at: Time
        error: None
        stages: Annotated[str, AfterValidator(some_of_them)] | None
        time: Took | None = None

    return TypeAdapter(Status)


class ResultsRow(Row):
    """A row of results.jsonl: the columns that tables and means are made of. `scores` is the file behind the value."""

    arm: Name
    student: Name
    task: Name
    regime: Name
    metric: Name
    seed: Whole
    value: Number
    n: Annotated[int, Field(ge=1, le=10_000_000)]
    scores: Annotated[str, Field(pattern=SCORES)] | None = None


class ScoreRow(Row):
    """A question of a student, in a file below artifacts/scores."""

    MOST_ROWS: ClassVar[int] = 20_000  # of one student: the interval over them is drawn anew for each visitor who looks
    id: Name
    subject: Name | None
    answer: Annotated[int, Field(ge=0, lt=100)]
    log_likelihoods: Annotated[list[Number], Field(min_length=1, max_length=100)]
    lengths: list[Whole]
    truncated: bool = False
    generated: Text | None = None
    rouge_l: Share | None = None
    exact: bool | None = None

    @model_validator(mode="after")
    def options_agree(self) -> "ScoreRow":
        if len(self.lengths) != len(self.log_likelihoods) or self.answer >= len(self.lengths):
            raise ValueError("a length for every option, and the answer among them")
        return self
