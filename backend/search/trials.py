"""Which changes the search tries together, and the race that finds the best of these trials.

A first-order effect ranks changes, but it says little of how they do together, and near good texts it misleads
(docs/method.md). So a few of the trials trust it and the others are drawn among the better changes; trained students
decide. Knows drafts and numbers; no model.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from backend.search.moves import Draft

SHARES = (1 / 12, 1 / 12, 1 / 6, 1 / 4)  # of the texts that a drawn trial changes, in turn
BETTER = 5  # a drawn trial takes its changes from the best fifth of a slot's
KEPT, CROSSED = 3, 4  # one trial of three goes on; the best four are crossed
DRAWS = 10  # times that a trial is drawn before there is no new one


@dataclass(frozen=True)
class Proposal:
    """A change of one text: the slot, and the draft that would take its place."""

    slot: int
    draft: Draft


def draw_trials(
    drafts: tuple[Draft, ...],
    proposals: Sequence[Proposal],
    effect: Sequence[float],
    most: int,
    rng: random.Random,
) -> list[tuple[Draft, ...]]:
    """At most so many different texts: the joint trials, up to half of them, and drawn ones."""
    found = joint_trials(drafts, proposals, effect)[: most // 2]
    better: dict[int, list[Draft]] = {}
    for i in sorted(range(len(proposals)), key=lambda i: effect[i]):
        better.setdefault(proposals[i].slot, []).append(proposals[i].draft)
    better = {slot: ranked[: max(1, len(ranked) // BETTER)] for slot, ranked in better.items()}
    for _ in range(DRAWS * most if better else 0):
        if len(found) == most:
            break
        size = max(1, round(SHARES[len(found) % len(SHARES)] * len(drafts)))
        slots = rng.sample(sorted(better), min(size, len(better)))
        trial = with_changes(drafts, {slot: rng.choice(better[slot]) for slot in slots})
        if trial != drafts and trial not in found:
            found.append(trial)
    return found


def joint_trials(
    drafts: tuple[Draft, ...], proposals: Sequence[Proposal], effect: Sequence[float]
) -> list[tuple[Draft, ...]]:
    """The best proposal of each slot, best first: 1, 2, 4, ... of them together.

    First-order effects add up only while they are small, so how many may be taken at once is tried out.
    """
    best: dict[int, Draft] = {}
    texts: set[str] = set()
    for i in sorted(range(len(proposals)), key=lambda i: effect[i]):
        one = proposals[i]
        if effect[i] < 0 and one.slot not in best and one.draft.question not in texts:
            best[one.slot] = one.draft
            texts.add(one.draft.question)
    ranked, sizes = list(best.items()), [2**k for k in range(len(drafts).bit_length())]
    return [with_changes(drafts, dict(ranked[:size])) for size in sizes if size <= len(ranked)]


def with_changes(drafts: tuple[Draft, ...], changes: dict[int, Draft]) -> tuple[Draft, ...]:
    """The drafts with others in some slots; where a text would stand twice, the later slot keeps its own."""
    found, texts = list(drafts), {draft.question for draft in drafts}
    for slot, draft in changes.items():
        if draft.question not in texts:
            texts.add(draft.question)
            found[slot] = draft
    return tuple(found)


Judged = Callable[[Sequence[tuple[Draft, ...]], int, int], Float[Tensor, "readers texts"]]
Cross = Callable[[Sequence[tuple[Draft, ...]]], list[tuple[Draft, ...]]]  # new texts from those of a stage, best first


@dataclass(frozen=True)
class Raced:
    """The winner of a race, which may be the texts as they are; what these came to, by how much the winner is better,
    and how many texts ran in each stage."""

    winner: tuple[Draft, ...]
    loss: float
    gain: float
    ran: tuple[int, ...]


def race(
    now: tuple[Draft, ...],
    trials: Sequence[tuple[Draft, ...]],
    judged: Judged,
    stages: Sequence[int],
    cross: Cross | None = None,
) -> Raced:
    """Judge trials beside the texts as they are: a third goes on from stage to stage, until the last two with what
    `cross` makes of the best, by default `crossings`.

    `stages` has the students of each reader in a stage; `judged(texts, students, stage)` their mean loss, (readers,
    texts). A trial's mark is the mean log ratio to the texts as they are, over all students it met.
    Source: successive halving (Jamieson and Talwalkar 2016).
    """
    cross = cross or (lambda ranked: crossings(now, ranked))
    left, marks, ran, losses = list(trials), {now: (0.0, 1)}, [], []
    for stage, students in enumerate(stages):
        came = together(judged([now, *left], students, stage)).tolist()
        ran.append(len(came))
        losses += came[:1] * students
        for trial, loss in zip(left, came[1:], strict=True):
            total, seen = marks.get(trial, (0.0, 0))
            marks[trial] = (total + students * ratio(loss, came[0]), seen + students)
        left.sort(key=lambda trial: mark(marks[trial]))
        if not left:
            break
        if stage + 1 < len(stages):
            ahead = left[: -(-len(left) // KEPT)]
            left = list(dict.fromkeys(ahead + (cross(left) if stage + 2 < len(stages) else [])))
    winner = min([now, *left], key=lambda trial: mark(marks[trial]))
    loss = sum(losses) / len(losses)
    return Raced(winner, loss, loss * -math.expm1(mark(marks[winner])), tuple(ran))


def ratio(loss: float, beside: float) -> float:
    """The logarithm of a trial's loss over the present texts'. A trial whose students ran away loses in any case."""
    return math.inf if math.isinf(loss) else math.log(loss) - math.log(beside)


def mark(sums: tuple[float, int]) -> float:
    """A trial's mean log ratio; infinite too where the present texts ran away in another heat, leaving inf - inf."""
    return math.inf if math.isnan(sums[0]) else sums[0] / sums[1]


def crossings(now: tuple[Draft, ...], ranked: Sequence[tuple[Draft, ...]]) -> list[tuple[Draft, ...]]:
    """The changes of the best two trials in one, of the best three, of the best four; where two change a slot, the
    better one does. What several trials gained by a little each, noise apart, they may gain together."""
    found: list[tuple[Draft, ...]] = []
    changes: dict[int, Draft] = {}
    for count, trial in enumerate(ranked[:CROSSED], 1):
        for slot, (before, after) in enumerate(zip(now, trial, strict=True)):
            if before != after:
                changes.setdefault(slot, after)
        if count > 1:
            found.append(with_changes(now, changes))
    return [one for one in dict.fromkeys(found) if one not in ranked]


def together(losses: Float[Tensor, "readers trials"]) -> Float[Tensor, " trials"]:
    """Geometric mean over readers: a tenth less counts alike for each, however large its losses are."""
    return losses.clamp(min=1e-9).log().mean(0).exp()  # 0 for one must not hide what is infinite for another
