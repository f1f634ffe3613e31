"""The shapes of a run's files: one model a row, as the README has them, and nothing beyond.

Behind them what no single file can say: that arms and settings are the run's own. Knows no folder and no torch.
"""

import json
from typing import Annotated, Literal

from pydantic import Field

from backend.export import shapes
from backend.export.contract import wrong
from backend.export.shapes import Name, Number, Positive, Row, Share, Text, Whole
from backend.studies.a_sdm.arms import ARMS, FULL

ArmName = Literal[tuple(ARMS)]
Family = Literal["full", "fewer_steps", "inherit", "light", "switch", "combined"]
Reading = Literal["output", "branch"]
Count = Annotated[int, Field(ge=1, le=10_000_000)]
Step = Annotated[int, Field(ge=0, le=1_000_000)]
Address = Annotated[str, Field(pattern=r"^[\w.]{0,120}$")]
Png = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=2_000_000)]
Maybe = Number | None


class ModuleRow(Row):
    """A module of the UNet. `flops`, `ms1` and `ms8` are of it with its parts, as shares of a step and in milliseconds
    at one picture and at eight; `own_…` without them. The row "" of the level unet is a whole step."""

    MOST_ROWS = 20_000
    id: Address
    level: Literal["unet", "block", "layer", "unit"]
    kind: Name
    parent: Address
    reads: Annotated[list[Address], Field(max_length=100)]
    flops: Positive
    ms1: Positive
    ms8: Positive
    own_flops: Positive
    own_ms1: Positive
    own_ms8: Positive
    parameters: Whole
    cache_bytes: Whole


class ChangeRow(Row):
    """How much a module's value changes from the step before, relative to its size."""

    module: Address
    step: Step
    change: Positive


class HarmRow(Row):
    """The PSNR to the full model's pictures, in dB, where this module alone is inherited at every second step."""

    module: Address
    reading: Reading
    psnr: Number
    se: Positive
    n: Count


class NetRow(Row):
    """A net: which of the full model's modules it keeps, its size, and its cost of a step as shares of the full one's
    and in milliseconds."""

    arm: Name
    net: Name
    title: Text
    kept: Annotated[list[Address], Field(max_length=20_000)]
    parameters: Whole
    flops: Positive
    ms1: Positive
    ms8: Positive


class Cell(Row):
    arm: ArmName
    phase: Literal["grid", "final"]
    lr: Number
    seed: Whole
    step: Step


class TuneRow(Cell):
    """Updates: means since the row before. `local` is the loss of blocks that incubate, when all others are None."""

    stage: Literal["tune"]
    loss: Number
    task: Maybe
    output: Maybe
    features: Maybe
    local: Maybe


class EvaluateRow(Cell):
    """A look at validation prompts: PSNR to the full model's pictures in dB, share of pictures with all slots right
    (None where nobody judges), and the processor's seconds of training so far."""

    stage: Literal["evaluate"]
    psnr: Number
    right: Share | None
    n: Count
    seconds: Positive


MetricsRow = Annotated[TuneRow | EvaluateRow, Field(discriminator="stage")]


class InheritRow(Row):
    module: Address
    reading: Reading
    at: Annotated[list[Step], Field(max_length=1000)]


class PlanRow(Row):
    steps: Count
    inherit: Annotated[list[InheritRow], Field(max_length=5000)]


class SettingsRow(Row):
    """A setting of the sweep. Speeds are of a whole sampling with the full one's as 1, with the 95 % interval of the
    median over rounds; `flops` is a share. `computed`: steps at which nothing is inherited. Figures of light nets are
    means over `seeds`. `right` counts pictures with all slots right, `slots` slots. `distance` is the judge's, to the
    full model's picture; `frechet` of the judge's features to fresh renders. `cache_mb` is of a batch of 8."""

    MOST_ROWS = 1000
    id: Name
    family: Family
    title: Text
    plan: PlanRow | None
    net: Name
    nets: Annotated[list[Name], Field(max_length=1000)] | None
    steps: Count
    computed: Count
    speed8: Positive
    speed8_low: Positive
    speed8_high: Positive
    speed1: Positive
    speed1_low: Positive
    speed1_high: Positive
    flops: Positive
    psnr: Maybe
    psnr_se: Positive | None
    right: Share | None
    right_se: Positive | None
    slots: Share | None
    slots_se: Positive | None
    distance: Positive | None
    distance_se: Positive | None
    frechet: Number | None
    n: Count
    seeds: Count
    cache_mb: Positive


class LooksRow(Row):
    """What a setting drew for a poster prompt; `right` where somebody judges."""

    setting: Name
    prompt: Whole
    text: Text
    png: Png
    read: Text | None
    right: bool | None


class RacesRow(Row):
    """A step of a lane of a race. `seconds` since its start, of the processor; `png` is the noisy picture after the
    step, `clean` the one it points to. What the judge reads and the PSNR to the full lane stand in the last row."""

    prompt: Whole
    text: Text
    seed: Whole
    who: Name
    step: Step
    seconds: Positive
    png: Png
    clean: Png
    read: Text | None
    right: bool | None
    psnr: Maybe


class ErrorsRow(Row):
    """How far a net's answer is from the full one's, which both give to the latents of the full sampling: the mean
    square relative to the full answer's."""

    net: Name
    seed: Whole
    step: Step
    t: Positive
    error: Positive


class RoutingRow(Row):
    """What the routers of a layer give each expert at a step, mean over pictures."""

    seed: Whole
    step: Step
    layer: Address
    weights: Annotated[list[Number], Field(max_length=64)]


class ResultsRow(shapes.ResultsRow):
    scores: None


def check_together(files: dict[str, bytes], config: dict) -> None:
    """UserError where a row is of an arm that was not trained, or of a setting that was not measured."""
    arms = {FULL, *config["arms"], *(name.rstrip("/").rpartition("/")[2] for name in config["ready"])}
    measured = {json.loads(line)["id"] for line in files.get("settings.jsonl", b"").splitlines()}
    for name, column, known in (
        ("metrics.jsonl", "arm", arms),
        ("nets.jsonl", "arm", arms),
        ("errors.jsonl", "net", arms),
        ("looks.jsonl", "setting", measured),
    ):
        for number, line in enumerate(files.get(name, b"").splitlines(), 1):
            who = json.loads(line)[column]
            if who not in known:
                raise wrong(f"{name}, row {number}", f"{who} is not among what the run has", "a name of the run")
