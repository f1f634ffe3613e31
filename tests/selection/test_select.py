"""SELECT takes, one after the other, the rows that keep the sum of steps closest to the expert's own way.

In double precision; only the projection rounds its rows to float32.
"""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from backend.core.models.readers import Reader
from backend.core.seeding import generator
from backend.core.text.tasks import Question, TaskSpec, to_example
from backend.core.training.influence import Waypoint
from backend.selection import select as module
from backend.selection.gradients import example_gradients, flat
from backend.selection.pool import Pool, make_pool
from backend.selection.quota import shares
from backend.selection.select import SelectSettings, alignment, expert_stretches, projected_steps, select
from tests.double import EXACT, relative
from tests.tiny import FACTS

pytestmark = pytest.mark.usefixtures("double")

SPEC = TaskSpec("toy", "arc", bundled="nowhere")
QUICK = SelectSettings(steps=6, batch=4, lr=0.01, stretches=3)


@pytest.fixture(scope="module", params=["opt", "llama"])
def pool(request, tiny_models, double) -> Pool:
    questions = [Question(f"toy_{i}", text, options, answer) for i, (text, options, answer) in enumerate(FACTS)]
    reader = Reader(str(tiny_models[request.param]), 2, 4, [to_example(question, SPEC) for question in questions])
    return make_pool(SPEC, questions, questions[:3], reader, seed=1)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-12))


def naive(lengths: list[int], size: int, steps: np.ndarray, wanted: np.ndarray) -> list[int]:
    """The oracle: plain loops over rows and stretches."""
    left, taken = Counter(shares(lengths, size)), []
    while len(taken) < size:
        best, found = -np.inf, None
        for row in range(len(lengths)):
            if row in taken or not left[lengths[row]]:
                continue
            sums = [sum((part[i] for i in [*taken, row]), np.zeros(part.shape[1])) for part in steps]
            score = np.mean([cosine(total, goal) for total, goal in zip(sums, wanted, strict=True)])
            if score > best + 1e-9:
                best, found = score, row
        taken.append(found)
        left[lengths[found]] -= 1
    return taken


def test_the_greedy_choice_is_the_naive_loops_within_the_quota(pool, monkeypatch):
    rng = np.random.default_rng(5)
    steps, wanted = rng.normal(size=(3, 16, 7)).astype(np.float32), rng.normal(size=(3, 7)).astype(np.float32)
    monkeypatch.setattr(module, "projected_steps", lambda *_: (steps, wanted))
    lengths = pool.answer_lengths()
    for size in (1, 5, 9):
        found = select(pool, size)
        assert found == naive(lengths, size, steps, wanted)
        assert Counter(lengths[row] for row in found) == Counter(
            {length: count for length, count in shares(lengths, size).items() if count}
        )


def test_on_real_steps_too(pool):
    steps, wanted = projected_steps(pool, QUICK)
    assert select(pool, 6, QUICK) == naive(pool.answer_lengths(), 6, steps, wanted)


def test_a_row_that_is_the_experts_own_direction_is_taken_first(pool, monkeypatch):
    rng = np.random.default_rng(0)
    steps, wanted = rng.normal(size=(2, 16, 9)).astype(np.float32), rng.normal(size=(2, 9)).astype(np.float32)
    for row in (0, 7, 15):
        planted = steps.copy()
        planted[:, row] = 0.01 * wanted  # its length does not matter
        monkeypatch.setattr(module, "projected_steps", lambda *_, s=planted: (s, wanted))
        assert select(pool, 16)[0] == row  # all of the pool, so that every length is open


def test_an_expert_that_moved_along_one_rows_step_finds_that_row(pool, monkeypatch):
    """Through gradients and the projection: the displacement IS the row's preconditioned step."""
    student, row = pool.reader.student, 6
    rng = generator("select")
    params = {n: p + 0.1 * torch.randn(p.shape, generator=rng) for n, p in student.initial(0).items()}
    reach = {n: torch.rand(p.shape, generator=rng) for n, p in params.items()}
    names, found = list(student.shapes), {}
    for chosen, gradients in example_gradients(student, params, pool.reader.train):
        found |= dict(zip(chosen, gradients, strict=True))
    step, at, displacement = -found[row] * flat(reach, names), 0, {}
    for name, shape in student.shapes.items():
        displacement[name] = step[at : at + shape.numel()].view(shape)
        at += shape.numel()
    monkeypatch.setattr(module, "expert_stretches", lambda *_: [(Waypoint(params, reach), displacement)])
    steps, wanted = projected_steps(pool, QUICK)
    assert cosine(steps[0, row], wanted[0]) == pytest.approx(1, abs=1e-5)  # the projection is of float32
    assert select(pool, 16, QUICK)[0] == row


def test_the_stretches_join_from_the_first_step_to_the_last(pool):
    before = {name: p.detach().clone() for name, p in pool.reader.student.live().items()}
    found = expert_stretches(pool, QUICK)
    assert len(found) == 3
    for (here, displacement), (there, _) in pairwise(found):
        for name, p in there.params.items():
            assert relative(here.params[name] + displacement[name], p) < EXACT
    assert all(torch.equal(p, before[name]) for name, p in pool.reader.student.live().items())
    assert all(bool((r > 0).all()) for point, _ in found for r in point.reach.values())


def test_another_seed_has_another_expert_and_the_same_seed_the_same(pool):
    assert select(pool, 6, QUICK) == select(pool, 6, QUICK)
    wanted = projected_steps(pool, QUICK)[1]
    assert not np.allclose(wanted, projected_steps(replace(pool, seed=2), QUICK)[1])


def test_alignment_is_the_cosine_and_0_where_there_is_nothing():
    sums = np.array([[[1.0, 0.0], [3.0, 3.0], [0.0, 0.0]]], np.float32)
    found = alignment(sums, np.array([[2.0, 0.0]], np.float32))
    assert found[0] == pytest.approx([1, 0.5**0.5, 0])
