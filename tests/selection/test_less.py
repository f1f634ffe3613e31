"""LESS: per-example gradients many at a time are those of one at a time, and influence is what the paper says.

In double precision; only the projection rounds its rows to float32.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from backend.core.models.readers import Reader
from backend.core.params import as_leaves, gradients
from backend.core.seeding import generator
from backend.core.text.examples import Rows
from backend.core.text.tasks import Question, TaskSpec, to_example
from backend.core.training.finetune import Plan, finetune, learning_rate
from backend.core.training.finetune_state import FinetuneState
from backend.selection.gradients import example_gradients, flat
from backend.selection.less import LessSettings, adam_directions, influences, less, warm_up
from backend.selection.pool import Pool, make_pool
from tests.double import EXACT, relative
from tests.tiny import FACTS

pytestmark = pytest.mark.usefixtures("double")

SPEC = TaskSpec("toy", "arc", bundled="nowhere")
QUICK = LessSettings(epochs=2, batch=4, lr=1e-2)


def toy_questions(subject: str | None = None) -> list[Question]:
    return [Question(f"toy_{i}", text, options, answer, subject) for i, (text, options, answer) in enumerate(FACTS)]


@pytest.fixture(scope="module", params=["opt", "llama"])
def reader(request, tiny_models, double) -> Reader:
    return Reader(str(tiny_models[request.param]), 2, 4, [to_example(question, SPEC) for question in toy_questions()])


@pytest.fixture(scope="module")
def pool(reader) -> Pool:
    """Sixteen toy questions to choose from; the validation questions have two subjects, of three and two questions."""
    validation = [replace(q, subject="a" if i < 3 else "b") for i, q in enumerate(toy_questions()[5:10])]
    return make_pool(SPEC, toy_questions(), validation, reader, seed=1)


def trained(reader: Reader) -> dict:
    """Parameters away from the start, where half of the gradient is 0."""
    rng = generator("test less")
    return {name: p + 0.1 * torch.randn(p.shape, generator=rng) for name, p in reader.student.initial(0).items()}


def naive_gradients(reader: Reader, params: dict, rows) -> torch.Tensor:
    """One backward pass an example, in a batch of its own, without padding."""
    found = []
    for row in range(len(rows)):
        leaves = as_leaves({name: p.clone() for name, p in params.items()})
        loss = reader.student.loss(leaves, rows.batch([row]))
        found.append(flat(gradients(loss, leaves), list(reader.student.shapes)))
    return torch.stack(found)


@pytest.mark.parametrize(("tokens", "most"), [(10_000, 99), (100, 3)])
def test_gradients_many_at_a_time_are_those_of_one_at_a_time(reader, tokens, most):
    params = trained(reader)
    expected = naive_gradients(reader, params, reader.train)
    assert len({len(e.prompt) for e in reader.train.examples}) > 3  # so that there is padding on both sides
    assert len({len(e.answer) for e in reader.train.examples}) > 3
    found = torch.zeros_like(expected)
    for chosen, rows in example_gradients(reader.student, params, reader.train, tokens, most):
        assert len(chosen) <= most
        found[chosen] = rows
    assert expected.norm(dim=1).min() > 0
    assert ((found - expected).norm(dim=1) / expected.norm(dim=1)).max() < EXACT


def test_gradients_come_chunk_by_chunk(reader):
    sizes = [len(rows) for _, rows in example_gradients(reader.student, trained(reader), reader.train, 10_000, 5)]
    assert sizes == [5, 5, 5, 1]


def test_warm_up_keeps_the_end_of_every_epoch_and_its_mean_step_size(pool):
    checkpoints = warm_up(pool, replace(QUICK, epochs=3, least_rows=12))
    assert [checkpoint.state.step for checkpoint in checkpoints] == [3, 6, 9]
    assert sum(checkpoint.weight for checkpoint in checkpoints) == pytest.approx(1)
    rates = np.array([learning_rate(step, 9, QUICK.lr) for step in range(9)]).reshape(3, 3).mean(axis=1)
    assert [checkpoint.weight for checkpoint in checkpoints] == pytest.approx((rates / rates.sum()).tolist())
    assert np.ptp(rates) > 0
    assert all(set(c.state.moments) == set(pool.reader.student.shapes) for c in checkpoints)


def test_warm_up_takes_a_share_of_the_pool_and_at_least_some_rows(pool):
    seen = []
    train = pool.reader.train

    class Watched(Rows):
        def micro_batches(self, chosen, *args):
            seen.append(chosen)
            return train.micro_batches(chosen, *args)

    pool.reader.train = Watched(train.examples, train.table)
    try:
        warm_up(pool, QUICK)  # 5 % of 16 would be a single row
        few = {row for chosen in seen for row in chosen}
        seen.clear()
        warm_up(pool, replace(QUICK, warmup_share=0.75))
        many = {row for chosen in seen for row in chosen}
    finally:
        pool.reader.train = train
    assert len(few) == 8 and len(many) == 12 and few < many


def test_an_adam_direction_is_one_more_step_of_torchs_adam_but_for_its_corrections():
    rng = torch.Generator().manual_seed(0)
    parameter = torch.nn.Parameter(torch.zeros(5, dtype=torch.float64))
    optimizer = torch.optim.Adam([parameter], lr=1.0, eps=0.0)
    for _ in range(3):
        parameter.grad = torch.randn(5, generator=rng, dtype=torch.float64)
        optimizer.step()
    held = {key: optimizer.state[parameter][key].clone() for key in ("exp_avg", "exp_avg_sq")}
    before = parameter.detach().clone()
    parameter.grad = torch.randn(5, generator=rng, dtype=torch.float64)
    optimizer.step()
    corrected = (before - parameter.detach()) * (1 - 0.9**4) / (1 - 0.999**4) ** 0.5
    second = optimizer.state[parameter]["exp_avg_sq"]
    corrected *= (second / (second + 1e-8)).sqrt()  # LESS has its epsilon inside the root
    assert relative(adam_directions(parameter.grad[None], held["exp_avg"], held["exp_avg_sq"])[0], corrected) < EXACT


def naive_influences(pool: Pool, settings: LessSettings) -> list[float]:
    """The paper's sums as they stand: one example, one checkpoint and one validation row at a time."""
    student, names = pool.reader.student, list(pool.reader.student.shapes)
    rates, total = [], np.zeros((len(pool), len(pool.validation)))
    for checkpoint in warm_up(pool, settings):
        state, weight = checkpoint.state, checkpoint.weight
        rates.append(weight)
        train = naive_gradients(pool.reader, state.params, pool.reader.train)
        valid = naive_gradients(pool.reader, state.params, pool.validation_rows)
        m, v = (torch.cat([state.moments[n][k].flatten() for n in names]) for k in ("exp_avg", "exp_avg_sq"))
        for z, g in enumerate(train):
            direction = (0.9 * m + 0.1 * g) / torch.sqrt(0.999 * v + 0.001 * g**2 + 1e-8)
            for j, w in enumerate(valid):
                total[z, j] += weight * torch.cosine_similarity(direction, w, dim=0).item()
    assert student is pool.reader.student and sum(rates) == pytest.approx(1)
    members = {task: [j for j, t in enumerate(pool.validation_groups) if t == task] for task in pool.validation_groups}
    return [max(np.mean([row[j] for j in rows]) for rows in members.values()) for row in total]


