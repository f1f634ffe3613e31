"""How much work a search for texts is: its rounds, counted for one reader (runs/work.py). Torch-free.

A search trains the students of a heat side by side where their steps are small (core/training/stacked.py).
"""

import math
from dataclasses import dataclass

from backend.runs.work import Amount, Number, total
from backend.search.schedule import ends, validates

VALIDATIONS, VALIDATE_EVERY, CONFIRMATIONS, CHOOSERS = 4, 6, 4, 12  # court.SearchPlan's own
WRITER_STEPS, WRITER_BATCH, WRITTEN = 300, 32, 1000  # writing.Writing's own
RACE = ((17, 1), (10, 1), (4, 2))  # at most: texts and their students, see trials.py
BEGIN = (1, 1, 1, 2)  # students of a set to begin with, stage by stage, see search.py
CHILDREN = 6  # at most, of the best sets of a stage, see beginnings.py
WAYPOINTS, RANKED = 6, 3.8  # states at which changes are ranked, and tokens for each one read, see influence.py
STACKED, PASS = 512, 4096  # tokens of a step that is stacked with others, and of one pass


def writing(tokens: Number) -> Amount:
    """A writer of texts of so many tokens, taught once for a search."""
    return Amount(steps=WRITER_STEPS, tokens=(WRITER_STEPS * WRITER_BATCH + WRITTEN) * tokens)


@dataclass(frozen=True)
class SearchCount:
    """A search's sizes: `steps` of a student that read `texts` of `tokens` each, `asked` questions that judge a round,
    `held_out` that validate, `candidates` that a round ranks, `judges`, students to begin a race with, `starts`, sets
    to choose a beginning from, `heat`, texts that are judged together (0 for all), and `restarts`."""

    rounds: int
    steps: int
    texts: Number
    tokens: Number
    asked: Number
    held_out: Number
    candidates: int = 200
    judges: int = 1
    starts: int = 0
    heat: int = 0
    restarts: int = 1

    def students(self, count: int, texts: int = 0) -> Amount:
        """So many students of `texts` trials, those of a heat trained at once."""
        of_step = self.texts * self.tokens
        heats = math.ceil(texts / self.heat) if self.heat and texts else 1
        at_once = max(1, PASS // max(1, of_step)) if of_step <= STACKED else 1
        passes = heats * math.ceil(count / heats / at_once) if count else 0
        return Amount(steps=self.steps * passes, tokens=self.steps * of_step * count)

    def judged(self) -> list[Amount]:
        """Training and judging in round 0 and in every round, which processes may share."""
        check = self._checked(VALIDATIONS)
        heats = [(texts, students * self.judges) for texts, students in RACE] + [(2, CONFIRMATIONS)]
        each = total(self._heat(texts, students) for texts, students in heats)
        begin = total(self._heat(texts, students) for texts, students in self._beginnings()) + check
        found = [begin]
        for n in range(1, self.rounds + 1):
            found.append(each + (check if self._checks(n) else Amount()) + (begin if self._begins(n) else Amount()))
        if self.restarts > 1:
            found[-1] += self._checked(CHOOSERS) * self.restarts
        return found

    def ranked(self) -> list[Amount]:
        """Ranking in every round, none in round 0: a student's training, the objective's gradient, each change read."""
        gradient = Amount(tokens=self.asked * self.tokens)
        read = Amount(tokens=RANKED * (self.candidates + self.texts) * WAYPOINTS * self.tokens)
        return [Amount()] + [(self.students(1) + gradient + read) * self.judges] * self.rounds

    def amounts(self) -> list[Amount]:
        """Of round 0 and of every round, all together."""
        return [judged + ranked for judged, ranked in zip(self.judged(), self.ranked(), strict=True)]

    def trainings(self) -> int:
        """Students of one reader in all rounds."""
        each = self.judges * (1 + sum(texts * students for texts, students in RACE)) + 2 * CONFIRMATIONS
        begin = VALIDATIONS + sum(texts * students for texts, students in self._beginnings())
        checks = sum(self._checks(n) for n in range(1, self.rounds + 1))
        chosen = CHOOSERS * self.restarts if self.restarts > 1 else 0
        return begin * self.restarts + self.rounds * each + checks * VALIDATIONS + chosen

    def _checks(self, number: int) -> bool:
        """Whether a round's texts are validated."""
        return validates(number, self.rounds, self.restarts, VALIDATE_EVERY)

    def _begins(self, number: int) -> bool:
        """Whether a restart after the first begins with the round."""
        return number > 1 and ends(number - 1, self.rounds, self.restarts)

    def _checked(self, students: int) -> Amount:
        """Students that are asked the validation questions."""
        return self.students(students) + Amount(questions=students * self.held_out)

    def _heat(self, texts: int, students: int) -> Amount:
        return self.students(texts * students, texts) + Amount(questions=texts * students * self.asked)

    def _beginnings(self) -> list[tuple[int, int]]:
        """Sets and their students, stage by stage: a third goes on, twice with children, beside the present texts."""
        if not self.starts:
            return []
        second = math.ceil(self.starts / 3) + CHILDREN
        third = math.ceil(second / 3) + CHILDREN
        sets = (self.starts, second, third, math.ceil(third / 3))
        return [(1 + count, students) for count, students in zip(sets, BEGIN, strict=True)]
