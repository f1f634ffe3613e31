"""Compare: whether one student answers more questions than another, or was only lucky. Paired by question.

Knows scored questions, one list a seed; no model, no file and no name of a study.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from backend.core.scoring.scored import FREE_METRICS, LOWER, METRICS, Scored, metrics_of
from backend.errors import UserError

Name = TypeVar("Name", bound=Hashable)  # of a student
BLOCK = 2**21  # numbers drawn at once: 16 MB


@dataclass(frozen=True)
class Paired:
    """`a` against `b` on the same n questions; means and difference (a minus b) are in the metric's unit: fractions, or
    bits per character, of which less is better.

    `low` and `high` bound the difference with 95 %. `gained` are the questions that a answers and b does not, in most
    of their seeds; `lost` the other way round; where half the seeds are right, neither. Of a metric that does not count
    right and wrong, `gained` are those that a does better on. `p_value` is McNemar's exact one, and None unless each
    side has one seed and answers are right or wrong. `inside_noise` says that the interval holds 0.
    """

    n: int
    seeds_a: int
    seeds_b: int
    mean_a: float
    mean_b: float
    difference: float
    low: float
    high: float
    p_value: float | None
    gained: list[str]
    lost: list[str]
    inside_noise: bool
    metric: str = METRICS[0]


def paired(
    a: Sequence[Sequence[Scored]],
    b: Sequence[Sequence[Scored]],
    metric: str = "",
    draws: int = 2000,
    seed: int = 0,
    together: int = 1,
) -> Paired:
    """The comparison of two students; the outer sequences are their seeds. The order of the questions is free.

    `metric`: empty for what judges such questions first, accuracy or the bits of free answers.
    `together`: how many comparisons are looked at; the intervals then hold all true differences at once in 95 of 100
    cases (Bonferroni), so each is wider. UserError where the questions are not the same in every seed of both.
    """
    ids, metric = _shared_ids(a, b), _metric(a, b, metric)
    right_a, right_b = (np.array([_values(scored, ids, metric) for scored in side]) for side in (a, b))
    difference = float(right_a.mean() - right_b.mean())
    sides = [(side.tobytes(), len(side)) for side in (right_a, right_b)]
    low, high = _interval(*sides, draws, seed, 2.5 / together, metric not in LOWER)
    flips = _flips(right_a.mean(axis=0), right_b.mean(axis=0), metric)
    gained, lost = ([name for name, flip in zip(ids, flips, strict=True) if flip == wanted] for wanted in (1, -1))
    return Paired(
        n=len(ids),
        seeds_a=len(a),
        seeds_b=len(b),
        mean_a=float(right_a.mean()),
        mean_b=float(right_b.mean()),
        difference=difference,
        low=low,
        high=high,
        p_value=mcnemar(len(gained), len(lost)) if len(a) == len(b) == 1 and metric in METRICS else None,
        gained=gained,
        lost=lost,
        inside_noise=low <= 0 <= high,
        metric=metric,
    )


@lru_cache(1024)
def _interval(
    a: tuple[bytes, int], b: tuple[bytes, int], draws: int, seed: int, tail: float, bounded: bool
) -> tuple[float, float]:
    """Percentiles of the bootstrap, `tail` from either end. A side is its values, as float64, and its seeds.

    Kept, because a page that shows a finished run again asks for the same ones: 45 ms each at 600 questions.
    """
    sides = [np.frombuffer(values).reshape(seeds, -1) for values, seeds in (a, b)]
    low, high = np.percentile(bootstrap(*sides, draws, seed, bounded), (tail, 100 - tail)).tolist()
    return low, high


def _metric(a: Sequence[Sequence[Scored]], b: Sequence[Sequence[Scored]], wanted: str) -> str:
    """The metric that is wanted, or the first that all these questions have. UserError where they have not that one."""
    known = (*METRICS, *FREE_METRICS)
    if wanted and wanted not in known:
        raise UserError(f"There is no metric called {wanted!r}.", f"one of {', '.join(known)}", "Choose one of them.")
    there = [metrics_of(scored) for scored in (*a, *b)]
    shared = [name for name in there[0] if all(name in names for names in there)]
    if wanted and wanted not in shared:
        found = f"These questions have no {wanted}."
        raise UserError(found, f"one of {', '.join(shared)}", "Compare them by another metric.")
    return wanted or shared[0]


def _flips(a: Float[np.ndarray, " n"], b: Float[np.ndarray, " n"], metric: str) -> Float[np.ndarray, " n"]:
    """1 where a does better, -1 where b does: right in most seeds and not in the other's, or the better mean."""
    if metric in METRICS:
        return (np.sign(a - 0.5) - np.sign(b - 0.5)) / 2
    return np.sign(b - a) if metric in LOWER else np.sign(a - b)


