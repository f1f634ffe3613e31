"""Groups: which questions of a pool belong together, by subject, by the relation they ask, or by k-means.

Knows questions, the bundled relations.json and vectors; does not know how vectors are made, nor what groups are for.
"""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import faiss
import numpy as np
from jaxtyping import Float

from backend.core.seeding import generator
from backend.core.text.tasks import Question, TaskSpec
from backend.core.text.text_data import ASSETS

RELATIONS = "relations.json"  # written by backend.pocket: question id -> relation
MOST_CLUSTERS = 40
ROUNDS = 25


def subjects(questions: Sequence[Question]) -> list[str] | None:
    """The subject of each question, None unless every question has one."""
    found = [question.subject for question in questions]
    return found if all(found) else None


def relations(questions: Sequence[Question], spec: TaskSpec, assets: Path = ASSETS) -> list[str] | None:
    """The relation each question asks, None unless it is a bundled task that tells for all of them.

    The user's own data under a bundled task's name has other ids and so gets None.
    """
    file = assets / (spec.bundled or "") / RELATIONS
    if not spec.bundled or not file.is_file():
        return None
    known = json.loads(file.read_text(encoding="utf-8"))
    found = [known.get(question.id) for question in questions]
    return found if all(found) else None


def clusters(vectors: Float[np.ndarray, "n hidden"], seed: int) -> list[str]:
    """k-means clusters, about sqrt(n) of them and at most 40, named `cluster 0` and so on. Lloyd 1982, by faiss."""
    count = min(MOST_CLUSTERS, max(1, round(math.sqrt(len(vectors)))))
    held = np.ascontiguousarray(vectors, dtype=np.float32)
    # faiss warns on stderr below 39 points a cluster and drops those above 256, neither of which is wanted here
    kmeans = faiss.Kmeans(
        held.shape[1],
        count,
        niter=ROUNDS,
        seed=int(generator("clusters", seed).initial_seed() % 2**31),
        min_points_per_centroid=1,
        max_points_per_centroid=len(held),
    )
    kmeans.train(held)
    _, nearest = kmeans.index.search(held, 1)
    return [f"cluster {number}" for number in nearest[:, 0]]


def groups(
    questions: Sequence[Question],
    spec: TaskSpec,
    vectors: Callable[[], Float[np.ndarray, "n hidden"]],
    seed: int,
) -> list[str]:
    """Subjects where there are some, else relations, else clusters. `vectors` is called only for the last."""
    return subjects(questions) or relations(questions, spec) or clusters(vectors(), seed)
