"""Fast scores: rounded products first, and float32 again wherever rounding could have changed a choice.

How far rounding reaches is measured, not assumed: some questions are scored both ways, and so is every question where
two options come within reach of each other. Choices are those of float32 unless rounding shifts an option further than
CAUTION times anything seen before; the log-likelihoods of the sure questions keep their rounding.
"""

import math
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from backend.core.matrices import can_round
from backend.core.scoring.score import Plan, blocks, score_blocks, score_stream
from backend.core.scoring.scored import Scored
from backend.core.text.tasks import Question

GAUGE = 48  # questions scored both ways before any is trusted
CAUTION = 1.25  # two options can only swap when both shift this much further than any before, and apart


@dataclass
class Doubt:
    """The largest shift of an option, in nats for each square root of its log-likelihood in nats.

    Measured on 700 ARC-Easy questions, that scale has the lightest tails; nats or nats a character have heavier ones.
    """

    reach: float = 0.0
    gauged: int = 0  # questions scored both ways

    def learn(self, quick: Scored, exact: Scored) -> None:
        pairs = zip(quick.log_likelihoods, exact.log_likelihoods, strict=True)
        self.reach = max(self.reach, *(abs(q - e) / _scale(q) for q, e in pairs))
        self.gauged += 1

    def about(self, quick: Scored) -> bool:
        """Whether rounding may have changed the choice, summed or by character."""
        values = quick.log_likelihoods
        bounds = [CAUTION * self.reach * _scale(value) for value in values]
        lengths = [max(length, 1) for length in quick.lengths]
        return _overlap(values, bounds) or _overlap(
            [value / length for value, length in zip(values, lengths, strict=True)],
            [bound / length for bound, length in zip(bounds, lengths, strict=True)],
        )


def _scale(log_likelihood: float) -> float:
    return math.sqrt(max(-log_likelihood, 0.01))


def _overlap(values: Sequence[float], bounds: Sequence[float]) -> bool:
    """Whether another option may in truth lie above the highest."""
    best = max(range(len(values)), key=values.__getitem__)
    others = (value + bound for i, (value, bound) in enumerate(zip(values, bounds, strict=True)) if i != best)
    return max(others) >= values[best] - bounds[best]


def stream_of(
    p: Plan, questions: Sequence[Question], fast: bool, done: Set[int] = frozenset()
) -> tuple[Iterator[list[tuple[int, Scored]]], Doubt | None]:
    """The stream to read, and the doubt it fills; none where rounding was not asked for or gains nothing here.

    Free answers are never rounded: they are judged by the likelihoods themselves, and there is no choice to check.
    """
    if p.spec.free or not (fast and can_round(p.device)):
        return score_stream(p, questions, done=done), None
    doubt = Doubt()
    return fast_stream(p, questions, doubt, done=done), doubt


def arithmetic(again: int | None, precision: str) -> str:
    """How scores were computed, in words; `again` counts questions scored both ways, None where nothing was rounded."""
    return f"{precision} products" if again is None else f"rounded products, {again} questions again in {precision}"


def fast_stream(
    p: Plan, questions: Sequence[Question], doubt: Doubt, seed: int = 0, done: Set[int] = frozenset()
) -> Iterator[list[tuple[int, Scored]]]:
    """Questions with their positions as `score_stream` yields them, a block at a time, from rounded products.

    `doubt` is filled and says afterwards how much was scored twice.
    """
    for members in blocks(questions, seed):
        if not (block := [i for i in members if i not in done]):
            continue
        quick = _all(p, questions, block, rounded=True)
        exact: dict[int, Scored] = {}
        again = block[: max(0, GAUGE - doubt.gauged)] or [i for i in block if doubt.about(quick[i])]
        while again:
            exact |= _again(p, questions, again, quick, doubt)
            again = [i for i in block if i not in exact and doubt.about(quick[i])]
        yield list((quick | exact).items())


def _again(
    p: Plan, questions: Sequence[Question], chosen: Sequence[int], quick: dict[int, Scored], doubt: Doubt
) -> dict[int, Scored]:
    exact = _all(p, questions, chosen, rounded=False)
    for i in chosen:
        doubt.learn(quick[i], exact[i])
    return exact


def _all(p: Plan, questions: Sequence[Question], chosen: Sequence[int], rounded: bool) -> dict[int, Scored]:
    return {i: item for news in score_blocks(p, questions, [chosen], rounded) for i, item in news}