def against(
    reference: Sequence[Sequence[Scored]], others: Mapping[Name, Sequence[Sequence[Scored]]], metric: str = ""
) -> list[tuple[Name, Paired]]:
    """Every other student against one, `(name, comparison)`; those that disagree on the most questions come first.

    The intervals hold all true differences at once in 95 of 100 cases. Each side is a list of seeds, as `paired` wants
    them, which says what UserError is raised.
    """
    found = [(name, paired(side, reference, metric, together=len(others))) for name, side in others.items()]
    return sorted(found, key=lambda pair: (-disagreement(pair[1]), pair[0]))


def disagreement(result: Paired) -> int:
    """On how many questions most seeds of one side are right, and of the other wrong."""
    return len(result.gained) + len(result.lost)


def sentence(result: Paired, name_a: str, name_b: str) -> str:
    """The comparison in words, in percentage points or bits per character. It says so where it may be luck."""
    if result.metric in LOWER:
        return bits_sentence(result, name_a, name_b)
    points = f"{100 * abs(result.difference):.1f} points {'higher' if result.difference > 0 else 'lower'}"
    asked = f"on the {result.n} questions" if result.n > 1 else "on the one question"
    said = f"{name_a} scores {points} than {name_b} {asked}"
    if result.difference == 0:
        said = f"{name_a} and {name_b} score the same {asked}"
    seeds = f"; {_seeds(result.seeds_a)} against {_seeds(result.seeds_b)}" if result.p_value is None else ""
    sign = f"difference {_points(result.difference)}, " if result.difference < 0 else ""  # the interval has its sign
    bounds = f"95 % interval {_points(result.low)} to {_points(result.high)}"
    said += f" ({sign}{bounds}; {len(result.gained)} gained, {len(result.lost)} lost{seeds})."
    return said + (" The difference is within the noise." if result.inside_noise else "")


def bits_sentence(result: Paired, name_a: str, name_b: str) -> str:
    """A comparison of free answers in words: bits per character of the answers, of which less is better."""
    asked = f"on the {result.n} answers" if result.n > 1 else "on the one answer"
    less = "fewer" if result.difference < 0 else "more"
    said = f"{name_a} needs {abs(result.difference):.3f} bits per character {less} than {name_b} {asked}"
    said += f" (difference {result.difference:+.3f}, 95 % interval {result.low:+.3f} to {result.high:+.3f}; "
    said += f"better on {len(result.gained)}, worse on {len(result.lost)})."
    return said + (" The difference is within the noise." if result.inside_noise else "")