def test_influence_is_the_papers_sum(pool):
    found = influences(pool, QUICK)
    # cosines of rows of float32: each entry bears half a rounding of 2e-7, their sums in the product some more
    assert np.allclose(found, naive_influences(pool, QUICK), atol=1e-5, rtol=0)
    assert np.ptp(found) > 0.01
    together = influences(replace(pool, validation_groups=None), QUICK)
    assert not np.allclose(found, together, atol=1e-3)


def test_the_warm_up_is_the_cores_fine_tuning(pool):
    """The last checkpoint, with a batch as large as the rows, so that the order of the rows is all the same."""
    settings = replace(QUICK, least_rows=16, batch=16, epochs=4)
    last = warm_up(pool, settings)[-1].state
    student = pool.reader.student
    start = FinetuneState.fresh(student.initial(pool.seed))
    for step in finetune(student, start, lambda _: [pool.reader.train.batch(list(range(16)))], Plan(4, QUICK.lr)):
        expected = step.params()
    student.put(student.initial(0))
    assert all(relative(last.params[name], p) < EXACT for name, p in expected.items())


def test_projection_moves_the_scores_by_no_more_than_its_noise(pool):
    exact = influences(pool, QUICK)
    length = sum(shape.numel() for shape in pool.reader.student.shapes.values())
    dimensions = length * 3 // 4
    moved = np.abs(influences(pool, replace(QUICK, dimensions=dimensions)) - exact)
    assert 0 < moved.max() < 4 / dimensions**0.5  # four standard deviations of a cosine


def test_a_twin_of_the_validation_question_comes_first(pool):
    questions = toy_questions()
    for row in (2, 6, 11):
        one = make_pool(SPEC, questions, [questions[row]], pool.reader, seed=1)
        assert int(np.argmax(influences(one, QUICK))) == row
        assert row in less(one, 8, QUICK)


def test_less_leaves_the_student_as_it_was_found(pool):
    student = pool.reader.student
    before = {name: torch.full_like(p, 0.25) for name, p in student.live().items()}
    student.put(before)
    less(pool, 3, QUICK)
    assert all(torch.equal(p, before[name]) for name, p in student.live().items())
    student.put(student.initial(0))
