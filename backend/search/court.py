"""A court: one reader's students of one round of the search, who judge texts by what they learn from them.

All trials of a round share their students' starts and orders. Knows a reader, texts and an objective; not where the
texts come from.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.models.readers import Reader
from backend.core.params import Params
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.examples import Rows
from backend.core.text.prompts import Example
from backend.core.text.tasks import Question, TaskSpec, find_task, framed, to_example
from backend.core.training.finetune import Plan
from backend.core.training.influence import Waypoint, influence, token_slopes, walk
from backend.core.training.stacked import Pupil, finetuned_each, stacks
from backend.errors import UserError
from backend.search.alignment import alignment
from backend.search.moves import Draft
from backend.search.names import GEOMETRIES, MOVES, OBJECTIVES
from backend.search.objectives import Answers, Matching, Objective
from backend.search.schedule import check_restarts
from backend.search.trials import Proposal

WAYPOINTS = 6  # states of the training that a candidate is scored at
SPANNING = 100  # real questions whose gradients span the subspace


@dataclass(frozen=True)
class SearchPlan:
    """How to search. `lrs` has a step size for each reader; `questions` real ones judge a round; every `validate_every`
    rounds `validations` fresh students of each reader are judged on the validation questions. The winner of a round's
    `trials` has to be found better by `confirmations` fresh students too: the best of many is partly luck. The search
    begins with the best of `starts` drawn sets of real questions and of the texts it is given. The rounds are shared by
    `restarts`, among whose best texts `choosers` students of each reader choose by the validation questions."""

    task: str
    rounds: int
    lrs: tuple[float, ...]
    steps: int
    batch: int
    candidates: int = 200
    trials: int = 16
    questions: int = 200
    seeds: int = 1
    confirmations: int = 4
    moves: tuple[str, ...] = ("question", "phrase", "word")
    objective: str = "error"
    geometry: str = "adam"
    validate_every: int = 6
    validations: int = 4
    starts: int = 0
    restarts: int = 1
    choosers: int = 12
    at_once: int = 0  # texts that one heat judges, where they are spread over processes; 0 for all
    mixed_precision: bool = False
    seed: int = 0

    def __post_init__(self):
        for name, found, known in (
            ("move", self.moves, MOVES),
            ("objective", (self.objective,), OBJECTIVES),
            ("geometry", (self.geometry,), GEOMETRIES),
        ):
            if unknown := [one for one in found if one not in known]:
                raise UserError(f"There is no {name} {unknown[0]!r}.", f"one of {', '.join(known)}", "Choose one.")
        if not self.moves:
            raise UserError("No move is allowed.", f"at least one of {', '.join(MOVES)}", "Choose one.")
        check_restarts("restarts", self.restarts, self.rounds)


@dataclass(frozen=True)
class Heat:
    """Texts that students of one reader judge. Which students, and by which questions, follows from the key."""

    reader: int
    texts: tuple[tuple[Draft, ...], ...]
    students: int
    key: tuple


class Students:
    """The students of one round and seed: one start and one order, whatever they are trained on."""

    def __init__(self, reader: Reader, plan: Plan, search: SearchPlan, key: tuple):
        self.reader, self.plan, self.search, self.key = reader, plan, search, key
        self.start = reader.student.initial((search.seed, "search", *key))

    def order(self, rows: int) -> list[list[int]]:
        rng = generator(self.search.seed, "search order", *self.key)
        return shuffled_batches(rows, self.search.batch, self.search.steps, rng)

    def pupil(self, rows: Rows) -> Pupil:
        return Pupil(rows, self.start, self.order(len(rows)))


class Court:
    """Judges texts by one reader's students of one round."""

    def __init__(self, reader: Reader, students: list[Students], asked: Sequence[Question], plan: SearchPlan):
        self.reader, self.students, self.plan, self.asked = reader, students, plan, asked
        self._objectives = [self._objective(one, asked) for one in students]
        self._walked: list[tuple[list[Waypoint], Params]] = []

    def _objective(self, students: Students, asked: Sequence[Question]) -> Objective:
        if self.plan.objective != "matching":
            return Answers(self.reader, self.plan.task, asked, self.plan.objective)
        return Matching(self.reader, students.start, students.order(len(self.reader.train)), students.plan)

    def judge(self, trials: Sequence[Sequence[Draft]]) -> Float[Tensor, " trials"]:
        """The objective of a student trained on each trial, mean over the round's seeds.

        Infinite where one diverges or ends as no number: such a trial loses to any other.
        """
        data = [self._rows(trial) for trial in trials]
        pupils = [students.pupil(rows) for students in self.students for rows in data]
        ends = finetuned_each(self.reader.student, pupils, self.students[0].plan)
        judges = [objective for objective in self._objectives for _ in data]
        values = [value_of(objective, end) for objective, end in zip(judges, ends, strict=True)]
        return torch.tensor(values).view(len(self.students), -1).T.contiguous().mean(1)  # to the digit as if each alone

    def effects(self, drafts: Sequence[Draft], proposals: Sequence[Proposal]) -> Float[Tensor, " proposals"]:
        """The first-order change of the objective by each proposal, in the plan's geometry."""
        if not proposals:
            return torch.zeros(0)
        texts = {draft: number for number, draft in enumerate(dict.fromkeys(one.draft for one in proposals))}
        now, other = self._rows(drafts), self._rows(list(texts))
        which, slots = [texts[one.draft] for one in proposals], [one.slot for one in proposals]
        found = torch.zeros(len(proposals))
        for points, slope in self._walks(drafts):
            here, there = (self._ranked(points, slope, rows) for rows in (now, other))
            found += there[which] - here[slots]
        return found

    def _ranked(self, points: list[Waypoint], slope: Params, rows: Rows) -> Float[Tensor, " rows"]:
        """What each row adds to the objective, in the plan's geometry."""
        student = self.reader.student
        if self.plan.geometry == "adam":
            return influence(student, points, slope, rows)
        spec = find_task(self.plan.task)
        real = self.reader.rows([to_example(question, spec) for question in self.asked[:SPANNING]])
        return alignment(student, points, slope, real, rows)

    def slopes(self, drafts: Sequence[Draft]) -> list[Tensor]:
        """How the objective changes, to first order, as a token's embedding moves: (length, hidden) for each prompt."""
        rows, parts = self._rows(drafts), []
        for points, slope in self._walks(drafts):
            parts.append(token_slopes(self.reader.student, points[:: max(1, len(points) // 3)], slope, rows))
        return [torch.stack(one).sum(0) for one in zip(*parts, strict=True)]

    def _walks(self, drafts: Sequence[Draft]) -> list[tuple[list[Waypoint], Params]]:
        if not self._walked:
            rows, steps = self._rows(drafts), self.plan.steps
            after = {round((i + 0.5) * steps / WAYPOINTS) for i in range(WAYPOINTS)} - {0}
            for one, objective in zip(self.students, self._objectives, strict=True):
                points, end = walk(self.reader.student, rows, one.start, one.order(len(rows)), one.plan, after)
                self._walked.append((points, objective.gradient(end)))
        return self._walked

    def _rows(self, drafts: Sequence[Draft]) -> Rows:
        return self.reader.rows([as_example(draft, find_task(self.plan.task)) for draft in drafts])


def judged_apart(reader: Reader, plan: SearchPlan, texts: Sequence[Sequence[Draft]]) -> bool:
    """Whether the reader's students judge each of the texts as if there were no others, to the digit and at no more
    cost: not where students are trained side by side, nor where an expert is trained for them first."""
    if plan.objective == "matching":
        return False
    rows = [reader.rows([as_example(draft, find_task(plan.task)) for draft in drafts]) for drafts in texts]
    tokens = max(max(one.lengths()) for one in rows) * max(min(plan.batch, len(one)) for one in rows)
    return not stacks(reader.student, tokens)


def value_of(objective: Objective, end: Params | None) -> float:
    """Infinite for a student that diverged or ended as no number."""
    value = math.inf if end is None else objective.value(end)
    return value if math.isfinite(value) else math.inf


def as_example(draft: Draft, spec: TaskSpec) -> Example:
    """A draft as its task asks it."""
    return framed(draft.question, draft.answer, spec)
