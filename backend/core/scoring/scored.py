"""Scored: what a model found likely for one question. The row of a scores file, and what every statistic is made from.

Standard library only, so that the page and the comparisons read scores without torch. Knows no model and no file.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

RIGHT = {"acc": "correct", "acc_norm": "correct_norm"}  # by metric: what of a scored question it is the mean of
METRICS = tuple(RIGHT)


@dataclass(frozen=True)
class Scored:
    """One question as the model saw it. `lengths` are the characters of each option, as the harness counts them.

    `log_likelihoods` are natural logarithms, summed over the tokens of each option.
    """

    id: str
    subject: str | None
    answer: int
    log_likelihoods: tuple[float, ...]
    lengths: tuple[int, ...]
    truncated: bool = False

    @property
    def choice(self) -> int:
        return _argmax(self.log_likelihoods)

    @property
    def choice_norm(self) -> int:
        return _argmax([ll / max(length, 1) for ll, length in zip(self.log_likelihoods, self.lengths, strict=True)])

    @property
    def correct(self) -> bool:
        return self.choice == self.answer

    @property
    def correct_norm(self) -> bool:
        return self.choice_norm == self.answer

    def as_row(self) -> dict:
        return asdict(self)


def from_row(row: dict) -> Scored:
    """What `as_row` made, after JSON turned its tuples into lists."""
    return Scored(**{**row, "log_likelihoods": tuple(row["log_likelihoods"]), "lengths": tuple(row["lengths"])})


def _argmax(values: Sequence[float]) -> int:
    """The first of the largest, as numpy and the harness have it."""
    return max(range(len(values)), key=values.__getitem__)
