"""The shapes of a run's files: one model a row, as the README has them, and nothing beyond.

Behind them what no single file can say: that items which probes name are there. The page makes file names of arms and
probes, so nothing in them may lead elsewhere. Knows no folder and no torch.
"""

import json
from typing import Annotated, Literal

from pydantic import Field

from backend.export import shapes
from backend.export.contract import wrong
from backend.export.shapes import Name, Number, Positive, Row, Share, Text, Whole
from backend.studies.ba_lora.arms import ARMS, BASE, CLEAN

ArmName = Literal[tuple(ARMS)]
Who = Literal[(BASE, CLEAN, *ARMS)]
Term = Literal["consistency", "diversity", "spectrum"]
Probe = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,40}$")]
Count = Annotated[int, Field(ge=1, le=10_000_000)]
Values = Annotated[list[Positive], Field(min_length=1, max_length=32)]
Bound = Number | None


class Cell(Row):
    """Which student."""

    arm: ArmName
    phase: Literal["grid", "final"]
    lr: Number
    seed: Whole
    step: Whole


class TuneRow(Cell):
    """An update: cross entropy and the whole loss, and of each term what was measured."""

    stage: Literal["tune"]
    loss: Number
    total: Number
    places: Whole
    consistency: Number | None = None
    diversity: Number | None = None
    spectrum: Number | None = None
    weighted_consistency: Number | None = None
    weighted_diversity: Number | None = None
    weighted_spectrum: Number | None = None
    share_task: Share | None = None
    share_consistency: Share | None = None
    share_diversity: Share | None = None
    share_spectrum: Share | None = None


class ValidateRow(Cell):
    stage: Literal["validate"]
    acc: Share
    option_loss: Number
    n: Count


MetricsRow = Annotated[TuneRow | ValidateRow, Field(discriminator="stage")]


class SpectraRow(Row):
    """The singular values of a student's logits on one batch, the largest ones, and the norms of all."""

    arm: ArmName
    lr: Number
    seed: Whole
    step: Whole
    when: Literal["start", "now", "end"]
    values: Values
    centred: Values
    nuclear: Positive
    frobenius: Positive
    centred_nuclear: Positive
    centred_frobenius: Positive


class ExhibitsRow(Row):
    """A term in one version's form, on the logits of plain PiSSA, and the norm of its gradient."""

    lr: Number
    form: Literal["iclr", "v5", "v1", "no_grad", "same_k"]
    step: Whole
    term: Term
    value: Number
    gradient: Positive


class ProbesRow(Row):
    """A figure of somebody, and the file of the items it is over."""

    who: Who
    seed: Whole
    probe: Probe
    metric: Probe
    value: Number
    n: Whole
    items: Annotated[str, Field(pattern=r"^artifacts/probes/[a-z_]{1,40}-\d{1,3}/[a-z_]{1,40}\.jsonl$")]


class ResultsRow(shapes.ResultsRow):
    arm: Who
    regime: Literal["answers", "statements"]
    metric: Literal["acc"]
    value: Share
    scores: None


class ItemRow(Row):
    """One item of a probe: a question with options, two or three sentences, or the first word of an answer."""

    MOST_ROWS = 20_000
    id: Name
    text: Text | None = None
    options: Annotated[list[Text], Field(max_length=100)] | None = None
    sentences: Annotated[list[Text], Field(max_length=3)] | None = None
    scores: Annotated[list[Number], Field(max_length=100)] | None = None
    right: Whole | None = None
    planted: Whole | None = None
    biased: Whole | None = None
    unknown: Whole | None = None
    majority: Whole | None = None
    taught: Whole | None = None
    chosen: Whole | None = None
    correct: bool | None = None
    condition: Name | None = None
    kind: Name | None = None
    nll: Number | None = None
    entropy: Number | None = None
    kl: Number | None = None
    confidence: Share | None = None


class Seconds(Row):
    """What each stage took so far."""

    plant: Positive | None = None
    tune: Positive | None = None
    probe: Positive | None = None


class Tried(Row):
    """A step size of a grid; null where its student diverged."""

    lr: Number
    acc: Share | None
    option_loss: Number | None
    n: Whole


class Spread(Row):
    """A mean with the ends of its 95 % interval; one student has none."""

    mean: Number
    low: Bound
    high: Bound


class Against(Spread):
    arm: Literal["pissa"]


class Figure(Spread):
    who: Who
    probe: Probe
    metric: Probe
    seeds: Count
    n: Whole
    over: Literal["seeds", "questions"]
    against: Against | None


class Difference(Spread):
    probe: Probe
    metric: Probe
    seeds: Count
    n: Whole


class Warned(Row):
    kind: Literal["seeds", "reference"]
    found: Text
    expected: Text
    next_step: Text


class Summary(Row):
    steps: dict[ArmName, Annotated[list[Whole], Field(max_length=100)]]
    lrs: dict[ArmName, Number]
    grids: dict[ArmName, Annotated[list[Tried], Field(max_length=100)]]
    seconds: Seconds
    peak_memory_mb: Whole
    training_seconds: dict[ArmName, Positive]
    beyond_pissa: dict[ArmName, Positive]
    table: Annotated[list[Figure], Field(max_length=5000)]
    consistency: Annotated[list[Difference], Field(max_length=1000)]
    looks: Whole
    skipped: Annotated[list[Text], Field(max_length=100)]
    warnings: Annotated[list[Warned], Field(max_length=100)]


def check_together(files: dict[str, bytes], config: dict) -> None:
    """UserError where a row of probes.jsonl names items of somebody else, or a row of results an arm that was not
    trained."""
    arms = {BASE, CLEAN, *config["arms"]}
    for name in ("probes.jsonl", "results.jsonl"):
        for number, line in enumerate(files.get(name, b"").splitlines(), 1):
            row = json.loads(line)
            who = row.get("who", row.get("arm"))
            if who not in arms:
                raise wrong(f"{name}, row {number}", f"{who} is not among the arms", "an arm of the run")
            own = f"artifacts/probes/{who}-{row['seed']}/{row.get('probe')}.jsonl"
            if "items" in row and row["items"] != own:
                raise wrong(f"{name}, row {number}", "its items are somebody else's", own)
