"""Groups of questions: relations where the task is bundled, subjects where there are some, else clusters."""

import json
from dataclasses import replace

import numpy as np

from backend.core.text.tasks import find_task
from backend.core.text.text_data import ASSETS
from backend.selection.groups import clusters, groups, relations
from backend.selection.pool import make_pool
from tests import pocket_pool
from tests.pocket_pool import SPEC

pool = pocket_pool.pool


def test_groups_are_relations_where_the_task_is_bundled(pool):
    known = json.loads((ASSETS / "pocket_science" / "relations.json").read_text())
    assert pool.groups == [known[question.id] for question in pool.questions]
    assert pool.validation_groups is None


def test_groups_are_subjects_where_there_are_some(pool):
    asked = [replace(question, subject=f"s{i % 3}") for i, question in enumerate(pool.questions)]
    assert groups(asked, SPEC, lambda: 1 / 0, 0)[:4] == ["s0", "s1", "s2", "s0"]
    assert make_pool(SPEC, pool.questions, asked[:5], pool.reader, 0).validation_groups == [
        "s0",
        "s1",
        "s2",
        "s0",
        "s1",
    ]


def test_groups_are_clusters_for_anyone_elses_questions(pool):
    foreign = [replace(question, id=f"mine_{question.id}") for question in pool.questions]
    assert relations(foreign, SPEC) is None and relations(foreign, find_task("arc_easy")) is None
    vectors = np.repeat(np.eye(4, dtype=np.float32), 4, axis=0)
    found = groups(foreign[:16], SPEC, lambda: vectors, 0)
    assert len(set(found)) == 4 and all(len(set(found[i : i + 4])) == 1 for i in range(0, 16, 4))


def test_clustering_says_nothing_and_repeats_itself(capfd):
    vectors = np.random.default_rng(0).normal(size=(2000, 8)).astype(np.float32)
    assert clusters(vectors, 1) == clusters(vectors, 1) != clusters(vectors, 2)
    assert len(set(clusters(vectors, 1))) == 40
    assert len(set(clusters(vectors[:100], 1))) == 10  # few enough that faiss would warn
    assert capfd.readouterr() == ("", "")
