"""Where learned texts begin when `start` is best: the selector whose real questions make the best students.

By expected error on the validation questions, or by bits per character where answers are free: each reader's students
at the step size that is best for those questions, readers counted by their geometric mean as in the search. Knows
materials and selectors' data sets; no test question.
"""

import torch

from backend.comparison.materials import Materials
from backend.comparison.students import Trainee
from backend.core.text.prompts import Example
from backend.search.trials import together


def best_start(materials: Materials, sets: dict[str, list[dict]]) -> str:
    """The name of the set of questions that validates best."""
    losses = {name: validated(materials, rows) for name, rows in sets.items()}
    return min(losses, key=lambda name: losses[name])


def validated(materials: Materials, rows: list[dict]) -> float:
    """Expected error of students of these questions, or their bits per character: for each reader the least mean over
    `lr_seeds` students of a step size, then the geometric mean over readers."""
    c, examples, found = materials.config, [Example.of(row) for row in rows], []
    for reader in materials.judges():
        trainee, data = Trainee(materials, reader), reader.rows(examples)
        errors = [[trainee.error(data, lr, ("start", seed)) for seed in range(c.lr_seeds)] for lr in c.lrs]
        found.append(min(sum(of_lr) / len(of_lr) for of_lr in errors))
    return together(torch.tensor(found)[:, None]).item()
