"""Where learned texts begin: the selector's questions that make the best students, or the best of a writer's sets.

By expected error on the validation questions, or by bits per character where answers are free; readers are counted by
their geometric mean as in the search. Knows materials, selectors' data sets and written texts; no test question.
"""

from collections.abc import Sequence
from statistics import median_high

import torch

from backend.comparison.materials import Materials
from backend.comparison.names import FINAL, FINAL_SEEDS, SETS
from backend.comparison.students import Trainee
from backend.core.seeding import generator
from backend.core.text.prompts import Example
from backend.errors import UserError
from backend.search.court import as_example
from backend.search.moves import Draft
from backend.search.trials import together


def best_start(materials: Materials, sets: dict[str, list[dict]]) -> str:
    """The name of the set of questions that validates best, each reader at the step size that is best for it."""
    losses = {name: validated(materials, rows) for name, rows in sets.items()}
    return min(losses, key=lambda name: losses[name])


def best_written(materials: Materials, taken: Sequence[Draft]) -> list[Draft]:
    """Of sets that are drawn blindly from a writer's texts, the one that validates best, at the median step size.

    Raises UserError where the writer left fewer texts than a set has.
    """
    c, size = materials.config, materials.size
    if len(taken) < size:
        found = f"The writer left {len(taken)} texts that may be taken, and a set has {size}."
        raise UserError(found, f"at least {size}", "Choose another start, or a smaller budget.")
    lrs, sets = (median_high(c.lrs),), []
    for number in range(SETS):
        order = torch.randperm(len(taken), generator=generator(c.seed, "written start", number))
        sets.append([taken[i] for i in order[:size].tolist()])

    def loss(drafts: list[Draft], seeds: int) -> float:
        return validated(materials, [as_example(draft, materials.spec).row for draft in drafts], lrs, seeds)

    final = sorted(sets, key=lambda drafts: loss(drafts, 1))[:FINAL]
    return min(final, key=lambda drafts: loss(drafts, FINAL_SEEDS))


def validated(materials: Materials, rows: Sequence[dict], lrs: Sequence[float] = (), seeds: int = 0) -> float:
    """Expected error of students of these rows, or their bits per character: for each reader the least mean over so
    many students of a step size, then the geometric mean over readers. Step sizes and seeds are by default those that
    an arm's step size is chosen by."""
    c, examples, found = materials.config, [Example.of(row) for row in rows], []
    for reader in materials.judges():
        trainee, data = Trainee(materials, reader), reader.rows(examples)
        keys = [("start", seed) for seed in range(seeds or c.lr_seeds)]
        errors = [[trainee.error(data, lr, key) for key in keys] for lr in lrs or c.lrs]
        found.append(min(sum(of_lr) / len(of_lr) for of_lr in errors))
    return together(torch.tensor(found)[:, None]).item()
