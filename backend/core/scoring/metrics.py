"""Metrics: what the scores of one student say about it. Accuracy with its error, calibration, and a taste for letters;
of free answers how likely they were, and how near what was generated comes to them.

Knows scored questions; no model, no file, and no second student (compare.py).
"""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

import numpy as np
from jaxtyping import Float

from backend.core.scoring.scored import METRICS, Scored, metrics_of
from backend.errors import UserError

Z = 1.959964  # half-width of a 95 % interval in standard errors


def summarise(scored: Sequence[Scored]) -> dict:
    """Accuracy over all questions with its standard error; with subjects also each of them, and `macro`, their mean.

    Of free answers, which have no options to choose among: the mean and standard error of each metric they have.
    """
    _need(scored)
    if metrics_of(scored) != METRICS:
        return _means(scored, metrics_of(scored)) | {"truncated": sum(item.truncated for item in scored)}
    summary = _accuracy(scored) | {
        "truncated": sum(item.truncated for item in scored),
        "ece": calibration(scored)["ece"],
        "option_loss": option_loss(scored),
        "letters": letters(scored),
    }
    if not (subjects := sorted({item.subject for item in scored if item.subject is not None})):
        return summary
    each = {subject: _accuracy([item for item in scored if item.subject == subject]) for subject in subjects}
    means = {name: fmean(part[name] for part in each.values()) for name in METRICS}
    return summary | {"micro": {name: summary[name] for name in means}, "macro": means, "subjects": each}


def interval(successes: int | float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson (1927): it has a width at 0 and at n, and none of it lies outside 0 to 1.

    Nothing tried says nothing: n = 0 gives (0, 1).
    """
    if n == 0:
        return 0.0, 1.0
    share, weight = successes / n, Z * Z / n
    middle = share + weight / 2
    half = Z * math.sqrt(share * (1 - share) / n + weight / (4 * n))
    low = 0.0 if successes == 0 else (middle - half) / (1 + weight)
    high = 1.0 if successes == n else (middle + half) / (1 + weight)
    return low, high


def mean_interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    """The 95 % interval of a mean of numbers that are never below 0; one number has none."""
    if len(values) < 2:
        return None, None
    middle, half = fmean(values), Z * stdev(values) / math.sqrt(len(values))
    return max(0.0, middle - half), middle + half


def option_probabilities(scored: Scored) -> tuple[float, ...]:
    """How likely each option is, given that it is one of them: the softmax of their log-likelihoods.

    By the whole text of each option, as `acc` chooses. A long option is therefore less likely than a short one.
    """
    total = _log_sum(scored.log_likelihoods)
    if total == -math.inf:  # all impossible, so none is likelier than another
        return (1 / len(scored.log_likelihoods),) * len(scored.log_likelihoods)
    return tuple(math.exp(value - total) for value in scored.log_likelihoods)


def option_loss(scored: Sequence[Scored]) -> float:
    """Mean -log probability of the right option, in nats. Falls before accuracy moves, so it is the finer signal."""
    _need(scored)
    return fmean(_log_sum(item.log_likelihoods) - item.log_likelihoods[item.answer] for item in scored)


def option_error(scored: Sequence[Scored]) -> float:
    """Mean probability of the wrong options, from 0 to 1: how often a student that draws its answer would be wrong.

    A confident error counts at most 1, where the loss of one can outweigh all the rest.
    """
    _need(scored)
    return fmean(1 - option_probabilities(item)[item.answer] for item in scored)


def answer_bits(scored: Sequence[Scored]) -> float:
    """Mean bits per character of the right answers: what judges free answers, which have no options."""
    _need(scored)
    return fmean(item.bits for item in scored)


def calibration(scored: Sequence[Scored], bins: int = 10) -> dict:
    """Whether the student is right as often as it is sure: the expected calibration error and what it is made from.

    Guo et al. 2017, section 2: questions are put into equal bins of the probability of the chosen option, (low, high];
    `ece` is the mean gap between accuracy and confidence, weighted by n. An empty bin has neither (None).
    """
    _need(scored)
    sure = np.array([max(option_probabilities(item)) for item in scored])
    right = np.array([item.correct for item in scored], dtype=float)
    edges = np.arange(bins + 1) / bins
    place = np.clip(np.searchsorted(edges, sure, side="left") - 1, 0, bins - 1)
    found = [_bin(edges[i], edges[i + 1], sure[place == i], right[place == i]) for i in range(bins)]
    gaps = (part["n"] * abs(part["accuracy"] - part["confidence"]) for part in found if part["n"])
    return {"ece": math.fsum(gaps) / len(scored), "bins": found}


def letters(scored: Sequence[Scored]) -> dict[str, list[int]]:
    """How often each position was chosen, and was right: shows a student that always says B."""
    _need(scored)
    positions = range(max(len(item.log_likelihoods) for item in scored))
    chosen, right = [item.choice for item in scored], [item.answer for item in scored]
    return {"chosen": [chosen.count(i) for i in positions], "right": [right.count(i) for i in positions]}


def _bin(low: float, high: float, sure: Float[np.ndarray, " n"], right: Float[np.ndarray, " n"]) -> dict:
    means = (float(sure.mean()), float(right.mean())) if len(sure) else (None, None)
    return {"low": float(low), "high": float(high), "n": len(sure), "confidence": means[0], "accuracy": means[1]}


def _log_sum(values: Sequence[float]) -> float:
    """log of the sum of exponentials, without leaving the range of floats."""
    top = max(values)
    return top if math.isinf(top) else top + math.log(math.fsum(math.exp(value - top) for value in values))


def _means(scored: Sequence[Scored], metrics: Sequence[str]) -> dict:
    n = len(scored)
    found: dict = {"n": n}
    for name in metrics:
        values = [item.value(name) for item in scored]
        found[name], found[f"{name}_stderr"] = fmean(values), stdev(values) / math.sqrt(n) if n > 1 else None
    return found


def _accuracy(scored: Sequence[Scored]) -> dict:
    n = len(scored)
    result: dict = {"n": n}
    for name in METRICS:
        share = sum(int(item.value(name)) for item in scored) / n
        result[name] = share
        result[f"{name}_stderr"] = math.sqrt(share * (1 - share) / (n - 1)) if n > 1 else None  # one has no spread
    return result


def _need(scored: Sequence[Scored]) -> None:
    if not scored:
        raise UserError("There are no scores to summarise.", "at least one scored question", "Score a question first.")
