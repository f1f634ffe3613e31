"""Students that judge sets of texts by the validation questions: here, or several at a time in processes of their own.

They come to the same wherever they are trained. Knows materials; not what the sets are judged for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from backend.comparison.config import ComparisonConfig
from backend.comparison.materials import Materials
from backend.comparison.students import Trainee
from backend.core.pool import kept
from backend.core.text.prompts import Example

Errors = list[list[float]]  # of a set's students, by step size and then by key


@dataclass(frozen=True)
class Asked:
    """A set of examples that students of one judge learn: at each of the step sizes, one for each key. `judge` counts
    the materials' judges."""

    judge: int
    examples: tuple[Example, ...]
    lrs: tuple[float, ...]
    keys: tuple[tuple, ...]

    def student(self, lr: float, key: tuple) -> "Asked":
        """One of the students, which comes to the same alone."""
        return Asked(self.judge, self.examples, (lr,), (key,))


def errors_each(materials: Materials, asked: Sequence[Asked]) -> list[Errors]:
    """What the students of each set come to: expected error, or bits per character of free answers."""
    students = list(dict.fromkeys(one.student(lr, key) for one in asked for lr in one.lrs for key in one.keys))
    if materials.elsewhere is None or len(students) < 2:
        return [errors(materials, one) for one in asked]
    came = {one: error for one, ((error,),) in materials.elsewhere(partial(error_worker, materials.config), students)}
    return [[[came[one.student(lr, key)] for key in one.keys] for lr in one.lrs] for one in asked]


def errors(materials: Materials, asked: Asked) -> Errors:
    """What the students of one set come to, trained in this process."""
    trainee = Trainee(materials, materials.judges()[asked.judge])
    data = trainee.reader.rows(list(asked.examples))
    return [[trainee.error(data, lr, key) for key in asked.keys] for lr in asked.lrs]


def error_worker(config: ComparisonConfig) -> Callable[[Asked], Errors]:
    """Load everything once, in a process of its own, and return what to do with a set."""
    return partial(errors, kept(Materials, config))
