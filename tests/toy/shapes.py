"""The shapes of a toy run's files: one model a row. Knows no folder."""

from typing import Literal

from backend.export.shapes import Number, Row, Whole


class FitRow(Row):
    stage: Literal["fit"]
    seed: Whole
    step: Whole
    loss: Number
