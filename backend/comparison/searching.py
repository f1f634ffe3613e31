"""The text arm: the search over the comparison's materials, and its texts as a data set.

Knows the materials; the search and its log are in backend/search.
"""

import math
from statistics import fmean

from backend.comparison.materials import Materials
from backend.comparison.names import WRITTEN
from backend.comparison.students import Trainee
from backend.core.text.examples import Rows
from backend.core.text.prompts import Example
from backend.core.training.finetune import choose_lr
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.search.court import SearchPlan, as_example
from backend.search.moves import Draft, Material
from backend.search.search import Found, Search
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


def make_search(materials: Materials, lrs: tuple[float, ...], run: RunDir) -> Search:
    """The search over the materials' readers, with a step size for each."""
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
    return Search(materials.judges(), materials.train, materials.validation, material_in(materials, run), plan)


def material_in(materials: Materials, run: RunDir) -> Material:
    """What changes draw from. What a writer wrote, where it is asked for, is left in the run, and read there again."""
    c = materials.config
    material = material_of(materials.train, materials.examples, materials.own, materials.spec)
    if WRITTEN in (c.start, *c.moves):
        file = run.artifacts / FILE
        material = with_written(material, materials.own, materials.spec, file, materials.kept_out, c.seed)
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
    return [_step_size(Trainee(materials, reader), [reader.rows(one) for one in sets]) for reader in materials.judges()]


def _step_size(trainee: Trainee, sets: list[Rows]) -> float:
    c = trainee.materials.config
    if len(c.lrs) == 1:
        return c.lrs[0]
    keys = [("grid", seed) for seed in range(c.lr_seeds)]
    errors = {lr: fmean(trainee.error(rows, lr, key) for rows in sets for key in keys) for lr in c.lrs}
    return choose_lr({lr: (0.0, e if e < trainee.worst else math.inf) for lr, e in errors.items()})


def data_row(first: dict, example: Example, draft: Draft, verbatim: bool, about: dict) -> dict:
    """One text with where it began, whose words it has, and whether it is a real question word for word."""
    told = {"started_from": first["provenance"]["id"], "id": draft.origin, "verbatim": verbatim}
    return example.row | {"provenance": about | told}