def bootstrap(
    a: Float[np.ndarray, "seeds_a n"],
    b: Float[np.ndarray, "seeds_b n"],
    draws: int,
    seed: int,
    bounded: bool = True,
) -> Float[np.ndarray, " draws"]:
    """The difference of the means in resamples of the questions, the same for both sides, and of each side's seeds.

    Two imagined questions join the sample, one that only a answers and one that only b does (Bonett and Price 2012,
    for the same difference without seeds). Where no question flips, a plain resample would call luck impossible; with
    them the interval is 1.5 points to either side at n = 200. They fade as n grows. Only a `bounded` metric, from 0 to
    1, has them: any two losses differ.

    Of k seeds, k - 1 are drawn: the variance of their mean is then right, and with k of k a third short at k = 3
    (McCarthy and Snowden 1985). One seed says nothing of how another would differ, and nothing is added for it.
    Questions and seeds drawn together err to the wide side where answers differ by question (Owen 2007, "The
    pigeonhole bootstrap"); three seeds that differ as a whole by 7 points err to the narrow one (simulated: 88 %).
    """
    if bounded:
        a, b = np.pad(a, ((0, 0), (0, 2))), np.pad(b, ((0, 0), (0, 2)))
        a[:, -2] = b[:, -1] = 1
    of_questions, of_a, of_b = np.random.default_rng(seed).spawn(3)
    weights_a, weights_b = _seed_weights(of_a, len(a), draws), _seed_weights(of_b, len(b), draws)
    found, done = [], 0
    for counts in _question_counts(of_questions, a.shape[1], draws):
        now = slice(done, done := done + len(counts))
        found.append((counts @ a.T * weights_a[now]).sum(axis=1) - (counts @ b.T * weights_b[now]).sum(axis=1))
    return np.concatenate(found) / a.shape[1]


def mcnemar(gained: int, lost: int) -> float:
    """Two-sided p of McNemar's exact test (1947): how often a fair coin splits the flips at least so unevenly."""
    flips, tail, ways = gained + lost, 0, 1
    for heads in range(min(gained, lost) + 1):
        tail += ways
        ways = ways * (flips - heads) // (heads + 1)  # exact, and faster than math.comb for each
    return min(1.0, 2 * tail / 2**flips)


def _question_counts(source: np.random.Generator, n: int, draws: int) -> Iterator[Float[np.ndarray, "some n"]]:
    """How often each question was drawn, for some of the draws at a time, so that memory stays small."""
    some = max(1, BLOCK // n)
    for start in range(0, draws, some):
        rows = min(some, draws - start)
        drawn = source.integers(n, size=(rows, n)) + n * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(float)


def _seed_weights(source: np.random.Generator, seeds: int, draws: int) -> Float[np.ndarray, "draws seeds"]:
    drawn = source.integers(seeds, size=(draws, max(1, seeds - 1)))
    return (drawn[:, :, None] == np.arange(seeds)).mean(axis=1)


def _shared_ids(a: Sequence[Sequence[Scored]], b: Sequence[Sequence[Scored]]) -> list[str]:
    """The ids of the questions, sorted: so their order in a file never changes a figure."""
    lists = [*a, *b]
    if not (a and b and all(lists)):
        raise UserError("There are no scores to compare.", "scored questions of both students", "Score both of them.")
    first = {item.id for item in lists[0]}
    for scored in lists:
        names = {item.id for item in scored}
        if len(names) < len(scored):
            found = f"{len(names)} ids stand for {len(scored)} scores of the same student."
            raise UserError(found, "every question once", "Remove these scores and score again.")
        if alone := names ^ first:
            one = "question was" if len(alone) == 1 else "questions were"
            found = f"{len(alone)} {one} scored by one side only, for example {min(alone)!r}."
            raise UserError(found, "the same questions on both sides", "Score both with the same file and limit.")
    facts = {item.id: (item.answer, item.lengths) for item in lists[0]}
    for scored in lists[1:]:
        if other := [item.id for item in scored if (item.answer, item.lengths) != facts[item.id]]:
            found = f"{len(other)} questions have the same id and other options, for example {min(other)!r}."
            raise UserError(found, "the same questions on both sides", "Score both with the same file and limit.")
    return sorted(first)


def _values(scored: Sequence[Scored], ids: Sequence[str], metric: str) -> list[float]:
    found = {item.id: item.value(metric) for item in scored}
    return [found[name] for name in ids]


def _points(fraction: float) -> str:
    return f"{round(100 * fraction, 1) + 0.0:.1f}"  # + 0.0 turns -0.0 into 0.0


def _seeds(count: int) -> str:
    return f"{count} seed{'s' * (count != 1)}"
