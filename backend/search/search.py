"""The search decoder: text that is changed, never embeddings, and kept only where trained students get better by it.

    draw starts, orders and real questions for a round's students
    train a student on the texts as they are; at its end take the gradient of the objective
    score many small changes of the texts to first order by it, summed over readers (core/training/influence.py)
    try some of the better ones together: train students on each trial, on the better third of them more, and so on
    keep the winner if other fresh students, on other questions, find it better than the present texts too

Students that are compared share start, order and questions, so that texts are compared and not luck. Every other
round tries whole questions, the ones between the plan's other moves in turn: side by side, the large effects of
questions would hide the small ones of phrases. Every few rounds the text is validated by fresh students; the search
goes on from the best there, and returns it. With several restarts the rounds are shared among them, each begins anew,
and many students choose among what they came to. Each round depends on the plan's seed, its number and the texts alone,
so a search goes on from any round to the same end. Knows readers, drafts and objectives, not files.
"""

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import fmean

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.models.readers import Reader
from backend.core.text.examples import Rows
from backend.core.text.lengths import length_class
from backend.core.text.tasks import Question, find_task
from backend.core.training.finetune import Plan
from backend.core.training.stacked import finetuned_each
from backend.search.beginnings import beginnings, children
from backend.search.court import Court, Heat, SearchPlan, Students, as_example, judged_apart, value_of
from backend.search.moves import Draft, Material, draw
from backend.search.names import WHOLE
from backend.search.objectives import Answers
from backend.search.schedule import ends, restart_of, validates, within
from backend.search.tokens import token_proposals
from backend.search.trials import Judged, Proposal, draw_trials, race, together

RACE = (1, 1, 2)  # students of each reader in the stages of a race
BEGIN = (1, 1, 1, 2)  # and of that between sets to begin with, which are crossed twice


@dataclass(frozen=True)
class Found:
    """After a round: the texts now, the best validated ones, and its row; `trainings` in it counts students. Where a
    search restarts, `kept` has the best texts of each restart so far, and `kept_loss` the loss of the last of them."""

    round: int
    drafts: tuple[Draft, ...]
    best: tuple[Draft, ...]
    best_loss: float
    row: dict
    kept: tuple[tuple[Draft, ...], ...] = ()
    kept_loss: float | None = None

    @property
    def own(self) -> tuple[tuple[Draft, ...], float]:
        """The best texts of the restart that the round belongs to, and their loss."""
        return (self.kept[-1], self.kept_loss) if self.kept else (self.best, self.best_loss)


Spread = Callable[[Sequence[Heat]], Iterable[tuple[Heat, list[float]]]]  # each heat with what `Search.heat` returns
VALIDATION, CHOICE = "validation", "choice"  # the keys of the students that validate, and that choose among restarts


