"""Evolve's judge: how sets of real questions validate, by students that share a start and an order in each round.

Gives evolve as many trainings as the search took, by the same readers. Knows the materials; not how sets are proposed.
"""

from itertools import count

from backend.comparison.materials import Materials
from backend.comparison.students import Trainee
from backend.core.errors import UserError
from backend.core.progress import Progress
from backend.selection.evolve import Judge, evolve


def evolve_rows(
    materials: Materials, start: list[int], trainings: int, lrs: tuple[float, ...], progress: Progress
) -> list[int]:
    """The rows after `trainings` students, all readers counted."""
    lengths = [len(example.answer) for example in materials.own.train.examples]
    trainees = [Trainee(materials, reader) for reader in materials.judges()]
    if trainings < 2 * len(trainees):
        found = f"The search took {trainings} trainings, too few for one round of evolve."
        raise UserError(found, f"at least {2 * len(trainees)}", "Raise rounds, or leave evolve out.")
    chosen = start
    for found in evolve(
        start, lengths, judge(materials, trainees, lrs), trainings // len(trainees), materials.config.seed
    ):
        chosen = found.chosen
        progress.advance(f"Evolve, round {found.round}: error {found.loss:.3f}", by=0)
    return chosen


def judge(materials: Materials, trainees: list[Trainee], lrs: tuple[float, ...]) -> Judge:
    """The expected error of each set on validation questions, readers counted alike; a new start and order in every
    call. It is the search's default objective, so that neither has the finer measure."""
    calls = count(1)

    def losses(sets: list[list[int]]) -> list[float]:
        key, found = ("evolve", next(calls)), [0.0] * len(sets)
        for trainee, lr in zip(trainees, lrs, strict=True):
            for i, chosen in enumerate(sets):
                rows = trainee.reader.rows([materials.examples[row] for row in chosen])
                found[i] += trainee.error(rows, lr, key) / len(trainees)
        return found

    return losses
