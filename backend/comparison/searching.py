"""The text arm: the search over the comparison's materials, and its texts as a data set.

Knows the materials; the search and its log are in backend/search.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from statistics import fmean

from backend.comparison.config import ComparisonConfig
from backend.comparison.judges import Asked, Errors, errors_each
from backend.comparison.materials import Materials
from backend.comparison.names import WRITTEN
from backend.comparison.students import Trainee
from backend.core.pool import kept
from backend.core.text.prompts import Example
from backend.core.training.finetune import choose_lr
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.search.court import Heat, SearchPlan, as_example
from backend.search.moves import Draft, Material
from backend.search.search import Found, Search, Spread
from backend.search.state import material_of, search_through
from backend.search.writing import with_written
from backend.search.written import FILE
from backend.selection import SELECTORS

DRAWS = 3  # of random questions, beside the beginning, that decide on a step size


def search_text(materials: Materials, run: RunDir, start: list[dict], progress: Progress) -> list[dict]:
    """The best validated texts as a data set. Goes on where a stopped search ended."""

    def say(found: Found) -> None:
        progress.advance(f"Search, round {found.round}: validation loss {found.best_loss:.3f}", by=0)

    drafts = [begun(materials, row) for row in start]
    found = search_through(
        run, drafts, lambda: step_sizes(materials, drafts), lambda lrs: make_search(materials, lrs, run), say
    )
    about = {"arm": "text", "trainings": found.trainings, "lrs": list(found.lrs)}
    real = {question.question for question in materials.train}
    pairs = zip(start, found.best, strict=True)
    return [
        data_row(first, as_example(draft, materials.spec), draft, draft.question in real, about)
        for first, draft in pairs
    ]


def make_search(materials: Materials, lrs: tuple[float, ...], run: RunDir | None = None) -> Search:
    """The search over the materials' readers, with a step size for each. Without a `run` it judges, and draws nothing
    that a writer wrote."""
    c = materials.config
    plan = SearchPlan(
        task=c.task,
        rounds=c.rounds,
        lrs=lrs,
        steps=c.steps,
        batch=c.batch,
        candidates=c.candidates,
        questions=c.judged_by,
        seeds=c.judges,
        moves=c.moves,
        objective=c.objective,
        restarts=c.restarts,
        geometry=c.geometry,
        mixed_precision=c.mixed_precision,
        seed=c.seed,
    )
    given = materials.judges(), materials.train, materials.validation, material_in(materials, run), plan
    return Search(*given, spread_over(materials, lrs, Search(*given))) if materials.elsewhere else Search(*given)


def spread_over(materials: Materials, lrs: tuple[float, ...], here: Search) -> Spread:
    """Heats by other processes; one alone is judged here, which saves loading them."""

    def spread(heats: Sequence[Heat]) -> Iterable[tuple[Heat, list[float]]]:
        if len(heats) < 2:
            return [(one, here.heat(one)) for one in heats]
        return materials.elsewhere(partial(heat_worker, materials.config, lrs), heats)

    return spread


def heat_worker(config: ComparisonConfig, lrs: tuple[float, ...]) -> Callable[[Heat], list[float]]:
    """Load everything once, in a process of its own, and return what to do with a heat."""
    return make_search(kept(Materials, config), lrs).heat


def material_in(materials: Materials, run: RunDir | None) -> Material:
    """What changes draw from. What a writer wrote, where it is asked for, is left in the run, and read there again."""
    c = materials.config
    material = material_of(materials.train, materials.examples, materials.own, materials.spec)
    if run and WRITTEN in (c.start, *c.moves):
        file = run.artifacts / FILE
        material = with_written(
            material, materials.own, materials.spec, file, materials.kept_out, c.seed, materials.facts
        )
    return material


def begun(materials: Materials, row: dict) -> Draft:
    """A text that the search begins with. A written one is told by its row: another run's writer may have differed."""
    about = row["provenance"]
    question = materials.train[about["row"]].question if "row" in about else about["question"]
    return Draft(question, Example.of(row).answer, about["id"])


def step_sizes(materials: Materials, drafts: list[Draft]) -> list[float]:
    """For each reader the step size whose students err least on validation questions, in expectation, or need the
    fewest bits for free answers: mean over the texts that the search begins with and some random questions. By one set
    alone it is too much luck, and a whole search would be spent on texts for a step size that is too small."""
    c = materials.config
    draws = [SELECTORS["random"](materials.pool(c.seed + draw), materials.size) for draw in range(DRAWS)]
    sets = [
        [as_example(draft, materials.spec) for draft in drafts],
        *([materials.examples[i] for i in rows] for rows in draws),
    ]
    readers = materials.judges()
    if len(c.lrs) == 1:
        return [c.lrs[0]] * len(readers)
    keys = tuple(("grid", seed) for seed in range(c.lr_seeds))
    asked = [Asked(judge, tuple(one), tuple(c.lrs), keys) for judge in range(len(readers)) for one in sets]
    found = errors_each(materials, asked)
    of_readers = [found[n : n + len(sets)] for n in range(0, len(found), len(sets))]
    return [
        _step_size(Trainee(materials, reader), of_sets) for reader, of_sets in zip(readers, of_readers, strict=True)
    ]


def _step_size(trainee: Trainee, of_sets: list[Errors]) -> float:
    """The step size with the least error, mean over sets and students."""
    lrs = trainee.materials.config.lrs
    errors = [fmean(error for of_set in of_sets for error in of_set[i]) for i in range(len(lrs))]
    told = zip(lrs, errors, strict=True)
    return choose_lr({lr: (0.0, error if error < trainee.worst else math.inf) for lr, error in told})


def data_row(first: dict, example: Example, draft: Draft, verbatim: bool, about: dict) -> dict:
    """One text with where it began, whose words it has, and whether it is a real question word for word."""
    told = {"started_from": first["provenance"]["id"], "id": draft.origin, "verbatim": verbatim}
    return example.row | {"provenance": about | told}
