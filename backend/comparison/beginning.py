"""Where learned texts begin: the selector's questions that make the best students, or the best of a writer's sets.

By expected error on the validation questions, or by bits per character where answers are free; readers are counted by
their geometric mean as in the search. Knows materials, selectors' data sets and written texts; no test question.
"""

from collections.abc import Sequence
from statistics import median_high

import torch

from backend.comparison.judges import Asked, errors_each
from backend.comparison.materials import Materials
from backend.comparison.names import FINAL, FINAL_SEEDS, SETS
from backend.core.seeding import generator
from backend.core.text.prompts import Example
from backend.errors import UserError
from backend.search.court import as_example
from backend.search.moves import Draft
from backend.search.trials import together


def best_start(materials: Materials, sets: dict[str, list[dict]]) -> str:
    """The name of the set of questions that validates best, each reader at the step size that is best for it."""
    losses = dict(zip(sets, validated_each(materials, list(sets.values())), strict=True))
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

    def best_first(sets: list[list[Draft]], seeds: int) -> list[list[Draft]]:
        rows = [[as_example(draft, materials.spec).row for draft in drafts] for drafts in sets]
        losses = validated_each(materials, rows, lrs, seeds)
        return [sets[i] for i in sorted(range(len(sets)), key=lambda i: losses[i])]

    return best_first(best_first(sets, 1)[:FINAL], FINAL_SEEDS)[0]


def validated_each(
    materials: Materials, sets: Sequence[Sequence[dict]], lrs: Sequence[float] = (), seeds: int = 0
) -> list[float]:
    """Of each set of rows the expected error of its students, or their bits per character: for each reader the least
    mean over so many students of a step size, then the geometric mean over readers. Step sizes and seeds are by default
    those that an arm's step size is chosen by."""
    c, judges = materials.config, range(len(materials.judges()))
    keys = tuple(("start", seed) for seed in range(seeds or c.lr_seeds))
    examples = [tuple(Example.of(row) for row in rows) for rows in sets]
    asked = [Asked(judge, one, tuple(lrs or c.lrs), keys) for one in examples for judge in judges]
    least = [min(sum(of_lr) / len(of_lr) for of_lr in errors) for errors in errors_each(materials, asked)]
    return together(torch.tensor(least).reshape(len(sets), len(judges)).T).tolist()
