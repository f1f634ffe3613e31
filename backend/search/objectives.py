"""What the search wants of a trained student: a number that falls, and its gradient at the student's end.

`error`: the probability of the wrong options of real training questions. `answers`: the loss over those options, which
one confident error can outweigh. Free answers have no options: either is then the bits per character of the right
answer. `matching`: the distance to where an expert, trained on
all the data from the same start by the same steps, ended; the matching loss. Knows one reader and real questions; not
texts, nor how they change.
"""

import math
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch

from backend.core.cached.quicker import answers, learner
from backend.core.models.readers import Reader
from backend.core.params import Params, as_leaves, gradients, on, snapshot
from backend.core.scoring.metrics import answer_bits, option_error, option_loss, option_probabilities
from backend.core.text.batches import Encoded
from backend.core.text.chat import reading
from backend.core.text.examples import Rows
from backend.core.text.tasks import Question, continuations, find_task, to_example
from backend.core.text.token_ids import encode_pairs
from backend.core.training.finetune import Plan, finetuned
from backend.core.training.influence import grouped, wide
from backend.core.training.matching import matching_adjoint, matching_loss

MEASURES = {"error": option_error, "answers": option_loss, "bits": answer_bits}


@runtime_checkable
class Objective(Protocol):
    """What a search wants of the trained students of one reader and one start; lower is better."""

    def value(self, end: Params) -> float: ...

    def gradient(self, end: Params) -> Params: ...


class Answers:
    """How badly a student answers real questions: with p, the right option's probability among a question's options,
    the mean over `questions` of 1 - p for `error`, of -log p for `answers`; of free answers the bits per character."""

    def __init__(self, reader: Reader, task: str, questions: Sequence[Question], measure: str = "error"):
        self.reader, self.task, self.questions = reader, task, list(questions)
        self.measure = "bits" if find_task(task).free else measure

    def value(self, end: Params) -> float:
        return MEASURES[self.measure](self._scored(end))

    def gradient(self, end: Params) -> Params:
        """d value / d end. The options' shares come from scoring; what is left is linear in the rows' losses, so that
        the rows may be read in any batches."""
        student, weights = self.reader.student, []
        for item in self._scored(end):
            if self.measure == "bits":
                weights.append(1 / (math.log(2) * max(1, item.lengths[0]) * len(self.questions)))
                continue
            shares = option_probabilities(item)
            scale = (shares[item.answer] if self.measure == "error" else 1.0) / len(self.questions)
            weights += [scale * (float(o == item.answer) - p) for o, p in enumerate(shares)]
        student, rows = learner(student, self._rows())
        leaves = as_leaves(on(end, student.device))
        total = {name: torch.zeros_like(p) for name, p in leaves.items()}
        for chosen, batch in grouped(rows, wide(student)):
            wanted = torch.tensor([weights[i] for i in chosen], device=student.device)
            part = gradients((wanted * student.row_losses(leaves, batch)).sum(), leaves)
            for name, g in part.items():
                total[name] += g
        return total

    def _scored(self, end: Params) -> list:
        return answers(self.reader.student, end, self.questions, self.task)

    def _rows(self) -> Rows:
        """Every option of every question, in order, without the end of text: as it is scored."""
        spec, tokenizer, found = find_task(self.task), self.reader.tokenizer, []
        for question in self.questions:
            read = reading(tokenizer, to_example(question, spec))
            pairs = [(read.prompt, f"{read.between}{option}") for option in continuations(question, spec)]
            found += [Encoded(tuple(prompt), tuple(answer)) for prompt, answer in encode_pairs(tokenizer, pairs)]
        return Rows(found, self.reader.student.table)


class Matching:
    """The matching loss against an expert that learned from all the data, from `start`, by the plan's own steps."""

    def __init__(self, reader: Reader, start: Params, order: list[list[int]], plan: Plan):
        self.start = snapshot(start)  # as ends are: on the CPU
        self.target = finetuned(reader.student, reader.train, start, order, plan)

    def value(self, end: Params) -> float:
        return matching_loss(end, self.start, self.target).item()

    def gradient(self, end: Params) -> Params:
        return matching_adjoint(end, self.start, self.target)
