"""The search decoder: text that is changed, never embeddings, and kept only where trained students get better by it.

    draw a start and an order for a round's students, and real questions to judge them by
    train a student on the texts as they are; at its end take the gradient of the objective
    score many small changes of the texts to first order by it, summed over readers (influence.py)
    try the best of them together, the best half, quarter, ...: train a student on each
    keep the best text if fresh students on other questions find it better than the present one too

A round's students share start, order and questions, so that texts are compared and not luck. Every other round tries
whole questions, the ones between the plan's other moves in turn: side by side, the large effects of questions would
hide the small ones of phrases. Every few rounds the text is validated by fresh students; the search goes on from the
best there, and returns it. Each round depends on the plan's seed, its number and the texts alone, so a search goes on
from any round to the same end. Knows readers, drafts and objectives, not files.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.examples import Rows
from backend.core.finetune import Plan
from backend.core.readers import Reader
from backend.core.stacked import finetuned_each
from backend.core.tasks import Question
from backend.studies.text_distillation.court import Court, Proposal, SearchPlan, Students, as_example, value_of
from backend.studies.text_distillation.moves import Draft, Material, draw
from backend.studies.text_distillation.objectives import Answers
from backend.studies.text_distillation.tokens import token_proposals

SINGLES = 2  # single changes that are tried besides the joint ones


@dataclass(frozen=True)
class Found:
    """After a round: the texts now, the best validated ones, and its row; `trainings` in it counts students."""

    round: int
    drafts: tuple[Draft, ...]
    best: tuple[Draft, ...]
    best_loss: float
    row: dict


class Search:
    """The readers, the real questions to judge by and to take pieces from, and the plan."""

    def __init__(
        self,
        readers: Sequence[Reader],
        train: Sequence[Question],
        validation: Sequence[Question],
        material: Material,
        plan: SearchPlan,
    ):
        self.readers, self.train, self.validation = list(readers), list(train), list(validation)
        self.material, self.plan = material, plan

    def run(self, start: Sequence[Draft], after: Found | None = None) -> Iterator[Found]:
        """Yield after the validation of the start (round 0) and after every round; `after` goes on from there."""
        now = after or self._begin(tuple(start))
        if after is None:
            yield now
        while now.round < self.plan.rounds:
            now = self._round(now)
            yield now

    def _begin(self, drafts: tuple[Draft, ...]) -> Found:
        loss = self.validate(drafts)
        return Found(0, drafts, drafts, loss, {"round": 0, "trainings": self._cost(), "validation": _number(loss)})

    def _cost(self) -> int:
        return self.plan.validations * len(self.readers)

    def validate(self, drafts: Sequence[Draft]) -> float:
        """The error (with `answers`, the loss) on validation questions of fresh students, readers counted alike."""
        found, measure = [], "answers" if self.plan.objective == "answers" else "error"
        for number, (reader, plan) in enumerate(zip(self.readers, self._plans(), strict=True)):
            keys = [("validation", seed) for seed in range(self.plan.validations)]
            pupils = [Students(reader, plan, self.plan, key).pupil(self._rows(number, drafts)) for key in keys]
            judge = Answers(reader, self.plan.task, self.validation, measure)
            found.append([value_of(judge, end) for end in finetuned_each(reader.student, pupils, plan)])
        return together(torch.tensor(found).mean(1, keepdim=True)).item()

    def _plans(self) -> list[Plan]:
        return [Plan(self.plan.steps, lr, mixed_precision=self.plan.mixed_precision) for lr in self.plan.lrs]

    def _rows(self, number: int, drafts: Sequence[Draft]) -> Rows:
        return self.readers[number].rows([as_example(draft) for draft in drafts])

    def _round(self, now: Found) -> Found:
        p, number = self.plan, now.round + 1
        rng = random.Random(f"{p.seed} search {number}")
        courts = [self._court(i, number, p.seeds) for i in range(len(self.readers))]
        drafts = now.drafts
        proposals = self._proposals(drafts, courts, move_of(number, p.moves), rng)
        effect = sum(_unit(court.effects(drafts, proposals)) for court in courts)
        trials = [drafts, *joint_trials(drafts, proposals, effect.tolist())]
        losses = together(torch.stack([court.judge(trials) for court in courts]))
        chosen = int(losses.argmin())
        row = {"round": number, "loss": losses[0].item(), "gain": (losses[0] - losses[chosen]).item()}
        experts = int(p.objective == "matching")  # one for each student, to measure the distance to
        row["trainings"] = (len(trials) + 1 + experts) * p.seeds * len(self.readers)  # one more is walked
        found, row["confirmed"] = trials[chosen], None
        if chosen and p.confirmations:
            confirmed = self._confirmed(drafts, found, number)
            row["trainings"] += (2 + experts) * p.confirmations * len(self.readers)
            row["confirmed"] = _number(confirmed)
            found = found if confirmed > 0 else drafts
        row |= {"changed": sum(a != b for a, b in zip(drafts, found, strict=True)), "validation": None}
        best, best_loss = now.best, now.best_loss
        if number % p.validate_every == 0 or number == p.rounds:
            validated = self.validate(found)
            row |= {"validation": _number(validated), "trainings": row["trainings"] + self._cost()}
            if validated < best_loss:
                best, best_loss = found, validated
            found = best  # what a few students liked and others do not is not built upon
        return Found(number, found, best, best_loss, row)

    def _confirmed(self, drafts: tuple[Draft, ...], trial: tuple[Draft, ...], number: int) -> float:
        """By how much fresh students on other questions find the trial better: who chose it has no say here."""
        p = self.plan
        courts = [self._court(i, number, p.confirmations, "again") for i in range(len(self.readers))]
        before, after = together(torch.stack([court.judge([drafts, trial]) for court in courts])).tolist()
        return before - after

    def _court(self, number: int, round_number: int, seeds: int, *more: str) -> Court:
        p = self.plan
        asked = random.Random(" ".join((f"{p.seed} asked {round_number}", *more)))
        asked = asked.sample(self.train, min(p.questions, len(self.train)))
        plan = self._plans()[number]
        students = [Students(self.readers[number], plan, p, (round_number, *more, seed)) for seed in range(seeds)]
        return Court(self.readers[number], students, asked, p)

    def _proposals(
        self, drafts: tuple[Draft, ...], courts: list[Court], move: str, rng: random.Random
    ) -> list[Proposal]:
        p, own = self.plan, self.readers[0]
        if move == "token":
            found = token_proposals(own, drafts, courts[0].slopes(drafts), p.candidates)
        else:
            tokens = [len(e.answer) for e in self._rows(0, drafts).examples]
            slots = [rng.randrange(len(drafts)) for _ in range(p.candidates)]
            found = [Proposal(slot, draw(move, drafts[slot], tokens[slot], self.material, rng)) for slot in slots]
        taken = {draft.question for draft in drafts}
        return [one for one in found if one.draft.question not in taken]


def move_of(number: int, moves: Sequence[str]) -> str:
    """The move of a round: every other one whole questions, where they are allowed, and the others in turn between."""
    others = [move for move in moves if move != "question"]
    if len(others) == len(moves):
        return others[(number - 1) % len(others)]
    return others[(number // 2 - 1) % len(others)] if others and number % 2 == 0 else "question"


def joint_trials(drafts: tuple[Draft, ...], proposals: Sequence[Proposal], effect: Sequence[float]) -> list[tuple]:
    """The best proposal of each slot, best first: 1, 2, 4, ... of them together, and the next ones alone.

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
    chosen = [dict(ranked[:size]) for size in sizes if size <= len(ranked)]
    chosen += [dict([one]) for one in ranked[1 : 1 + SINGLES]]
    return [tuple(change.get(i, draft) for i, draft in enumerate(drafts)) for change in chosen]


def together(losses: Float[Tensor, "readers trials"]) -> Float[Tensor, " trials"]:
    """Geometric mean over readers: a tenth less counts alike for each, however large its losses are."""
    return losses.clamp(min=1e-9).log().mean(0).exp()  # 0 for one must not hide what is infinite for another


def _number(value: float) -> float | None:
    """None where a student ran away: JSON has no infinity."""
    return value if math.isfinite(value) else None


def _unit(effect: Float[Tensor, " proposals"]) -> Float[Tensor, " proposals"]:
    """In standard deviations, so that readers count alike."""
    return effect / effect.std().clamp(min=1e-12) if len(effect) > 1 else effect
