"""Select: real questions whose steps, added up, point where an expert went.

The expert learns from all the data as an ordinary student would. At a few states on its way each question's step is its
gradient times Adam's preconditioner there; questions are taken greedily so that the sum stays closest in angle to the
expert's own displacement over that stretch. Source: SELECT of Zhang et al. 2025 ("reverse training"), which takes plain
gradients of the last layer at the start. Knows a pool; no validation question is used.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from backend.core.params import Params, minus, on
from backend.core.seeding import generator, shuffled_batches
from backend.core.training.finetune import Plan, finetune
from backend.core.training.finetune_state import FinetuneState
from backend.core.training.influence import Waypoint, reach
from backend.selection.gradients import example_gradients, flat
from backend.selection.pool import Pool
from backend.selection.projection import DIMENSIONS, Projection


@dataclass(frozen=True)
class SelectSettings:
    """The expert's plan, and over how many stretches of its way the questions should follow it."""

    steps: int = 60
    batch: int = 32
    lr: float = 0.005
    stretches: int = 3
    dimensions: int = DIMENSIONS


DEFAULT = SelectSettings()


def select(pool: Pool, size: int, settings: SelectSettings = DEFAULT) -> list[int]:
    """Rows in the order they were taken, within the quota. The student is left as it was found.

    Costs one training on all the data and, for each stretch, a gradient and a projected row of every question.
    """
    quota = pool.quota(size)
    steps, wanted = projected_steps(pool, settings)
    sums = np.zeros_like(wanted)
    while not quota.full:
        scores = alignment(sums[:, None] + steps, wanted).mean(axis=0)
        scores[~quota.open()] = -np.inf
        row = int(scores.argmax())
        quota.take(row)
        sums += steps[:, row]
    return quota.taken


def alignment(
    sums: Float[np.ndarray, "stretches pool dims"], wanted: Float[np.ndarray, "stretches dims"]
) -> Float[np.ndarray, "stretches pool"]:
    """Cosine of each sum with what its stretch wants; 0 where there is nothing yet."""
    along = np.einsum("spd,sd->sp", sums, wanted)
    lengths = np.linalg.norm(sums, axis=-1) * np.linalg.norm(wanted, axis=-1)[:, None]
    return along / np.maximum(lengths, 1e-12)


def projected_steps(
    pool: Pool, settings: SelectSettings
) -> tuple[Float[np.ndarray, "stretches pool dims"], Float[np.ndarray, "stretches dims"]]:
    """Each row's step where each stretch begins, and the expert's displacement over it, in units of its length."""
    student = pool.reader.student
    names = list(student.shapes)
    project = Projection(sum(shape.numel() for shape in student.shapes.values()), settings.dimensions, pool.seed)
    found, wanted = [], []
    for point, displacement in expert_stretches(pool, settings):
        scale = flat(point.reach, names).numpy()
        steps = np.zeros((len(pool), project.dimensions), np.float32)
        params = on(point.params, student.device)
        for chosen, gradients in example_gradients(
            student, params, pool.reader.train, mixed_precision=pool.mixed_precision
        ):
            steps[chosen] = project(-gradients.cpu().numpy() * scale)
        target = project(flat(displacement, names).numpy()[None])[0]
        length = max(float(np.linalg.norm(target)), 1e-12)
        found.append(steps / length)
        wanted.append(target / length)
    return np.stack(found), np.stack(wanted)


def expert_stretches(pool: Pool, settings: SelectSettings) -> list[tuple[Waypoint, Params]]:
    """Where each stretch begins, and how far the expert moves until its end. The first begins after a step: before it
    Adam has no second moments, and with B = 0 half of the gradient is zero."""
    student, rows = pool.reader.student, pool.reader.train
    before = {name: p.detach().clone() for name, p in student.live().items()}
    order = shuffled_batches(len(rows), settings.batch, settings.steps, generator("selection", "select", pool.seed))
    borders = {max(1, round(i * settings.steps / settings.stretches)) for i in range(settings.stretches + 1)}
    states: list[FinetuneState] = []
    plan = Plan(settings.steps, settings.lr, mixed_precision=pool.mixed_precision)
    try:
        start = FinetuneState.fresh(student.initial(pool.seed))
        for step in finetune(student, start, lambda k: rows.micro_batches(order[k]), plan):
            if step.step in borders:
                states.append(step.state())
    finally:
        student.put(before)
    return [
        (Waypoint(first.params, reach(first, plan)), minus(last.params, first.params))
        for first, last in pairwise(states)
    ]
