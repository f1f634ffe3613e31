"""Scored: what a model found likely for one question. The row of a scores file, and what every statistic is made from.

Standard library only, so that the page and the comparisons read scores without torch. Knows no model and no file.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

METRICS = ("acc", "acc_norm")  # of questions with options
FREE_METRICS = ("bits", "rouge_l", "exact")  # of free answers, the one that judges first
JUDGING = (METRICS[0], FREE_METRICS[0])  # of any question, the metric that judges first
LOWER = ("bits",)  # of which less is better
COUNTED = ("acc", "acc_norm", "exact")  # right or wrong, and nothing between: an interval follows from the mean


@dataclass(frozen=True)
class Scored:
    """One question as the model saw it. `lengths` are the characters of each option, as the harness counts them.

    `log_likelihoods` are natural logarithms, summed over the tokens of each option. A free answer is the only option;
    then `generated` is what the model wrote by itself, and `rouge_l` how much of the answer is in it, from 0 to 1.
    """

    id: str
    subject: str | None
    answer: int
    log_likelihoods: tuple[float, ...]
    lengths: tuple[int, ...]
    truncated: bool = False
    generated: str | None = None
    rouge_l: float | None = None
    exact: bool | None = None

    @property
    def bits(self) -> float:
        """Bits per character of the right answer: its negative log2 likelihood by its length. The same text in any
        tokenizer has the same characters, so models of different families can be compared."""
        return -self.log_likelihoods[self.answer] / math.log(2) / max(1, self.lengths[self.answer])

    @property
    def choice(self) -> int:
        return _argmax(self.log_likelihoods)

    @property
    def choice_norm(self) -> int:
        return _argmax([ll / max(length, 1) for ll, length in zip(self.log_likelihoods, self.lengths, strict=True)])

    @cached_property
    def correct(self) -> bool:
        return self.choice == self.answer

    @cached_property
    def correct_norm(self) -> bool:
        return self.choice_norm == self.answer

    def value(self, metric: str) -> float:
        """What this question adds to the mean that a metric is."""
        return float(getattr(self, {"acc": "correct", "acc_norm": "correct_norm"}.get(metric, metric)))

    @property
    def finite(self) -> bool:
        """Whether the model computed at all. A row of NaN would count as wrong, or as right, by chance of place."""
        return all(map(math.isfinite, self.log_likelihoods))

    def as_row(self) -> dict:
        """As a scores file has it; what only free answers have is left out where it is not there."""
        return {name: value for name, value in asdict(self).items() if value is not None or name == "subject"}


def from_row(row: dict) -> Scored:
    """What `as_row` made, after JSON turned its tuples into lists."""
    return Scored(**{**row, "log_likelihoods": tuple(row["log_likelihoods"]), "lengths": tuple(row["lengths"])})


def metrics_of(scored: Sequence[Scored]) -> tuple[str, ...]:
    """What these questions are judged by, the most telling metric first: free answers by how likely the right one was,
    and by what was generated where that was asked for."""
    if any(len(item.log_likelihoods) > 1 for item in scored):
        return METRICS
    return FREE_METRICS if all(item.generated is not None for item in scored) else FREE_METRICS[:1]


def _argmax(values: Sequence[float]) -> int:
    """The first of the largest, as numpy and the harness have it."""
    return max(range(len(values)), key=values.__getitem__)