class Search:
    """The readers, the real questions to judge by and to take pieces from, and the plan. `spread` may let other
    processes judge; without it they are judged here, one heat after the other."""

    def __init__(
        self,
        readers: Sequence[Reader],
        train: Sequence[Question],
        validation: Sequence[Question],
        material: Material,
        plan: SearchPlan,
        spread: Spread | None = None,
    ):
        self._elsewhere = spread
        self.readers, self.train, self.validation = list(readers), list(train), list(validation)
        self.material, self.plan = material, plan

    def _here(self, heats: Sequence[Heat]) -> Iterator[tuple[Heat, list[float]]]:
        return ((one, self.heat(one)) for one in heats)

    def run(self, start: Sequence[Draft], after: Found | None = None) -> Iterator[Found]:
        """Yield after the validation of the start (round 0) and after every round; `after` goes on from there."""
        now = after or self._begin(tuple(start))
        if after is None:
            yield now
        while now.round < self.plan.rounds:
            begun = self._begin_anew(tuple(start), now)
            now = self._round(begun)
            if self.plan.restarts > 1:
                now = self._told(begun, now)
            yield now

    def _begin(self, given: tuple[Draft, ...]) -> Found:
        """Round 0: the best of several sets of questions where the plan asks for some, validated."""
        drafts, trained = self._beginning(given, 0)
        loss = self.validate(drafts)
        row = {"round": 0, "trainings": trained + self._cost(), "validation": _number(loss)}
        kept = ((drafts,), loss) if self.plan.restarts > 1 else ()
        return Found(0, drafts, drafts, loss, row, *kept)

    def _begin_anew(self, given: tuple[Draft, ...], now: Found) -> Found:
        """The texts as they are, or where the next restart begins: then `trainings` in the row is what that took."""
        p = self.plan
        if now.round == 0 or not ends(now.round, p.rounds, p.restarts):
            return replace(now, row={"trainings": 0})
        drafts, trained = self._beginning(given, restart_of(now.round + 1, p.rounds, p.restarts))
        row = {"trainings": trained + self._cost()}
        return replace(now, drafts=drafts, kept=(*now.kept, drafts), kept_loss=self.validate(drafts), row=row)

    def _beginning(self, given: tuple[Draft, ...], restart: int) -> tuple[tuple[Draft, ...], int]:
        """The texts that a restart begins with, and the students that it took to find them. Where the plan draws no
        sets all begin with what is given: the rounds of each are drawn anew, and alone lead to other texts."""
        p, again = self.plan, (restart,) if restart else ()
        if not p.starts:
            return given, 0
        rng = random.Random(" ".join(map(str, (p.seed, "search beginnings", *again))))
        sets = beginnings(len(given), p.starts, self.material, rng)
        raced = race(given, sets, self._judged(0, "begin", *again), BEGIN, partial(self._children, rng))
        return raced.winner, sum(self._trained(n, students) for n, students in zip(raced.ran, BEGIN, strict=False))

    def _told(self, begun: Found, now: Found) -> Found:
        """The round with its restart in its row; after the last one, with what many students choose."""
        p = self.plan
        row = now.row | {
            "restart": restart_of(now.round, p.rounds, p.restarts) + 1,
            "trainings": now.row["trainings"] + begun.row["trainings"],
        }
        if now.round < p.rounds:
            return replace(now, row=row)
        losses = self._losses(now.kept, p.choosers, CHOICE).tolist()
        chosen = min(range(len(losses)), key=lambda i: losses[i])
        row |= {
            "chosen": chosen + 1,
            "trainings": row["trainings"] + p.choosers * len(set(now.kept)) * len(self.readers),
        }
        return replace(now, best=now.kept[chosen], best_loss=losses[chosen], row=row)

    def _children(self, rng: random.Random, ranked: Sequence[tuple[Draft, ...]]) -> list[tuple[Draft, ...]]:
        return children(ranked, self.material, self.plan.moves, rng)

    def _cost(self) -> int:
        return self.plan.validations * len(self.readers)

    def validate(self, drafts: Sequence[Draft]) -> float:
        """The error (with `answers`, the loss) on validation questions of fresh students, readers counted alike."""
        return self._losses([tuple(drafts)], self.plan.validations, VALIDATION)[0].item()

    def _losses(self, texts: Sequence[tuple[Draft, ...]], students: int, what: str) -> Float[Tensor, " texts"]:
        """The error or loss of several texts on validation questions, by so many students that are there for this."""
        different = list(dict.fromkeys(texts))  # two restarts may have come to the same
        heats = [Heat(reader, (one,), students, (what,)) for one in different for reader in range(len(self.readers))]
        return together(self._values(heats, texts))

    def heat(self, heat: Heat) -> list[float]:
        """What the heat's students come to on each of its texts, in their mean."""
        if heat.key in ((VALIDATION,), (CHOICE,)):
            return [self._validated(heat.reader, drafts, heat.students, *heat.key) for drafts in heat.texts]
        return self._court(heat.reader, heat.students, *heat.key).judge(heat.texts).tolist()

    def _values(self, heats: Sequence[Heat], texts: Sequence[tuple[Draft, ...]]) -> Float[Tensor, "readers texts"]:
        """What the heats came to, whatever order they ended in."""
        found: dict[tuple[int, tuple[Draft, ...]], float] = {}
        for heat, values in (self._elsewhere or self._here)(heats):
            found |= {(heat.reader, drafts): value for drafts, value in zip(heat.texts, values, strict=True)}
        return torch.tensor([[found[reader, drafts] for drafts in texts] for reader in range(len(self.readers))])

    def _validated(self, number: int, drafts: Sequence[Draft], students: int, what: str) -> float:
        reader, plan = self.readers[number], self._plans()[number]
        keys = [(what, seed) for seed in range(students)]
        pupils = [Students(reader, plan, self.plan, key).pupil(self._rows(number, drafts)) for key in keys]
        judge = Answers(
            reader, self.plan.task, self.validation, "answers" if self.plan.objective == "answers" else "error"
        )
        return fmean(value_of(judge, end) for end in finetuned_each(reader.student, pupils, plan))

    def _plans(self) -> list[Plan]:
        return [Plan(self.plan.steps, lr, mixed_precision=self.plan.mixed_precision) for lr in self.plan.lrs]

    def _rows(self, number: int, drafts: Sequence[Draft]) -> Rows:
        return self.readers[number].rows([as_example(draft, find_task(self.plan.task)) for draft in drafts])

    def _round(self, now: Found) -> Found:
        p, number, drafts = self.plan, now.round + 1, now.drafts
        rng = random.Random(f"{p.seed} search {number}")
        trials, stages = self._trials(drafts, number, rng), [p.seeds * students for students in RACE]
        raced = race(drafts, trials, self._judged(number, "race"), stages)
        row = {"round": number, "loss": _number(raced.loss), "gain": _number(raced.gain), "confirmed": None}
        row["trainings"] = self._trained(1, p.seeds)  # the one whose steps rank the changes
        row["trainings"] += sum(self._trained(n, students) for n, students in zip(raced.ran, stages, strict=False))
        found = raced.winner
        if found != drafts and p.confirmations:
            before, after = together(self._judged(number, "again")([drafts, found], p.confirmations, 0)).tolist()
            row["trainings"] += self._trained(2, p.confirmations)
            row["confirmed"] = _number(before - after)  # who chose it has no say here
            found = found if before > after else drafts
        row |= {"changed": sum(a != b for a, b in zip(drafts, found, strict=True)), "validation": None}
        own, own_loss = now.own
        if validates(number, p.rounds, p.restarts, p.validate_every):
            validated = self.validate(found)
            row |= {"validation": _number(validated), "trainings": row["trainings"] + self._cost()}
            if validated < own_loss:
                own, own_loss = found, validated
            found = own  # what a few students liked and others do not is not built upon
        best, best_loss = (own, own_loss) if own_loss < now.best_loss else (now.best, now.best_loss)
        kept = (*now.kept[:-1], own) if now.kept else ()
        return Found(number, found, best, best_loss, row, kept, own_loss if kept else None)

    def _trials(self, drafts: tuple[Draft, ...], number: int, rng: random.Random) -> list[tuple[Draft, ...]]:
        p = self.plan
        courts = [self._court(i, p.seeds, number) for i in range(len(self.readers))]
        proposals = self._proposals(drafts, courts, move_of(within(number, p.rounds, p.restarts), p.moves), rng)
        effect = sum(_unit(court.effects(drafts, proposals)) for court in courts)
        return draw_trials(drafts, proposals, effect.tolist(), p.trials, rng)

    def _judged(self, *key) -> Judged:
        """Fresh students for each stage, on other questions."""

        def judged(texts: Sequence[tuple[Draft, ...]], students: int, stage: int) -> Float[Tensor, "readers texts"]:
            heats = [
                Heat(number, part, students, (*key, stage))
                for number in range(len(self.readers))
                for part in self._parts(number, texts)
            ]
            return self._values(heats, texts)

        return judged

    def _parts(self, number: int, texts: Sequence[tuple[Draft, ...]]) -> list[tuple[tuple[Draft, ...], ...]]:
        """The texts that a reader judges in one heat: one where others may judge and it comes to the same alone."""
        apart = self._elsewhere is not None and judged_apart(self.readers[number], self.plan, texts)
        size = 1 if apart else self.plan.at_once or len(texts)
        return [tuple(texts[i : i + size]) for i in range(0, len(texts), size)]

    def _trained(self, trials: int, seeds: int) -> int:
        """Students behind so many trials; the matching objective trains an expert for each start."""
        experts = int(self.plan.objective == "matching")
        return (trials + experts) * seeds * len(self.readers)

    def _court(self, reader: int, seeds: int, *key) -> Court:
        """A court of one reader. Its students and questions follow from the key: the round, and what they are for."""
        p = self.plan
        asked = random.Random(" ".join(map(str, (p.seed, "asked", *key))))
        asked = asked.sample(self.train, min(p.questions, len(self.train)))
        students = [Students(self.readers[reader], self._plans()[reader], p, (*key, seed)) for seed in range(seeds)]
        return Court(self.readers[reader], students, asked, p)

    def _proposals(
        self, drafts: tuple[Draft, ...], courts: list[Court], move: str, rng: random.Random
    ) -> list[Proposal]:
        p, own = self.plan, self.readers[0]
        if move == "token":
            found = token_proposals(own, drafts, courts[0].slopes(drafts), p.candidates)
        else:
            free = find_task(p.task).free
            lengths = [length_class(len(e.answer), free) for e in self._rows(0, drafts).examples]
            slots = [rng.randrange(len(drafts)) for _ in range(p.candidates)]
            drawn = [(slot, draw(move, drafts[slot], lengths[slot], self.material, rng)) for slot in slots]
            found = [
                Proposal(other, draft)
                for slot, draft in drawn
                for other, length in enumerate(lengths)
                if other == slot or (move in WHOLE and length == lengths[slot])  # it fits there as well
            ]
        taken = {draft.question for draft in drafts}
        return [one for one in found if one.draft.question not in taken]


def move_of(number: int, moves: Sequence[str]) -> str:
    """The move of a round: every other one whole questions, where they are allowed, and the others in turn between;
    whole questions of two kinds in turn as well."""
    whole, others = ([move for move in moves if (move in WHOLE) == wanted] for wanted in (True, False))
    if not whole or not others:
        return moves[(number - 1) % len(moves)]
    among, turn = (others, number // 2 - 1) if number % 2 == 0 else (whole, number // 2)
    return among[turn % len(among)]


def _number(value: float) -> float | None:
    """A value for the log: None where a student ran away, as JSON has no infinity."""
    return value if math.isfinite(value) else None


def _unit(effect: Float[Tensor, " proposals"]) -> Float[Tensor, " proposals"]:
    """One reader's effects in their own standard deviations, so that readers count alike."""
    return effect / effect.std().clamp(min=1e-12) if len(effect) > 1 else effect
